package main

import "cellvi/stages"

type factorCommand struct {
	Folder  folder               `embed:""`
	Inputs  preparedInputs       `embed:""`
	Options stages.FactorOptions `embed:""`
}

// Run fits the factor model.
func (c *factorCommand) Run(a *app) error {
	if err := c.Options.Validate(); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.Factor{
		Layout: c.Folder.layout(), StorePath: c.Inputs.Store, PreparedPath: c.Inputs.Prepared, Options: c.Options,
	})
}
