package report

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// projection is cells on two principal components of the latent.
type projection struct {
	first    int        // number of the first of the two, counted from 1
	x, y     []float64  // (cells drawn)
	explains [2]float64 // share of the variance, 0 … 1
}

// project places cells of the latent on the components first and first+1 of all,
// which m is of. Each component points to where its largest loading is positive.
func project(latent [][]float32, m *Moments, first int) projection {
	values, vectors := m.components()
	cells := len(latent[0])
	p := projection{first: first, x: make([]float64, cells), y: make([]float64, cells)}
	total := 0.0
	for _, v := range values {
		total += max(v, 0)
	}
	for axis, to := range [][]float64{p.x, p.y} {
		k := first - 1 + axis
		if k >= len(values) || !(total > 0) {
			continue
		}
		p.explains[axis] = max(values[k], 0) / total
		for j, column := range latent {
			for i, v := range column {
				to[i] += (float64(v) - m.mean[j]) * vectors[k][j]
			}
		}
	}
	return p
}

// components are the eigenvalues of the latent's covariance, largest first, and
// the eigenvectors beside them. The latent is few columns of many cells, so its
// covariance is small where a singular value decomposition would be large.
func (m *Moments) components() (values []float64, vectors [][]float64) {
	n := len(m.mean)
	if n == 0 {
		return nil, nil
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(m.covariance(), true) {
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
