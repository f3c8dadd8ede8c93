package main

import (
	"cellvi/pipeline"
	"cellvi/stages"
)

type posteriorCommand struct {
	What    []string                `arg:"" name:"what" enum:"normalized-expression,likelihood-parameters,latent,library,predictive,elbo,marginal-ll,correlation,ppc" help:"What to write, one or several: ${enum}."`
	Folder  folder                  `embed:""`
	Inputs  modelInputs             `embed:""`
	Options stages.PosteriorOptions `embed:""`
}

// Run writes what is asked for, one after the other.
func (c *posteriorCommand) Run(a *app) error {
	if err := c.Options.Validate(c.What); err != nil {
		return err
	}
	var list []pipeline.Stage
	for _, kind := range c.What {
		list = append(list, &stages.Posterior{
			Layout: c.Folder.layout(), StorePath: c.Inputs.Prepared.Store, PreparedPath: c.Inputs.Prepared.Prepared,
			ModelPath: c.Inputs.Model, Kind: kind, Options: c.Options,
		})
	}
	return a.execute(c.Folder, list...)
}

type deCommand struct {
	Folder  folder           `embed:""`
	Inputs  modelInputs      `embed:""`
	Options stages.DEOptions `embed:""`
}

// Run compares groups.
func (c *deCommand) Run(a *app) error {
	if err := c.Options.Validate(); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.DE{
		Layout: c.Folder.layout(), StorePath: c.Inputs.Prepared.Store, PreparedPath: c.Inputs.Prepared.Prepared,
		ModelPath: c.Inputs.Model, Options: c.Options,
	})
}
