package vi

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mathext"
)

// rule is a stochastic spherical-radial rule of degree 5 for expectations under N(0, I)
// (Genz & Monahan 1998, SIAM J. Sci. Comput. 19:426, eq. for SR of degree 3 in
// the radius): the origin and, of each frame of L random orthogonal directions u_p,
// the antithetic points ±r_p u_p with r_p ~ chi(L+2):
//
//	E h(eps) ≈ h(0) + (1/F) Σ_p [ (h(r_p u_p) + h(−r_p u_p))/2 − h(0) ] / r_p²
//
// It is unbiased for every h, and exact for polynomials of degree 3; where h is
// quadratic its gradients give the whole second derivative, by Stein's lemma
//
//	E ∇²h = E ∇h epsᵀ ≈ (1/F) Σ_p [ (∇h(r_p u_p) − ∇h(−r_p u_p))/(2 r_p) ] u_pᵀ.
//
// So 2L+1 gradients do what hundreds of independent draws would. The radii of a frame
// are stratified: one from each of L equal shares of chi(L+2).
type rule struct {
	dim, frames int
	strata      int       // the quantiles that a radius is drawn from, within its share
	radii       []float64 // (L, strata) quantiles of chi(L+2)
}

// quantiles is about how many stand for chi's distribution.
const quantiles = 1024

func newRule(dim, samples int) *rule {
	r := &rule{dim: dim, frames: max(1, (samples+dim)/(2*dim))}
	r.strata = 1 + quantiles/dim
	r.radii = make([]float64, dim*r.strata)
	for i := range r.radii {
		share := (float64(i) + 0.5) / float64(len(r.radii))
		r.radii[i] = math.Sqrt(2 * mathext.GammaIncRegInv(float64(dim+2)/2, share))
	}
	return r
}

// points is the number of points.
func (r *rule) points() int { return 1 + 2*r.frames*r.dim }

// frame is one draw of the rule: direction p is row p of u (F·L, L), a unit vector.
type frame struct {
	*rule
	u, r []float64
}

func (r *rule) newFrame() frame {
	m := r.frames * r.dim
	return frame{rule: r, u: make([]float64, m*r.dim), r: make([]float64, m)}
}

// draw makes new directions and radii.
func (f *frame) draw(rng *rand.Rand) {
	n := f.dim
	for k := range f.frames {
		u, r := f.u[k*n*n:(k+1)*n*n], f.r[k*n:(k+1)*n]
		orthogonal(u, n, rng)
		for p := range r {
			r[p] = f.radii[p*f.strata+rng.IntN(f.strata)]
		}
		rng.Shuffle(n, func(i, j int) { r[i], r[j] = r[j], r[i] })
	}
}

// orthogonal fills u (n, n) with a random rotation's rows, uniform by Haar's measure:
// normal numbers, made orthonormal by Gram and Schmidt.
func orthogonal(u []float64, n int, rng *rand.Rand) {
	for i := 0; i < n; {
		row := u[i*n : (i+1)*n]
		for k := range row {
			row[k] = rng.NormFloat64()
		}
		for j := range i {
			with := u[j*n : (j+1)*n]
			s := dot(row, with)
			for k, v := range with {
				row[k] -= s * v
			}
		}
		size := math.Sqrt(dot(row, row))
		if size < 1e-6 { // no direction left: once in a lifetime
			continue
		}
		for k := range row {
			row[k] /= size
		}
		i++
	}
}

// weight is that of point i in an expectation: 1 − Σ 1/r² of the origin, 1/(2r²) of a pair's.
func (f *frame) weight(i int) float64 {
	share := 1 / float64(f.frames)
	if i > 0 {
		r := f.r[(i-1)/2]
		return 0.5 * share / (r * r)
	}
	w := 1.0
	for _, r := range f.r {
		w -= share / (r * r)
	}
	return w
}
