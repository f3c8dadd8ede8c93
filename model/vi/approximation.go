package vi

import "math/rand/v2"

// Approximation is a fitted density q over z of one problem. Its methods change
// nothing, so that several goroutines may call them.
type Approximation interface {
	// Dim is L.
	Dim() int
	// Draw writes a draw of q to z (L), from the numbers that rng gives.
	Draw(rng *rand.Rand, z []float64)
	// LogDensity is log q(z), in nats.
	LogDensity(z []float64) float64
	// Score writes the gradient of log q in z (L) to grad and gives log q(z).
	Score(z, grad []float64) float64
	// Moments writes q's mean (L) and covariance (L, L).
	Moments(mean, cov []float64)
}
