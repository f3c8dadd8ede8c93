package vi

import (
	"math"
	"math/rand/v2"
)

// function is a target whose problems share one log density; the gradient by hand.
type function struct {
	dim   int
	log   func(problem int, z, grad []float64) float64
	curve func(problem int, z, out []float64)
	calls int
}

func (f *function) Dim() int     { return f.dim }
func (f *function) Curved() bool { return f.curve != nil }
func (f *function) Evaluate(problems []int, z []float64, v Values) {
	f.calls++
	n := f.dim
	g := make([]float64, n)
	for i, p := range problems {
		v.LogP[i] = f.log(p, z[i*n:(i+1)*n], g)
		if v.Grad != nil {
			copy(v.Grad[i*n:], g)
		}
		if v.Curvature != nil {
			f.curve(p, z[i*n:(i+1)*n], v.Curvature[i*n*n:(i+1)*n*n])
		}
	}
}

// gaussianTarget has log p = log N(z; mean, cov), by Gaussian's own Score.
func gaussianTarget(g ...Gaussian) *function {
	n := g[0].Dim()
	return &function{dim: n, log: func(p int, z, grad []float64) float64 { return g[p%len(g)].Score(z, grad) },
		curve: func(p int, _, out []float64) {
			v, x := make([]float64, n*n), g[p%len(g)]
			invertLower(v, x.Chol, n)
			transposedTimes(out, v, n)
		}}
}

// someGaussian is a random one of n dimensions.
func someGaussian(n int, seed uint64) Gaussian {
	rng := rand.New(rand.NewPCG(seed, 1))
	g := Gaussian{Mean: make([]float64, n), Chol: make([]float64, n*n)}
	for i := range n {
		g.Mean[i] = 2 * rng.NormFloat64()
		for j := range i {
			g.Chol[i*n+j] = 0.4 * rng.NormFloat64()
		}
		g.Chol[i*n+i] = math.Exp(0.5 * rng.NormFloat64())
	}
	return g
}

// student has one Student-t density of 3 degrees of freedom, location 1 and scale 1.
func student() *function {
	c := math.Log(2) - math.Log(math.Pi) - 0.5*math.Log(3) // Γ(2)/(Γ(3/2) √(3π)) = 2/(π√3)
	return &function{dim: 1, log: func(_ int, z, grad []float64) float64 {
		d := z[0] - 1
		grad[0] = -4 * d / (3 + d*d)
		return c - 2*math.Log1p(d*d/3)
	}}
}

// banana is z_0 ~ N(0, 1), z_1 ~ N(bend·(z_0² − 1), 0.5²), normalized.
func banana(bend float64) *function {
	const sd = 0.5
	return &function{dim: 2, log: func(_ int, z, grad []float64) float64 {
		e := (z[1] - bend*(z[0]*z[0]-1)) / sd
		grad[0] = -z[0] + e/sd*2*bend*z[0]
		grad[1] = -e / sd
		return -0.5*(z[0]*z[0]+e*e) - math.Log(sd) - log2Pi
	}}
}

// bimodal is ½ N(−m, I) + ½ N(m, I) in two dimensions, normalized.
func bimodal(m float64) *function {
	unit := func(at float64) Gaussian { return NewDiagonal([]float64{at, at}, []float64{1, 1}) }
	q := &Mixed{Weights: []float64{0.5, 0.5}, Components: []Gaussian{unit(-m), unit(m)}}
	return &function{dim: 2, log: func(_ int, z, grad []float64) float64 { return q.Score(z, grad) }}
}

// standard is N(0, s² I).
func standard(n int, s float64) Gaussian {
	v := make([]float64, n)
	for i := range v {
		v[i] = s * s
	}
	return NewDiagonal(make([]float64, n), v)
}
