package stages

import (
	"path/filepath"
	"strings"

	"cellvi/io/store"
	"cellvi/pipeline"
)

// Train fits the model to the prepared cells. Empty paths mean Layout's.
type Train struct {
	Layout
	StorePath, PreparedPath string
	Options                 TrainOptions
	Shared                  Shared
	// Then are stages of the same run that put the cells through the model: what they
	// would refuse is refused before hours are spent. Not part of the result.
	Then []Afterwards
}

// Name is the subcommand.
func (s *Train) Name() string { return "train" }

// Store is the folder of counts to train on.
func (s *Train) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *Train) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Checkpoint is the state of an unfinished training.
func (s *Train) Checkpoint() string { return s.Options.checkpoint(s.Layout) }

// Plan reads store and prepared, and writes model, history and genes.
func (s *Train) Plan() pipeline.Plan {
	return pipeline.Plan{
		Inputs:  given([]string{s.Store(), s.Prepared()}, s.initModel()),
		Outputs: []string{s.Model(), s.History(), s.Genes()},
		Folders: map[string][]string{s.Model(): {"model.json", "model.safetensors"}},
		Partial: []string{s.Checkpoint()},
		Locks:   s.Options.checkpointLock(),
		Args: struct {
			Shared
			TrainOptions
		}{s.Shared, s.Options.resolved()},
		Seed: &s.Shared.Seed,
	}
}

// Embed writes every kept cell's posterior mean.
type Embed struct {
	Layout
	StorePath, PreparedPath, ModelPath string
	Options                            EmbedOptions
	Part                               PartOptions
	Seed                               uint64         // of --refine
	Ingest                             *IngestOptions // of the same run; nil: what run.json tells of them
	copied                             *h5adSource    // what --write-h5ad copies; nil until Preflight found it
	rowGroups                          rowGroups      // nil: as they are meant to be
}

// Name is the subcommand.
func (s *Embed) Name() string { return "embed" }

// Store is the folder of counts to embed.
func (s *Embed) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *Embed) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Model is the folder of the trained model.
func (s *Embed) Model() string { return or(s.ModelPath, s.Layout.Model()) }

// Plan reads store, prepared and model, and the file that is copied, where Preflight
// found one, and writes the latent and the copy.
func (s *Embed) Plan() pipeline.Plan {
	plan := pipeline.Plan{
		Inputs:  []string{s.Store(), s.Prepared(), s.Model()},
		Outputs: given([]string{s.Latent()}, s.Options.WriteH5AD),
	}
	if s.copied != nil {
		plan.Inputs = given(plan.Inputs, s.copied.path)
	}
	options := s.Options
	if s.Options.WriteH5AD == "" {
		options = EmbedOptions{LatentVar: s.Options.LatentVar, Refine: options.Refine, RefineAssess: options.RefineAssess, RefineOptions: options.RefineOptions}
	}
	args := struct {
		EmbedOptions
		PartOptions
		Seed uint64 `json:"seed,omitempty"`
	}{options, s.Part, 0}
	if s.Options.refines() {
		plan.Outputs, plan.Partial = append(plan.Outputs, s.Refined()), []string{s.Refining()}
		plan.Seed, args.Seed = &s.Seed, s.Seed
	}
	plan.Args = args
	return plan
}

// Reconstruct writes the decoder's mean and dispersions at the posterior mean.
type Reconstruct struct {
	Layout
	StorePath, PreparedPath, ModelPath string
	Options                            ReconstructOptions
	Part                               PartOptions
	rowGroups                          rowGroups // nil: as they are meant to be
}

// Name is the subcommand.
func (s *Reconstruct) Name() string { return "reconstruct" }

// Store is the folder of counts to reconstruct.
func (s *Reconstruct) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *Reconstruct) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Model is the folder of the trained model.
func (s *Reconstruct) Model() string { return or(s.ModelPath, s.Layout.Model()) }

// Plan reads store, prepared, model and the list of genes, if there is one,
// and writes the folder reconstruction.
func (s *Reconstruct) Plan() pipeline.Plan {
	inputs := []string{s.Store(), s.Prepared(), s.Model()}
	return pipeline.Plan{
		Inputs:  given(inputs, s.Options.ReconstructGenes),
		Outputs: []string{s.Reconstruction()},
		Folders: map[string][]string{s.Reconstruction(): reconstructionFiles},
		Args: struct {
			ReconstructOptions
			PartOptions
		}{s.Options, s.Part},
	}
}

// reconstructionFiles are all that a reconstruction may have.
var reconstructionFiles = []string{"px_rate.parquet", "px_scale.parquet", "px_r.parquet", "px_dropout.parquet"}

// Report draws the page for people and the brief for MultiQC.
type Report struct {
	Layout
	PreparedPath, ModelPath, HistoryPath, LatentPath string
	RunPaths                                         []string // records (run.json) of stages that ran in other folders
	CheckPath                                        string   // check.json; "": OUTDIR's, where there is one
	Options                                          ReportOptions
	check                                            string // found by Preflight; "": there is none
}

// Name is the subcommand.
func (s *Report) Name() string { return "report" }

// Prepared is the folder that says which cells and genes.
func (s *Report) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Model is the folder of the trained model.
func (s *Report) Model() string { return or(s.ModelPath, s.Layout.Model()) }

// History is the Parquet of losses per epoch.
func (s *Report) History() string { return or(s.HistoryPath, s.Layout.History()) }

// Latent is the Parquet of posterior means.
func (s *Report) Latent() string { return or(s.LatentPath, s.Layout.Latent()) }

// Plan reads prepared, model, history, latent, the records and what check found, and
// writes three files.
func (s *Report) Plan() pipeline.Plan {
	return pipeline.Plan{
		Inputs:  given(append([]string{s.Prepared(), s.Model(), s.History(), s.Latent()}, s.RunPaths...), s.check),
		Outputs: []string{s.Layout.Report(), s.MultiQC(), s.MultiQCTable()},
		Args:    s.Options,
	}
}

// Simulate draws an h5ad from the model itself. It belongs to no run's folder.
type Simulate struct{ Options SimulateOptions }

// Name is the subcommand.
func (s *Simulate) Name() string { return "simulate" }

// Plan reads nothing and writes one h5ad, or a store.
func (s *Simulate) Plan() pipeline.Plan {
	output := filepath.Clean(s.Options.Output)
	plan := pipeline.Plan{Outputs: []string{output}, Args: s.Options, Seed: &s.Options.Seed}
	if !strings.HasSuffix(s.Options.Output, ".h5ad") {
		plan.Folders = map[string][]string{output: {store.CellsFile, store.GenesFile}}
	}
	return plan
}

// given appends the paths that are not empty.
func given(paths []string, more ...string) []string {
	for _, p := range more {
		if p != "" {
			paths = append(paths, p)
		}
	}
	return paths
}
