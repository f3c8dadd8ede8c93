package main

import (
	"os"
	"slices"

	"cellvi/pipeline"
	"cellvi/stages"
)

// cli is the command line, for kong.
type cli struct {
	Globals globals `embed:""`

	Run         runCommand         `cmd:"" help:"Do everything: ingest, prepare, train, embed, reconstruct, report; with --check, check too."`
	Ingest      ingestCommand      `cmd:"" help:"Read and check counts, write the cells store."`
	Prepare     prepareCommand     `cmd:"" help:"Choose cells and genes, code covariates, split the cells."`
	Train       trainCommand       `cmd:"" help:"Fit the model."`
	Embed       embedCommand       `cmd:"" help:"Write every cell's latent posterior mean."`
	Query       queryCommand       `cmd:"" help:"Map new cells onto a trained reference."`
	Reconstruct reconstructCommand `cmd:"" help:"Write the decoder's mean and dispersions."`
	Gather      gatherCommand      `cmd:"" help:"Join what embed and reconstruct wrote with --part."`
	Posterior   posteriorCommand   `cmd:"" help:"Write what the posterior says: normalized expression, likelihoods, draws of counts, checks."`
	Check       checkCommand       `cmd:"" help:"Measure how far the cells' posteriors, and the training, can be trusted."`
	Export      exportCommand      `cmd:"" help:"Write the model for scvi-tools to load."`
	Import      importCommand      `cmd:"" help:"Take over a model that scvi-tools saved."`
	DE          deCommand          `cmd:"" name:"de" help:"Compare the expression of groups of cells."`
	RankGenes   rankGenesCommand   `cmd:"" name:"rank-genes" help:"Rank genes by how the decoder responds along groups' directions, with their neighbours."`
	Anomaly     anomalyCommand     `cmd:"" help:"Find counts that the model does not expect of their cell."`
	Factor      factorCommand      `cmd:"" help:"Fit a latent factor model to log-normalized counts."`
	Report      reportCommand      `cmd:"" help:"Draw report.html, and write what MultiQC reads."`
	Inspect     inspectCommand     `cmd:"" help:"Say what is in files of counts, and whether a run would take them."`
	Simulate    simulateCommand    `cmd:"" help:"Draw an h5ad from the model itself."`
	Config      configCommand      `cmd:"" help:"Print a YAML file of every option, for --config."`
	Completion  completionCommand  `cmd:"" help:"Print a completion script for bash, zsh or fish."`
	Man         manCommand         `cmd:"" help:"Print the manual page."`
	Read        readCommand        `cmd:"" hidden:"" help:"The child process that reads a file."`
}

// globals are the flags of every command.
type globals struct {
	Config    pipeline.ConfigFlag `name:"config" short:"c" placeholder:"FILE.yaml" help:"Take options from a YAML file with the same names; flags win." group:"General"`
	Threads   int                 `name:"threads" short:"t" default:"0" placeholder:"N" help:"Threads to work with. 0: all cores that the process may use. The result is the same for any number." group:"General"`
	Memory    byteSize            `name:"memory" placeholder:"SIZE" help:"Memory budget, such as 4GB (1GB where not given). Training on more cells than fit streams them; what cannot fit is refused before it begins." group:"General"`
	LogFormat string              `name:"log-format" enum:"text,json" default:"text" placeholder:"NAME" help:"Log for people (text) or for machines (json)." group:"General"`
	LogLevel  string              `name:"log-level" enum:"debug,info,warn,error" default:"info" placeholder:"NAME" help:"Least important lines to log: ${enum}." group:"General"`
	Version   bool                `name:"version" help:"Print the version." group:"General"`
}

// folder is where a run's files are.
type folder struct {
	Outdir string `name:"outdir" short:"o" default:"results" placeholder:"DIR" help:"Folder of the run: where earlier stages' files are found and results are written." group:"Output"`
	Force  bool   `name:"force" help:"Do it again even if run.json says that it was done with the same options and inputs." group:"Output"`
	DryRun bool   `name:"dry-run" help:"Say what would run and what is done already, what would be read and written, and about how much memory and time it would take; write nothing." group:"Output"`
}

type runCommand struct {
	Folder        folder                    `embed:""`
	Ingest        stages.IngestOptions      `embed:""`
	Prepare       stages.PrepareOptions     `embed:""`
	Train         stages.TrainOptions       `embed:""`
	Shared        stages.Shared             `embed:""`
	Embed         stages.EmbedOptions       `embed:""`
	Reconstruct   stages.ReconstructOptions `embed:""`
	NoReconstruct bool                      `name:"no-reconstruct" help:"Write no reconstruction, which is large: cells × genes." group:"Output"`
	Check         bool                      `name:"check" help:"Measure how far the posteriors, and the training, can be trusted, as cellvi check does, for the report to show: check.parquet and check.json. --seed and --refine with its options hold for it too; for its other options, cellvi check and then cellvi report." group:"Posterior"`
	Report        stages.ReportOptions      `embed:""`
}

// checkOptions are check's defaults, with the posteriors that embed fits, where it
// does: then what is measured is what latent.parquet has.
func (c *runCommand) checkOptions() stages.CheckOptions {
	o := stages.DefaultCheckOptions()
	o.Seed = c.Shared.Seed
	if c.Embed.Refine != "" {
		o.Refine, o.RefineOptions = c.Embed.Refine, c.Embed.RefineOptions
	}
	return o
}

// keys are the annotations that ingest looks for early.
func (c *runCommand) keys() []string {
	p := c.Prepare
	keys := []string{p.BatchKey, p.LabelsKey, p.HVGBatchKey, p.SizeFactorKey}
	keys = slices.Concat(keys, p.CategoricalCovariateKeys, p.ContinuousCovariateKeys)
	slices.Sort(keys)
	return slices.DeleteFunc(slices.Compact(keys), func(k string) bool { return k == "" })
}

// Run does every stage over the folder.
func (c *runCommand) Run(a *app) error {
	err := firstOf(c.Ingest.Validate, c.Prepare.Validate, c.Train.Validate, c.Shared.Validate, c.Embed.Validate, c.Reconstruct.Validate, c.checkOptions().Validate)
	if err == nil {
		err = c.Train.ValidateWith(c.Prepare)
	}
	if err != nil {
		return err
	}
	return a.execute(c.Folder, c.stages()...)
}

type ingestCommand struct {
	Folder  folder               `embed:""`
	Options stages.IngestOptions `embed:""`
}

// Run ingests.
func (c *ingestCommand) Run(a *app) error {
	if err := c.Options.Validate(); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.Ingest{Layout: c.Folder.layout(), Options: c.Options})
}

type prepareCommand struct {
	Folder  folder                `embed:""`
	Store   string                `name:"store" placeholder:"DIR" help:"Cells store to read. Not given: OUTDIR/store." group:"Input"`
	Options stages.PrepareOptions `embed:""`
	Shared  stages.Shared         `embed:""`
}

// Run prepares.
func (c *prepareCommand) Run(a *app) error {
	if err := firstOf(c.Options.Validate, c.Shared.Validate); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.Prepare{Layout: c.Folder.layout(), StorePath: c.Store, Options: c.Options, Shared: c.Shared})
}

type trainCommand struct {
	Folder  folder              `embed:""`
	Inputs  preparedInputs      `embed:""`
	Options stages.TrainOptions `embed:""`
	Shared  stages.Shared       `embed:""`
}

// preparedInputs are what train reads.
type preparedInputs struct {
	Store    string `name:"store" placeholder:"DIR" help:"Cells store to read. Not given: OUTDIR/store." group:"Input"`
	Prepared string `name:"prepared" placeholder:"DIR" help:"What prepare wrote. Not given: OUTDIR/prepared." group:"Input"`
}

// modelInputs are what embed and reconstruct read.
type modelInputs struct {
	Prepared preparedInputs `embed:""`
	Model    string         `name:"model" placeholder:"DIR" help:"The trained model. Not given: OUTDIR/model." group:"Input"`
}

// Run trains.
func (c *trainCommand) Run(a *app) error {
	if err := firstOf(c.Options.Validate, c.Shared.Validate); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.Train{
		Layout: c.Folder.layout(), StorePath: c.Inputs.Store, PreparedPath: c.Inputs.Prepared,
		Options: c.Options, Shared: c.Shared,
	})
}

type embedCommand struct {
	Folder  folder              `embed:""`
	Inputs  modelInputs         `embed:""`
	Options stages.EmbedOptions `embed:""`
	Part    stages.PartOptions  `embed:""`
	Seed    uint64              `name:"seed" default:"0" placeholder:"N" help:"Seed of --refine. The same seed gives the same bytes." group:"Posterior"`
}

// Run embeds.
func (c *embedCommand) Run(a *app) error {
	whole := func() error { return c.Part.ValidateWith(c.Options) }
	if err := firstOf(c.Options.Validate, c.Part.Validate, whole); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.Embed{
		Layout: c.Folder.layout(), StorePath: c.Inputs.Prepared.Store, PreparedPath: c.Inputs.Prepared.Prepared,
		ModelPath: c.Inputs.Model, Options: c.Options, Part: c.Part, Seed: c.Seed,
	})
}

type queryCommand struct {
	Model   string              `arg:"" help:"The reference: a model's folder, from train or import, or the folder of a run."`
	Input   []string            `arg:"" help:"Counts of the new cells: whatever run reads. Several are joined on gene names."`
	Folder  folder              `embed:""`
	Reading stages.ReadOptions  `embed:""`
	Options stages.QueryOptions `embed:""`
	Shared  stages.Shared       `embed:""`
	Embed   stages.EmbedOptions `embed:""`
}

// Run does every stage over the folder.
func (c *queryCommand) Run(a *app) error {
	ingest := stages.IngestOptions{Input: c.Input, ReadOptions: c.Reading}
	if err := firstOf(ingest.Validate, c.Options.Validate, c.Shared.Validate, c.Embed.Validate); err != nil {
		return err
	}
	list, err := stages.QueryStages(c.Folder.layout(), c.Model, ingest, c.Options, c.Embed, c.Shared)
	if err != nil {
		return err
	}
	return a.execute(c.Folder, list...)
}

type reconstructCommand struct {
	Folder  folder                    `embed:""`
	Inputs  modelInputs               `embed:""`
	Options stages.ReconstructOptions `embed:""`
	Part    stages.PartOptions        `embed:""`
}

// Run reconstructs.
func (c *reconstructCommand) Run(a *app) error {
	if err := firstOf(c.Options.Validate, c.Part.Validate); err != nil {
		return err
	}
	return a.execute(c.Folder, &stages.Reconstruct{
		Layout: c.Folder.layout(), StorePath: c.Inputs.Prepared.Store, PreparedPath: c.Inputs.Prepared.Prepared,
		ModelPath: c.Inputs.Model, Options: c.Options, Part: c.Part,
	})
}

type reportCommand struct {
	Folder   folder               `embed:""`
	Prepared string               `name:"prepared" placeholder:"DIR" help:"What prepare wrote. Not given: OUTDIR/prepared." group:"Input"`
	Model    string               `name:"model" placeholder:"DIR" help:"The trained model. Not given: OUTDIR/model." group:"Input"`
	History  string               `name:"history" placeholder:"FILE" help:"The losses that train wrote. Not given: OUTDIR/history.parquet." group:"Input"`
	Latent   string               `name:"latent" placeholder:"FILE" help:"The posterior means that embed or gather wrote. Not given: OUTDIR/latent.parquet." group:"Input"`
	Check    string               `name:"check-json" aliases:"check" placeholder:"FILE" help:"The check.json that check wrote. Not given: OUTDIR/check.json, where there is one." group:"Input"`
	RunJSON  []string             `name:"run-json" sep:"none" placeholder:"FILE" help:"The run.json of a stage that ran in another folder: what it left out and warned of is told too. Repeat for several. OUTDIR/run.json is always read." group:"Input"`
	Options  stages.ReportOptions `embed:""`
}

// Run reports.
func (c *reportCommand) Run(a *app) error {
	return a.execute(c.Folder, &stages.Report{
		Layout: c.Folder.layout(), PreparedPath: c.Prepared, ModelPath: c.Model,
		HistoryPath: c.History, LatentPath: c.Latent, RunPaths: c.RunJSON, CheckPath: c.Check, Options: c.Options,
	})
}

type inspectCommand struct {
	Options stages.InspectOptions `embed:""`
}

// Run inspects.
func (c *inspectCommand) Run(a *app) error {
	if err := c.Options.Validate(); err != nil {
		return err
	}
	for _, path := range c.Options.File {
		if err := pipeline.CheckInput(path); err != nil {
			return err
		}
	}
	return stages.Inspect(a.ctx, a.job("inspect"), c.Options, a.stdout)
}

type simulateCommand struct {
	Options stages.SimulateOptions `embed:""`
}

// Run simulates. The file belongs to no run's folder.
func (c *simulateCommand) Run(a *app) error {
	if err := c.Options.Validate(); err != nil {
		return err
	}
	return a.runner().Alone(a.ctx, &stages.Simulate{Options: c.Options})
}

type readCommand struct{}

// Run is the child's work: all of it is in its exit code.
func (*readCommand) Run(a *app) error {
	a.code = stages.ServeChild(a.ctx, os.Stdin, a.stdout)
	return nil
}

// layout names the files in the folder.
func (f folder) layout() stages.Layout { return stages.Layout{Dir: f.Outdir} }

// firstOf gives the first error of checks.
func firstOf(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}
