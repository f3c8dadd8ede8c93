package main

import "cellvi/stages"

type anomalyCommand struct {
	Folder  folder                `embed:""`
	Inputs  modelInputs           `embed:""`
	Options stages.AnomalyOptions `embed:""`
}

// Run judges the counts.
func (c *anomalyCommand) Run(a *app) error {
	if err := c.Options.Validate(); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.Anomaly{
		Layout: c.Folder.layout(), StorePath: c.Inputs.Prepared.Store, PreparedPath: c.Inputs.Prepared.Prepared,
		ModelPath: c.Inputs.Model, Options: c.Options,
	})
}
