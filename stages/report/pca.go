package report

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// projection is cells on the first two principal components of the latent.
type projection struct {
	x, y     []float64  // (cells drawn)
	explains [2]float64 // share of the variance, 0 … 1
}

// project computes the components over all cells and places the cells of order
// on them. Each component points to where its largest loading is positive.
func project(latent [][]float32, order []uint32) projection {
	mean := means(latent)
	values, vectors := components(latent, mean)
	p := projection{x: make([]float64, len(order)), y: make([]float64, len(order))}
	total := 0.0
	for _, v := range values {
		total += max(v, 0)
	}
	for k, to := range [][]float64{p.x, p.y} {
		if k >= len(values) || !(total > 0) {
			continue
		}
		p.explains[k] = max(values[k], 0) / total
		for j, column := range latent {
			for i, cell := range order {
				to[i] += (float64(column[cell]) - mean[j]) * vectors[k][j]
			}
		}
	}
	return p
}

// components are the eigenvalues of the latent's covariance, largest first, and
// the eigenvectors beside them. The latent is few columns of many cells, so its
// covariance is small where a singular value decomposition would be large.
func components(latent [][]float32, mean []float64) (values []float64, vectors [][]float64) {
	n := len(latent)
	if n == 0 {
		return nil, nil
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance(latent, mean), true) {
		return nil, nil // the latent is not finite
	}
	ascending := eigen.Values(nil)
	var q mat.Dense
	eigen.VectorsTo(&q)
	for k := n - 1; k >= 0; k-- {
		values = append(values, ascending[k])
		vectors = append(vectors, upright(mat.Col(nil, k, &q)))
	}
	return values, vectors
}

// upright turns v so that its largest element is positive: eigenvectors have no
// sign of their own.
func upright(v []float64) []float64 {
	largest := 0
	for i := range v {
		if math.Abs(v[i]) > math.Abs(v[largest]) {
			largest = i
		}
	}
	if v[largest] < 0 {
		for i := range v {
			v[i] = -v[i]
		}
	}
	return v
}

func means(latent [][]float32) []float64 {
	mean := make([]float64, len(latent))
	for j, column := range latent {
		for _, v := range column {
			mean[j] += float64(v)
		}
		mean[j] /= float64(max(len(column), 1))
	}
	return mean
}

func covariance(latent [][]float32, mean []float64) *mat.SymDense {
	c := mat.NewSymDense(len(latent), nil)
	for j := range latent {
		for k := j; k < len(latent); k++ {
			sum := 0.0
			for i, v := range latent[j] {
				sum += (float64(v) - mean[j]) * (float64(latent[k][i]) - mean[k])
			}
			c.SetSym(j, k, sum/float64(max(len(latent[j])-1, 1)))
		}
	}
	return c
}
