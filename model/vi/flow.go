package vi

import (
	"math"
	"math/rand/v2"
)

// Transported is the density of z = Mean + Chol·y, y = T(eps), eps standard normal: a
// triangular (Knothe-Rosenblatt) map of second order (Moselhy & Marzouk 2012, doi
// 10.1016/j.jcp.2012.07.022) in the coordinates that a Gaussian whitens,
//
//	y_i = b_i + Σ_{j<i} l_ij eps_j + Σ_{j≤k<i} B_ijk (eps_j eps_k − δ_jk) + exp(s_i + tanh Σ_{j<i} c_ij eps_j) S(eps_i)
//	S(e) = exp(−κ t_i) [sinh(exp(t_i) asinh e + a_i) − c sinh a_i]
//
// S is the sinh-arcsinh transformation (Jones & Pewsey 2009, doi 10.1093/biomet/asp053),
// whose a skews and whose t makes tails heavier (t > 0) or lighter. Every log density with third derivatives
// is met by such a map to first order in them; inverse and determinant are explicit.
type Transported struct {
	Base       Gaussian
	Parameters []float64 // for i = 0…L−1: b_i, s_i, a_i, t_i, l_ij (i), c_ij (i), B_ijk (i(i+1)/2)
}

// E √(1+e²) and E √(1+e²) asinh(e) e of a standard normal e: with them b and s are, near the
// identity, what a and t leave of a shift and a scale.
const (
	flowShift = 1.3545308064813155
	flowScale = 1.461455316241865
)

// block is coordinate i's parameters.
type block struct{ b, s, a, t, l, c, quad int }

// blockOf is where those of i are.
func blockOf(i int) block {
	// 4i, then Σ_{m<i} 2m + m(m+1)/2
	at := 4*i + i*(i-1) + (i-1)*i*(i+1)/6
	return block{b: at, s: at + 1, a: at + 2, t: at + 3, l: at + 4, c: at + 4 + i, quad: at + 4 + 2*i}
}

func flowSize(n int) int { return blockOf(n).b }

// bend is coordinate i's transformation at one place.
type bend struct {
	shift, scale float64 // y = shift + scale·s
	slope        float64 // sech² of the scale's argument
	e, exp, cosh float64 // exp t, exp(−κ t), cosh theta
	tanh, asinh  float64
	s, root      float64 // S; √(1+eps²)
}

// before writes what coordinate i takes from those before it.
func (t *Transported) before(x *bend, i int, eps []float64) {
	p, o := t.Parameters, blockOf(i)
	shift, u, at := p[o.b], 0.0, o.quad
	for j, e := range eps[:i] {
		shift += p[o.l+j] * e
		u += p[o.c+j] * e
		for _, f := range eps[:j] {
			shift += p[at] * e * f
			at++
		}
		shift += p[at] * (e*e - 1)
		at++
	}
	h := math.Tanh(u)
	x.shift, x.scale, x.slope = shift, math.Exp(p[o.s]+h), 1-h*h
	x.e, x.exp = math.Exp(p[o.t]), math.Exp(-flowScale*p[o.t])
}

// at completes x with eps_i itself, and gives log of ∂y_i/∂eps_i.
func (t *Transported) at(x *bend, i int, eps []float64) float64 {
	t.before(x, i, eps)
	a := t.Parameters[blockOf(i).a]
	x.asinh, x.root = math.Asinh(eps[i]), math.Sqrt(1+eps[i]*eps[i])
	theta := x.e*x.asinh + a
	x.cosh, x.tanh = math.Cosh(theta), math.Tanh(theta)
	x.s = x.exp * (math.Sinh(theta) - flowShift*math.Sinh(a))
	return math.Log(x.scale * x.exp * x.cosh * x.e / x.root)
}

// Dim is L.
func (t *Transported) Dim() int { return len(t.Base.Mean) }

// Draw maps a draw of eps.
func (t *Transported) Draw(rng *rand.Rand, z []float64) {
	var room [maxStack]float64
	eps := scratch(room[:], len(z))
	for i := range eps {
		eps[i] = rng.NormFloat64()
	}
	t.place(eps, z)
}

// place writes z of eps.
func (t *Transported) place(eps, z []float64) {
	var room [maxStack]float64
	var x bend
	y := scratch(room[:], len(z))
	for i := range y {
		t.at(&x, i, eps)
		y[i] = x.shift + x.scale*x.s
	}
	t.Base.place(y, z)
}

// noise writes eps of z, coordinate by coordinate.
func (t *Transported) noise(z, eps []float64) {
	var x bend
	for i, m := range t.Base.Mean {
		eps[i] = z[i] - m
	}
	solveLower(t.Base.Chol, eps)
	for i, y := range eps {
		t.before(&x, i, eps)
		a := t.Parameters[blockOf(i).a]
		s := (y - x.shift) / x.scale
		eps[i] = math.Sinh((math.Asinh(s/x.exp+flowShift*math.Sinh(a)) - a) / x.e)
	}
}

// LogDensity is log N(eps; 0, I) − log det ∂z/∂eps.
func (t *Transported) LogDensity(z []float64) float64 {
	var room [maxStack]float64
	eps := scratch(room[:], len(z))
	t.noise(z, eps)
	return t.logAt(eps)
}

func (t *Transported) logAt(eps []float64) float64 {
	var x bend
	n := len(eps)
	log := -0.5*dot(eps, eps) - 0.5*float64(n)*log2Pi - logDiagonal(t.Base.Chol, n)
	for i := range n {
		log -= t.at(&x, i, eps)
	}
	return log
}

// Moments are those of 4,096 draws: a map's have no closed form.
func (t *Transported) Moments(mean, cov []float64) {
	const draws = 4096
	n := t.Dim()
	rng, z := stream(0, measuring, 0), make([]float64, draws*n)
	clear(mean)
	clear(cov)
	for d := range draws {
		t.Draw(rng, z[d*n:(d+1)*n])
		for i, v := range z[d*n : (d+1)*n] {
			mean[i] += v / draws
		}
	}
	for d := range draws {
		for i := range n {
			for j := range n {
				cov[i*n+j] += (z[d*n+i] - mean[i]) * (z[d*n+j] - mean[j]) / draws
			}
		}
	}
}
