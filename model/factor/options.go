package factor

import "math"

// Options say what is fitted, and how.
type Options struct {
	Factors   int     // K, at least 1
	OneNoise  bool    // one noise variance for all genes, not one each
	HoldOut   float64 // share of the entries that are left out of the fit, 0 … 0.5
	Seed      uint64
	Minibatch int     // cells of a step; 0: all, which is coordinate ascent
	Delay     float64 // step t = 0, 1, … has the length rho = (Delay + t)^−Forget: Delay at least 1,
	Forget    float64 // above 0.5 and at most 1 (Robbins & Monro 1951)
	Threads   int
}

// rho is the length of step t.
func (o Options) rho(t int) float64 {
	if o.Minibatch == 0 {
		return 1
	}
	return math.Pow(o.Delay+float64(t), -o.Forget)
}

// Rows are the entries of some cells that are not zero. Cell i's are Ptr[i] …
// Ptr[i+1]−1 of Genes, which ascend, and Y.
type Rows struct {
	Item  []int64 // the number that names the cell's random stream
	Ptr   []int32 // (cells+1)
	Genes []int32
	Y     []float64
}

// Source is where cells are kept.
type Source interface {
	// Read makes into the given cells, which ascend. Several goroutines may call
	// it at the same time. It keeps neither argument.
	Read(rows []int32, into *Rows) error
}
