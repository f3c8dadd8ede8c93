package stages

import (
	"fmt"
	"slices"

	"cellvi/model/vi"
)

// RefineOptions say how a posterior is fitted to each cell, the decoder fixed. A number
// that is 0 is left to the family.
type RefineOptions struct {
	Samples   int     `json:"refine_samples,omitempty" name:"refine-samples" default:"0" placeholder:"N" help:"About so many points of each cell's posterior in a step of --refine, in whole sets of 2 for each latent dimension and one. 0: 16, which in 10 dimensions are 21." group:"Posterior"`
	MaxSteps  int     `json:"refine_max_steps,omitempty" name:"refine-max-steps" default:"0" placeholder:"N" help:"Most steps of --refine for a cell: a fit ends by --refine-tolerance before. 0: 40." group:"Posterior"`
	Tolerance float64 `json:"refine_tolerance,omitempty" name:"refine-tolerance" default:"0" placeholder:"F" help:"Nats that a cell's fit may be expected to miss when it ends. 0: 0.05 for diag, 0.035 for full, 0.03 for mixture, 0.15 for flow." group:"Posterior"`
}

// families are the values of --refine.
var families = []string{string(vi.Diag), string(vi.Full), string(vi.Mixture), string(vi.Flow)}

// mostRefine is more draws and steps than a fit ever needs.
const mostRefine = 1 << 16

// validate says everything that is wrong with o; fits says whether anything is fitted.
func (o RefineOptions) validate(f *faults, fits bool) {
	f.unless(fits || o == RefineOptions{}, "--refine-samples, --refine-max-steps and --refine-tolerance are given without --refine, which they are for")
	f.unless(o.Samples >= 0 && o.Samples <= mostRefine, "--refine-samples is %d: it must be 0 to %d", o.Samples, mostRefine)
	f.unless(o.MaxSteps >= 0 && o.MaxSteps <= mostRefine, "--refine-max-steps is %d: it must be 0 to %d", o.MaxSteps, mostRefine)
	f.unless(isFinite(o.Tolerance) && o.Tolerance >= 0, "--refine-tolerance is %v: it must be 0, or a number of nats above", o.Tolerance)
}

// validateRefine says what is wrong with the options of refinement.
func (o EmbedOptions) validateRefine(f *faults) {
	if o.refines() {
		validFamily(f, o.Refine)
	}
	o.RefineOptions.validate(f, o.refines())
	f.unless(o.RefineAssess >= 0 && o.RefineAssess <= mostRefine, "--refine-assess is %d: it must be 0 to %d", o.RefineAssess, mostRefine)
}

// leastKHat is the fewest draws of which a k-hat is told: it is that of their largest
// fifth.
const leastKHat = 100

// validFamily takes a value of --refine.
func validFamily(f *faults, family string) {
	f.unless(slices.Contains(families, family), "--refine is %q: it must be one of %s", family, some(families, len(families)))
}

// fit are the engine's options, without the keys of the cells.
func (o RefineOptions) fit(family string, seed uint64) vi.Options {
	fit := vi.DefaultOptions(vi.Family(family))
	fit.Seed = seed
	if o.Samples > 0 {
		fit.Samples = o.Samples
	}
	if o.MaxSteps > 0 {
		fit.MaxSteps = o.MaxSteps
	}
	if o.Tolerance > 0 {
		fit.Tolerance = o.Tolerance
	}
	return fit
}

// unsettled tells of fits that ended by the number of steps.
func unsettled(n, of int64, o vi.Options) string {
	return fmt.Sprintf("of %s %s not converged within %d steps: they are as good as they got (--refine-max-steps, --refine-tolerance)",
		plural(of, "fitted posterior", "fitted posteriors"), plural(n, "has", "have"), o.MaxSteps)
}

// approximations are the encoder's posteriors as such.
func approximations(encoded []vi.Gaussian) []vi.Approximation {
	list := make([]vi.Approximation, len(encoded))
	for i, g := range encoded {
		list[i] = g
	}
	return list
}

// fittedOf are the approximations of fits.
func fittedOf(fits []vi.Fitted) []vi.Approximation {
	list := make([]vi.Approximation, len(fits))
	for i := range fits {
		list[i] = fits[i].Q
	}
	return list
}
