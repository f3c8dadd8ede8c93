package factor

import (
	"fmt"
	"math"
	"slices"
)

// State is all of a fit that a pass starts from. Its slices are the fit's own.
type State struct {
	Step    int     `json:"step"`
	Floor   float64 `json:"floor"`
	Cells   float64 `json:"cells"` // of the averaged statistics
	LogDet  float64 `json:"log_det"`
	Priors  Priors  `json:"priors"`
	Numbers []Named `json:"-"`
}

// Named are numbers with a name and a shape.
type Named struct {
	Name  string
	Shape []int
	Data  []float64
}

// State gives the state between two passes.
func (f *Fit) State() State {
	s := f.s
	state := State{Step: f.step, Floor: f.floor, Cells: f.stats.Cells, LogDet: f.stats.LogDet, Priors: f.Priors(), Numbers: f.model()}
	if f.o.Minibatch > 0 {
		state.Numbers = append(state.Numbers, Named{"statistics.s", []int{s.m, s.m}, f.stats.S}, Named{"statistics.y", []int{s.genes, s.m}, f.stats.Y},
			Named{"statistics.yy", []int{s.genes}, f.stats.YY})
		if f.stats.Out != nil {
			state.Numbers = append(state.Numbers, Named{"statistics.out", []int{s.genes, triangle(s.m)}, f.stats.Out})
		}
	}
	return state
}

// model is what the fit knows of the genes.
func (f *Fit) model() []Named {
	s := f.s
	return []Named{{"genes.mean", []int{s.genes, s.d}, f.genes.Mean}, {"genes.covariance", []int{s.genes, s.d, s.d}, f.genes.Cov},
		{"genes.log_det_precision", []int{s.genes}, f.genes.LogDet}, {"genes.noise_precision", []int{s.genes}, f.genes.Tau}}
}

// Model is what is needed to use the fit on cells: q of every gene's (c, B), c = mu + b,
// and the noise.
func (f *Fit) Model() []Named { return f.model() }

// Resume takes up a state; its numbers are copied. A state of another shape is an error.
func (f *Fit) Resume(state State) error {
	own := f.State().Numbers
	if len(own) != len(state.Numbers) || len(state.Priors.Loadings) != f.s.k {
		return fmt.Errorf("has %d parts, %d are expected", len(state.Numbers), len(own))
	}
	for i, to := range own {
		from := state.Numbers[i]
		if from.Name != to.Name || len(from.Data) != len(to.Data) {
			return fmt.Errorf("has %s of %d numbers, %s of %d is expected", from.Name, len(from.Data), to.Name, len(to.Data))
		}
	}
	for i, to := range own {
		copy(to.Data, state.Numbers[i].Data)
	}
	f.step, f.floor, f.stats.Cells, f.stats.LogDet = state.Step, state.Floor, state.Cells, state.LogDet
	f.priors = state.Priors
	f.priors.Loadings = slices.Clone(state.Priors.Loadings)
	return nil
}

// Genes gives q of the genes: Mean (G, K+1) of (c, B), their variances (G, K+1), and the
// noise's variances (G). Slices of its own.
func (f *Fit) Genes() (mean, variance, noise []float64) {
	s := f.s
	mean, variance, noise = append([]float64{}, f.genes.Mean...), make([]float64, s.genes*s.d), make([]float64, s.genes)
	for j := range noise {
		noise[j] = 1 / f.genes.Tau[j]
		for r := range s.d {
			variance[j*s.d+r] = f.genes.Cov[(j*s.d+r)*s.d+r]
		}
	}
	return mean, variance, noise
}

// Priors gives the priors.
func (f *Fit) Priors() Priors {
	p := f.priors
	p.Loadings = slices.Clone(p.Loadings)
	return p
}

// Scale is, of each factor, the root of Σ_j E[B_jk²]: a cell's factors times it have
// the distances that its expected expression has.
func (f *Fit) Scale() []float64 {
	out := make([]float64, f.s.k)
	for k, v := range f.priors.Loadings {
		out[k] = math.Sqrt(float64(f.s.genes) * v)
	}
	return out
}

// Explained is, of each factor, the share of the variance of all entries that is its:
// of what factors, cells' effects and noise make, over all genes.
func (f *Fit) Explained() []float64 {
	g, all := float64(f.s.genes), 0.0
	for _, tau := range f.genes.Tau {
		all += 1/tau + f.priors.Cell
	}
	out := make([]float64, f.s.k)
	for _, v := range f.priors.Loadings {
		all += g * v
	}
	for k, v := range f.priors.Loadings {
		out[k] = g * v / all
	}
	return out
}
