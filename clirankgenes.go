package main

import "cellvi/stages"

type rankGenesCommand struct {
	Folder  folder                  `embed:""`
	Inputs  modelInputs             `embed:""`
	Options stages.RankGenesOptions `embed:""`
}

// Run ranks genes.
func (c *rankGenesCommand) Run(a *app) error {
	if err := c.Options.Validate(); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.RankGenes{
		Layout: c.Folder.layout(), StorePath: c.Inputs.Prepared.Store, PreparedPath: c.Inputs.Prepared.Prepared,
		ModelPath: c.Inputs.Model, Options: c.Options,
	})
}
