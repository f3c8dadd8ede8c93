package main

import "cellvi/stages"

type checkCommand struct {
	Folder  folder              `embed:""`
	Inputs  modelInputs         `embed:""`
	History string              `name:"history" placeholder:"FILE" help:"The losses that train wrote. Not given: OUTDIR/history.parquet, where there is one." group:"Input"`
	Options stages.CheckOptions `embed:""`
}

// Run checks.
func (c *checkCommand) Run(a *app) error {
	if err := c.Options.Validate(); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.Check{
		Layout: c.Folder.layout(), StorePath: c.Inputs.Prepared.Store, PreparedPath: c.Inputs.Prepared.Prepared,
		ModelPath: c.Inputs.Model, HistoryPath: c.History, Options: c.Options,
	})
}
