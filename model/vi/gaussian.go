package vi

import (
	"math"
	"math/rand/v2"
)

// Gaussian is N(Mean, Chol·Cholᵀ): Chol (L, L) is a lower triangle, row-major, with a
// positive diagonal and zeros above it; a diagonal Gaussian has a diagonal Chol.
type Gaussian struct {
	Mean []float64 // (L)
	Chol []float64 // (L, L)
}

// NewDiagonal is the Gaussian of a mean and variances, both (L), which are copied.
func NewDiagonal(mean, variance []float64) Gaussian {
	n := len(mean)
	g := Gaussian{Mean: append([]float64(nil), mean...), Chol: make([]float64, n*n)}
	for i, v := range variance {
		g.Chol[i*n+i] = math.Sqrt(v)
	}
	return g
}

// Dim is L.
func (g Gaussian) Dim() int { return len(g.Mean) }

// Draw writes Mean + Chol·eps with eps standard normal, L numbers of rng.
func (g Gaussian) Draw(rng *rand.Rand, z []float64) {
	n := len(g.Mean)
	for i := range n {
		z[i] = rng.NormFloat64()
	}
	for i := n - 1; i >= 0; i-- {
		z[i] = g.Mean[i] + dot(g.Chol[i*n:i*n+i+1], z)
	}
}

// LogDensity is log N(z; Mean, Chol·Cholᵀ).
func (g Gaussian) LogDensity(z []float64) float64 {
	var room [maxStack]float64
	return g.whiten(scratch(room[:], len(z)), z)
}

// Score writes −Σ⁻¹(z − Mean) to grad and gives log q(z).
func (g Gaussian) Score(z, grad []float64) float64 {
	log := g.whiten(grad, z)
	solveUpper(g.Chol, grad)
	for i := range grad {
		grad[i] = -grad[i]
	}
	return log
}

// whiten writes eps = Chol⁻¹(z − Mean) and gives log q(z).
func (g Gaussian) whiten(eps, z []float64) float64 {
	n := len(g.Mean)
	for i, m := range g.Mean {
		eps[i] = z[i] - m
	}
	solveLower(g.Chol, eps)
	return -0.5*dot(eps, eps) - logDiagonal(g.Chol, n) - 0.5*float64(n)*log2Pi
}

// Moments writes Mean and Chol·Cholᵀ.
func (g Gaussian) Moments(mean, cov []float64) {
	copy(mean, g.Mean)
	timesTransposed(cov, g.Chol, len(g.Mean))
}

// Entropy is ½ log det(2πe Σ), in nats.
func (g Gaussian) Entropy() float64 {
	n := len(g.Mean)
	return logDiagonal(g.Chol, n) + 0.5*float64(n)*(1+log2Pi)
}

// KL is KL(g‖other), in nats: ½[tr(Σo⁻¹Σ) + (m − mo)ᵀΣo⁻¹(m − mo) − L] + ½ log det Σo/Σ.
func (g Gaussian) KL(other Gaussian) float64 {
	n := len(g.Mean)
	d := make([]float64, n)
	sum := -float64(n)
	for j := range n {
		for i := range n {
			d[i] = g.Chol[i*n+j]
		}
		solveLower(other.Chol, d)
		sum += dot(d, d)
	}
	for i := range n {
		d[i] = g.Mean[i] - other.Mean[i]
	}
	solveLower(other.Chol, d)
	return 0.5*(sum+dot(d, d)) + logDiagonal(other.Chol, n) - logDiagonal(g.Chol, n)
}

func (g Gaussian) clone() Gaussian {
	return Gaussian{Mean: append([]float64(nil), g.Mean...), Chol: append([]float64(nil), g.Chol...)}
}

const log2Pi = 1.8378770664093454836 // log 2π

const maxStack = 64 // the dimension up to which a density needs no allocation

// scratch is the first n numbers of room, or new ones where it is too small.
func scratch(room []float64, n int) []float64 {
	if n <= len(room) {
		return room[:n]
	}
	return make([]float64, n)
}
