package main

import "cellvi/stages"

type exportCommand struct {
	Folder  folder               `embed:""`
	Target  string               `arg:"" name:"dir" help:"Folder to write."`
	Inputs  modelInputs          `embed:""`
	History string               `name:"history" placeholder:"FILE" help:"Losses of the training. Not given: OUTDIR/history.parquet." group:"Input"`
	Options stages.ExportOptions `embed:""`
}

// Run exports.
func (c *exportCommand) Run(a *app) error {
	return a.execute(c.Folder, &stages.Export{
		Layout: c.Folder.layout(), StorePath: c.Inputs.Prepared.Store, PreparedPath: c.Inputs.Prepared.Prepared,
		ModelPath: c.Inputs.Model, HistoryPath: c.History, Target: c.Target, Options: c.Options,
	})
}

type importCommand struct {
	Folder  folder               `embed:""`
	Source  string               `arg:"" name:"dir" help:"Folder that scvi-tools saved a model in, or its model.pt. That is a pickle, which can run any program: import only what you trust."`
	Options stages.ImportOptions `embed:""`
}

// Run imports.
func (c *importCommand) Run(a *app) error {
	return a.execute(c.Folder, &stages.Import{Layout: c.Folder.layout(), Source: c.Source, Options: c.Options})
}
