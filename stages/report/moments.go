package report

import "gonum.org/v1/gonum/mat"

// Moments gathers means and covariance of a latent that comes piece by piece:
// twice the same cells in the same order, first to AddMeans, then to
// AddProducts. How the cells are cut into pieces changes no bit. The zero value
// has met no cells.
type Moments struct {
	sum      []float64   // (L)
	mean     []float64   // (L) known when the first products come
	products [][]float64 // (L, L), j ≤ k: Σ (z_j − mean_j)(z_k − mean_k)
	cells    int
}

// AddMeans takes more cells, one slice of cells a dimension.
func (m *Moments) AddMeans(latent [][]float32) {
	if m.sum == nil {
		m.sum = make([]float64, len(latent))
	}
	for j, column := range latent {
		for _, v := range column {
			m.sum[j] += float64(v)
		}
	}
	if len(latent) > 0 {
		m.cells += len(latent[0])
	}
}

// AddProducts takes the same cells again.
func (m *Moments) AddProducts(latent [][]float32) {
	if m.products == nil {
		m.settle(len(latent))
	}
	for j := range latent {
		for k := j; k < len(latent); k++ {
			sum := m.products[j][k]
			for i, v := range latent[j] {
				sum += (float64(v) - m.mean[j]) * (float64(latent[k][i]) - m.mean[k])
			}
			m.products[j][k] = sum
		}
	}
}

// settle turns the sums into means.
func (m *Moments) settle(dimensions int) {
	m.products = make([][]float64, dimensions)
	for j := range dimensions {
		m.mean = append(m.mean, m.sum[j]/float64(max(m.cells, 1)))
		m.products[j] = make([]float64, dimensions)
	}
}

func (m *Moments) covariance() *mat.SymDense {
	c := mat.NewSymDense(len(m.mean), nil)
	for j := range m.products {
		for k := j; k < len(m.products); k++ {
			c.SetSym(j, k, m.products[j][k]/float64(max(m.cells-1, 1)))
		}
	}
	return c
}
