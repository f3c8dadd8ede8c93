package model

import "cellvi/model/kernel"

// Family is what the encoder's posterior q(z|x) can be. Each draws
//
//	z = m + C f(ε),  ε ~ N(0, I),  C lower triangular, C_ii = sqrt(q_v,i)
//
// and contains the one before it:
//
//	Diagonal  C diagonal, f the identity: scvi-tools' posterior, N(m, diag q_v)
//	Full      what is below C's diagonal is an output of the encoder too: N(m, C Cᵀ), its
//	          divergence from the prior in closed form (Kingma & Welling 2019, "An
//	          Introduction to Variational Autoencoders", section 2.5.1)
//	Flow      f is flowLayers triangular Sylvester layers (van den Berg et al. 2018,
//	          "Sylvester Normalizing Flows for Variational Inference"), all of whose
//	          numbers are outputs of the encoder: see sylvester
//
// A Sylvester flow was chosen because its parameters are each cell's own, so that the
// posterior may be bent otherwise in every cell; because its determinant is
// exact in L operations; because a draw and its density take one pass; and because it did
// better than planar and inverse autoregressive ones in that paper. It acts on ε, before
// C, where numbers are of the size of 1 in every dimension.
//
// In every family q_v = exp(raw) + 1e-4 is C's squared diagonal; the variance that users
// see is a dimension's own, Σ_k C_ik² of Full, of Flow that over fixed points: see moments.
type Family string

// The families. A model that says nothing is diagonal, as all were before there was a
// choice; in JSON it is "diag".
const (
	Diagonal Family = ""
	Full     Family = "full"
	Flow     Family = "flow"
)

// FamilyNames are the families' names for users.
func FamilyNames() []string { return []string{"diag", "full", "flow"} }

// FamilyOf is the family of a name; an unknown name stays, for Config.Validate to refuse.
func FamilyOf(name string) Family {
	if name == "diag" {
		return Diagonal
	}
	return Family(name)
}

// String is the family's name for users.
func (f Family) String() string {
	if f == Diagonal {
		return "diag"
	}
	return string(f)
}

// MarshalText is String.
func (f Family) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is FamilyOf.
func (f *Family) UnmarshalText(name []byte) error {
	*f = FamilyOf(string(name))
	return nil
}

// flowLayers is the number of a flow's layers.
const flowLayers = 2

// MostBent is the most dimensions of a flow: 128 of them are 84,000 outputs a cell.
const MostBent = 128

// The encoder's further outputs, in the order of encoder.more.
const (
	lowerOutput = iota // (L(L−1)/2) C below its diagonal, row after row
	outerOutput        // (flowLayers, L(L+1)/2) R of each layer
	innerOutput        // (flowLayers, L(L+1)/2 + L) S and b of each layer
)

// triangle is the numbers of a triangle of order l, its diagonal included.
func triangle(l int) int { return l * (l + 1) / 2 }

// moreOutputs is how many numbers each of the encoder's further outputs has.
func moreOutputs(cfg Config) []int {
	l := cfg.NLatent
	switch cfg.Posterior {
	case Full:
		return []int{triangle(l - 1)}
	case Flow:
		return []int{triangle(l - 1), flowLayers * triangle(l), flowLayers * (triangle(l) + l)}
	}
	return nil
}

// addMore adds the layers of z's further outputs. Those of C's triangle and of R begin
// as 0, so that training begins with the diagonal posterior of the same parameters; S
// and b do not, for where all are 0 no gradient leaves there. scvi-tools has none of them.
func (e *encoder[T]) addMore(s *slabs[T], cfg Config) {
	for i, n := range moreOutputs(cfg) {
		l := newLinear(s, e.name+[]string{".chol_encoder", ".flow_outer_encoder", ".flow_inner_encoder"}[i], e.h, 0, n)
		if i != innerOutput {
			l.w.fan, l.b.fan = 0, 0
		}
		e.more = append(e.more, l)
	}
}

// family says what is wrong with the choice.
func (p *problems) family(c Config) {
	known := c.Posterior == Diagonal || c.Posterior == Full || c.Posterior == Flow
	p.check(known, "posterior is %q: there are %q", c.Posterior, FamilyNames())
	p.check(!known || c.Posterior == Diagonal || c.NLatent >= 2, "posterior %s needs n_latent 2 at least: one dimension has no covariance, take diag", c.Posterior)
	p.check(c.Posterior != Flow || c.NLatent <= MostBent, "posterior flow takes n_latent up to %d, it is %d: its outputs grow with the square, take full or diag", MostBent, c.NLatent)
}

// form is the numbers of a pass that a posterior has which is not diagonal.
type form[T kernel.Float] struct {
	mean, variance []T       // (B, L) of z before any softmax, where moments were asked for
	place          []T       // (B, L) z before any softmax
	bent           []T       // (B, L) f(ε) of a flow
	kept           []T       // (B, flowLayers, 2L) each layer's input and tanh
	det            []float64 // (B) log |det df/dε|
	dbent          []T       // (2L) of a cell: gradients at f(ε) and at a layer's tanh
}

func (f *form[T]) resize(b, l int, of Family) {
	if of == Diagonal {
		return
	}
	f.mean, f.variance, f.place = resize(f.mean, b*l), resize(f.variance, b*l), resize(f.place, b*l)
	if of == Flow {
		f.bent, f.kept, f.det = resize(f.bent, b*l), resize(f.kept, b*flowLayers*2*l), resize(f.det, b)
		f.dbent = resize(f.dbent, 2*l)
	}
}

// moreSize is the numbers of a cell that the family takes in a pass beside the diagonal's.
func moreSize(cfg Config) (n int64) {
	for _, outputs := range moreOutputs(cfg) {
		n += 2 * int64(outputs) // and their gradients
	}
	if n > 0 {
		n += int64(3 * cfg.NLatent)
	}
	if cfg.Posterior == Flow {
		n += int64(cfg.NLatent*(1+2*flowLayers) + 2)
	}
	return n
}
