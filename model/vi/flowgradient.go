package vi

import "math"

// Score is the gradient of log q in z: with J = ∂y/∂eps, a lower triangle, it is
// Chol⁻ᵀ J⁻ᵀ ∇_eps [log N(eps; 0, I) − log det J].
func (t *Transported) Score(z, grad []float64) float64 {
	var room [maxStack]float64
	eps := scratch(room[:], len(z))
	t.noise(z, eps)
	return t.scoreAt(eps, grad)
}

func (t *Transported) scoreAt(eps, grad []float64) float64 {
	n, p := len(eps), t.Parameters
	var x bend
	var room [maxStack * maxStack / 4]float64
	j := scratch(room[:], n*n)
	log := -0.5*dot(eps, eps) - 0.5*float64(n)*log2Pi - logDiagonal(t.Base.Chol, n)
	for i, e := range eps {
		grad[i] = -e
	}
	for i := range n {
		o, row := blockOf(i), j[i*n:(i+1)*n]
		log -= t.at(&x, i, eps)
		grad[i] -= x.tanh*x.e/x.root - eps[i]/(1+eps[i]*eps[i])
		row[i] = x.scale * x.exp * x.cosh * x.e / x.root
		at := o.quad
		for k := range i {
			row[k] = p[o.l+k] + x.scale*x.s*x.slope*p[o.c+k]
			grad[k] -= x.slope * p[o.c+k]
		}
		for k := range i {
			for m := range k + 1 {
				row[k] += p[at] * eps[m]
				row[m] += p[at] * eps[k]
				at++
			}
		}
	}
	solveUpper(j, grad)
	solveUpper(t.Base.Chol, grad)
	return log
}

// flowFamily is Flow; its Gaussian does not move.
type flowFamily struct {
	Transported
	metric []float64 // of each parameter, Fisher's information of KL at the identity
}

func newFlowFamily(base Gaussian) *flowFamily {
	n := base.Dim()
	f := &flowFamily{Transported: Transported{Base: base.clone(), Parameters: make([]float64, flowSize(n))}, metric: make([]float64, flowSize(n))}
	for i := range n {
		o := blockOf(i)
		f.metric[o.b], f.metric[o.s], f.metric[o.a], f.metric[o.t] = 1, 2, flowSkew, flowTail
		at := o.quad
		for j := range i {
			f.metric[o.l+j], f.metric[o.c+j] = 1, 2
			for k := range j + 1 {
				f.metric[at] = 1
				if k == j {
					f.metric[at] = 2
				}
				at++
			}
		}
	}
	return f
}

// The second derivatives of KL(N(0, 1)‖the law of S) in a and t at nought, which for S = e + x·φ(e) are
// E φ² + E φ'² of a standard normal e; by quadrature.
const (
	flowSkew = 0.509566751874279
	flowTail = 0.22665552174653858
)

func (f *flowFamily) parameters() []float64               { return f.Parameters }
func (f *flowFamily) strata() []float64                   { return one }
func (f *flowFamily) weigh(_, _ []float64)                {}
func (f *flowFamily) settle()                             {}
func (f *flowFamily) entropy([]float64)                   {}
func (f *flowFamily) path(_ int, noise, z []float64)      { f.place(noise, z) }
func (f *flowFamily) pull(_ int, noise, dz, to []float64) { f.Transported.pull(noise, dz, to) }

// pull adds ∂(dz·z)/∂parameters at fixed eps.
func (t *Transported) pull(eps, dz, to []float64) {
	var x bend
	var room [maxStack]float64
	dy := scratch(room[:], len(eps))
	timesUpper(dy, t.Base.Chol, dz)
	for i, d := range dy {
		o := blockOf(i)
		t.at(&x, i, eps)
		ds := d * x.scale
		to[o.b] += d
		to[o.s] += ds * x.s
		to[o.a] += ds * x.exp * (x.cosh - flowShift*math.Cosh(t.Parameters[o.a]))
		to[o.t] += ds * (x.exp*x.cosh*x.e*x.asinh - flowScale*x.s)
		at := o.quad
		for j := range i {
			to[o.l+j] += d * eps[j]
			to[o.c+j] += ds * x.s * x.slope * eps[j]
			for k := range j {
				to[at] += d * eps[j] * eps[k]
				at++
			}
			to[at] += d * (eps[j]*eps[j] - 1)
			at++
		}
	}
}

// plain widens the Gaussian around the map.
func (f *flowFamily) plain(widen float64) Approximation {
	return &Transported{Base: f.Base.widened(widen), Parameters: append([]float64(nil), f.Parameters...)}
}
