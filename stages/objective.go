package stages

import "cellvi/model"

// Objective says what training climbs in the place of the ELBO of the encoder's posterior.
type Objective struct {
	IWAE int `json:"iwae,omitempty" name:"iwae" default:"1" placeholder:"K" help:"Draws of each cell's posterior under the importance-weighted bound (Burda 2016), which training then climbs; time and memory grow with K. 1: the ELBO." group:"Training"`
}

func (o Objective) validate(class string, f *faults) {
	f.unless(o.IWAE >= 1 && o.IWAE <= mostDraws, "--iwae is %d: it must be 1 to %d", o.IWAE, mostDraws)
	f.unless(o.IWAE <= 1 || class != model.AutoZI, "--iwae %d: --model-class AUTOZI has no importance-weighted bound: leave --iwae out", o.IWAE)
}

// mostDraws is the most draws of a cell in a step.
const mostDraws = 1024

// model is the objective as the trainer has it, which is 0 where it is the ELBO.
func (o Objective) model() model.Objective {
	var m model.Objective
	if o.IWAE > 1 {
		m.IWAE = o.IWAE
	}
	return m
}
