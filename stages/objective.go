package stages

import "cellvi/model"

// Objective says what training climbs in the place of the ELBO of the encoder's posterior.
type Objective struct {
	IWAE        int `json:"iwae,omitempty" name:"iwae" default:"1" placeholder:"K" help:"Draws of each cell's posterior under the importance-weighted bound (Burda 2016), which training then climbs; time and memory grow with K. 1: the ELBO." group:"Training"`
	RefineSteps int `json:"refine_steps,omitempty" name:"refine-steps" default:"0" placeholder:"N" help:"Steps by which each cell's posterior is refined in every minibatch before the decoder learns from it (semi-amortized training, Kim 2018); time grows with N. The latent then separates kinds of cells less: not for embedding. 0: the encoder's posterior." group:"Training"`
}

func (o Objective) validate(of ModelOptions, f *faults) {
	f.unless(o.IWAE >= 1 && o.IWAE <= mostDraws, "--iwae is %d: it must be 1 to %d", o.IWAE, mostDraws)
	f.unless(o.IWAE <= 1 || of.ModelClass != model.AutoZI, "--iwae %d: --model-class AUTOZI has no importance-weighted bound: leave --iwae out", o.IWAE)
	f.unless(o.RefineSteps >= 0 && o.RefineSteps <= mostDraws, "--refine-steps is %d: it must be 0 to %d", o.RefineSteps, mostDraws)
	f.unless(of.Posterior == "diag" || o.IWAE <= 1 && o.RefineSteps == 0, "--posterior is %s: --iwae and --refine-steps are for diag: leave them out", of.Posterior)
	f.unless(o.IWAE <= 1 || o.RefineSteps == 0, "--iwae %d and --refine-steps %d are given: what refines a posterior is its ELBO: leave one out", o.IWAE, o.RefineSteps)
}

// mostDraws is the most draws of a cell in a step.
const mostDraws = 1024

// model is the objective as the trainer has it, which is 0 where it is the ELBO.
func (o Objective) model() model.Objective {
	m := model.Objective{Refine: o.RefineSteps}
	if o.IWAE > 1 {
		m.IWAE = o.IWAE
	}
	return m
}
