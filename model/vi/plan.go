package vi

import (
	"math"
	"math/rand/v2"
)

// plan is what the fits of one call share; it does not change.
type plan struct {
	o        Options
	dim      int
	curved   bool
	rule     *rule
	factored Factored // the target, where it is
	plain    *plan    // that of the full Gaussian which richer families start from
}

func newPlan(t Target, o Options) *plan {
	p := &plan{o: o, dim: t.Dim(), curved: o.Curvature && t.Curved() && o.Estimator == Reparameterization, rule: newRule(t.Dim(), o.Samples)}
	p.factored, _ = t.(Factored)
	plain := *p
	plain.o.Family, plain.o.Widen, plain.o.Tolerance = Full, 1, math.Max(0.1, o.Tolerance)
	p.plain = &plain
	return p
}

// solver fits one problem.
func (p *plan) solver(problem int, start Gaussian, rng *rand.Rand) solver {
	if p.o.Optimizer == Adam {
		return newClimbing(p, problem, start, rng)
	}
	switch p.o.Family {
	case Flow:
		return newFlowing(p, start, rng)
	case Mixture:
		return newMixing(p, start, rng)
	}
	return newNatural(p, start, rng)
}
