package vi

import (
	"errors"
	"fmt"
)

// Family names a set of densities.
type Family string

// The families, from the poorest to the richest.
const (
	Diag    Family = "diag"    // a Gaussian with a diagonal covariance (mean field)
	Full    Family = "full"    // a Gaussian with any covariance
	Mixture Family = "mixture" // Mixed: Gaussians with covariances of their own, and a wide one
	Flow    Family = "flow"    // Transported: a triangular map of second order of a Gaussian
)

// Estimator is the way to the gradient of the ELBO in q's parameters.
type Estimator string

// The estimators.
const (
	Reparameterization Estimator = "reparameterization" // through z's gradient of log p
	ScoreFunction      Estimator = "score"              // of log p's values alone
)

// Optimizer is the way of a step.
type Optimizer string

// The optimizers.
const (
	Natural Optimizer = "natural" // natural gradient: variational online Newton
	Adam    Optimizer = "adam"    // Adam on means and logarithms of scales (Kingma & Ba 2015)
)

// Options says how to fit. Start from DefaultOptions.
type Options struct {
	Family     Family
	Components int // of the mixture, beside its wide one
	Estimator  Estimator
	Optimizer  Optimizer
	Samples    int     // points per step; the natural gradient rounds up to whole frames (noise.go)
	MaxSteps   int     // the most steps; who gets there without having met Tolerance is not Converged
	Tolerance  float64 // nats: the ELBO that is expected to be missing when a fit stops
	Widen      float64 // what the fitted covariance is multiplied by; 1: the ELBO's optimum
	Wide       float64 // weight of a mixture's wide component, see mixturestart.go; 0: none
	Rate       float64 // Adam's first learning rate; it falls to a hundredth along a cosine
	Curvature  bool    // the natural gradient begins with Gauss-Newton steps where the target is Curved
	Seed       uint64
	Keys       []uint64 // name each problem's random stream; nil: its number
}

// DefaultOptions are the natural gradient by reparameterization, with tolerances and widenings at which
// cells' posteriors came within 0.1 nat of Adam's optimum, in a tenth of its evaluations, with
// k-hat under 0.7 for 95% of them (full) and 99% (flow).
func DefaultOptions(family Family) Options {
	o := Options{
		Family: family, Components: 4, Estimator: Reparameterization, Optimizer: Natural,
		Samples: 16, MaxSteps: 40, Tolerance: 0.05, Widen: 1, Rate: 0.05, Curvature: true,
	}
	switch family {
	case Full:
		o.Widen, o.Tolerance = wide, 0.035
	case Mixture:
		o.Widen, o.Wide, o.Tolerance = 1.2, 0.05, 0.03
	case Flow:
		o.Widen, o.Tolerance = 1.2, 0.15
	}
	return o
}

// wide is by how much DefaultOptions widen a full covariance. KL(q‖p) makes q narrower
// than p, and its weights heavy in the tails. A variance of 1.17 costs 0.065 nats at L = 10,
// ½ L (s − 1 − log s), and takes the k-hat of one more cell in twelve below 0.7.
const wide = 1.17

// Validate returns every problem of the options at once, for n problems to fit.
func (o Options) Validate(n int) error {
	var all []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	wrong(o.Family != Diag && o.Family != Full && o.Family != Mixture && o.Family != Flow,
		"family %q: expected diag, full, mixture or flow", o.Family)
	wrong(o.Estimator != Reparameterization && o.Estimator != ScoreFunction,
		"estimator %q: expected reparameterization or score", o.Estimator)
	wrong(o.Optimizer != Natural && o.Optimizer != Adam, "optimizer %q: expected natural or adam", o.Optimizer)
	wrong(o.Family == Flow && o.Estimator == ScoreFunction, "a flow is fitted by reparameterization: every draw of it has a gradient")
	wrong(o.Family == Mixture && o.Components < 1, "%d components: expected 1 or more", o.Components)
	wrong(o.Samples < 1, "%d samples: expected 1 or more", o.Samples)
	wrong(o.MaxSteps < 1, "%d steps at most: expected 1 or more", o.MaxSteps)
	wrong(!(o.Tolerance > 0), "tolerance %g nats: expected a positive number", o.Tolerance)
	wrong(o.Family != Diag && o.Family != Full && o.Estimator == ScoreFunction && o.Optimizer == Natural,
		"%s by the score function: Adam's", o.Family)
	wrong(!(o.Wide >= 0 && o.Wide < 1), "a wide component of weight %g: expected 0 or more, under 1", o.Wide)
	wrong(!(o.Widen > 0), "covariances widened by %g: expected a positive number", o.Widen)
	wrong(o.Optimizer == Adam && !(o.Rate > 0), "learning rate %g: expected a positive number", o.Rate)
	wrong(o.Keys != nil && len(o.Keys) != n, "%d keys for %d problems", len(o.Keys), n)
	return errors.Join(all...)
}

// key names problem i's random stream.
func key(keys []uint64, i int) uint64 {
	if keys == nil {
		return uint64(i)
	}
	return keys[i]
}
