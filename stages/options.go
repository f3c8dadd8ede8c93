package stages

// The options of the stages, with scvi-tools' names and defaults. A field whose
// JSON name is "-" does not change any output's bytes, and names of files are
// left out too: what is in a file counts, not what it is called.

// Shared are the options that prepare and train both need; `cellvi run` has
// them once.
type Shared struct {
	Seed      uint64 `json:"seed" name:"seed" default:"0" placeholder:"N" help:"Seed of everything random: split, weights, minibatches, noise. The same seed gives the same bytes." group:"Training"`
	BatchSize int    `json:"batch_size" name:"batch-size" default:"128" placeholder:"N" help:"Cells per minibatch, the cells of one gradient step (not the batch covariate)." group:"Training"`
}

// IngestOptions say which files to read, and how.
type IngestOptions struct {
	Input       []string `json:"-" name:"input" short:"i" required:"" sep:"none" placeholder:"FILE" help:"Counts to read: .h5ad, 10x .h5 or mtx folder, .loom, Arrow or Parquet table, CSV or TSV, or a cells store of cellvi. Repeat for several, of any kinds; they are joined on gene names." group:"Input"`
	ReadOptions `embed:""`
}

// PrepareOptions say which cells and genes are kept and how they are coded.
type PrepareOptions struct {
	BatchKey                 string   `json:"batch_key" name:"batch-key" placeholder:"COLUMN" help:"Cell annotation that holds the batch covariate, such as sample or donor. Not given: one batch." group:"Cells and genes"`
	LabelsKey                string   `json:"labels_key" name:"labels-key" placeholder:"COLUMN" help:"Cell annotation that holds labels, such as cell types. Not given: one label." group:"Cells and genes"`
	CategoricalCovariateKeys []string `json:"categorical_covariate_keys" name:"categorical-covariate-keys" placeholder:"COLUMN" help:"Cell annotations that are further covariates, each level an effect of its own. Repeat, or separate by commas." group:"Cells and genes"`
	ContinuousCovariateKeys  []string `json:"continuous_covariate_keys" name:"continuous-covariate-keys" placeholder:"COLUMN" help:"Cell annotations that are covariates as numbers. Repeat, or separate by commas." group:"Cells and genes"`
	SizeFactorKey            string   `json:"size_factor_key" name:"size-factor-key" placeholder:"COLUMN" help:"Cell annotation that holds size factors, to be used in the place of library sizes: a cell's expected counts are its size factor times the decoder's output, which then is a softplus, not shares." group:"Cells and genes"`

	NTopGenes       int      `json:"n_top_genes" name:"n-top-genes" default:"0" placeholder:"N" help:"Keep the N most variable genes, by scanpy's seurat_v3. 0 keeps all." group:"Cells and genes"`
	HVGBatchKey     string   `json:"hvg_batch_key" name:"hvg-batch-key" placeholder:"COLUMN" help:"Rank genes within each level of this annotation, then together, as scanpy's batch_key does." group:"Cells and genes"`
	HVGSpan         float64  `json:"hvg_span" name:"hvg-span" default:"0.3" placeholder:"F" help:"Share of the genes in each local regression of variance on mean." group:"Cells and genes"`
	MinCells        int64    `json:"min_cells" name:"min-cells" default:"0" placeholder:"N" help:"Leave out genes found in fewer cells." group:"Cells and genes"`
	MinCounts       float64  `json:"min_counts" name:"min-counts" default:"0" placeholder:"N" help:"Leave out cells with fewer counts, over all genes." group:"Cells and genes"`
	Genes           string   `json:"-" name:"genes" placeholder:"FILE" help:"Keep the genes named in this file, one a line." group:"Cells and genes"`
	TrainSize       *float64 `json:"train_size" name:"train-size" placeholder:"F" help:"Share of the cells to train on. Not given: 0.9, and a last minibatch of one or two cells goes to validation." group:"Cells and genes"`
	ValidationSize  *float64 `json:"validation_size" name:"validation-size" placeholder:"F" help:"Share of the cells held out for validation. Not given: all that are not trained on." group:"Cells and genes"`
	ShuffleSetSplit bool     `json:"shuffle_set_split" name:"shuffle-set-split" negatable:"" default:"true" help:"Draw which cells are held out. --no-shuffle-set-split takes the first of the file for validation." group:"Cells and genes"`
	Split           string   `json:"-" name:"split" placeholder:"FILE" help:"Take this split: CSV or Parquet with the columns cell_id and split (train or validation)." group:"Cells and genes"`
}

// TrainOptions are the model and how it is fitted.
type TrainOptions struct {
	ModelOptions `embed:""`
	FitOptions   `embed:""`
	Objective    `embed:""`
	WeightDecay  float64 `json:"weight_decay" name:"weight-decay" default:"1e-6" placeholder:"F" help:"Adam's L2 penalty; AdamW's decay." group:"Training"`
	InitModel    string  `json:"-" name:"init-model" placeholder:"DIR" help:"Begin with the parameters of this model (its folder, or the folder of a run), trained by cellvi or imported, instead of random ones. Its genes and choices must be the same." group:"Training"`
}

// EmbedOptions say what stands beside the posterior means, and where else they go.
type EmbedOptions struct {
	LatentVar bool `json:"latent_var" name:"latent-var" help:"Write the posterior variances too, as columns latent_var_0 …" group:"Output"`

	Refine        string `json:"refine,omitempty" name:"refine" enum:"diag,full,mixture,flow," default:"" placeholder:"NAME" help:"Fit a posterior to each cell, the decoder fixed, from the encoder's answer on: diag (a Gaussian with variances), full (with covariances), mixture (of Gaussians) or flow. latent.parquet then has its means, and refined.parquet covariances and bounds." group:"Posterior"`
	RefineAssess  int    `json:"refine_assess,omitempty" name:"refine-assess" default:"32" placeholder:"N" help:"Draws of each cell's refined posterior, and the encoder's, that elbo_before, elbo_after and bound in refined.parquet are made of; from 100 on khat and ess too. 0 leaves them out, and saves time." group:"Posterior"`
	RefineOptions `embed:""`

	WriteH5AD     string   `json:"-" name:"write-h5ad" placeholder:"FILE" help:"Write a copy of the input, an .h5ad, with the posterior means in obsm. Inputs that are no .h5ad, or several, give a new .h5ad of the store's cells." group:"Output"`
	From          string   `json:"-" name:"from" placeholder:"FILE" help:"What --write-h5ad copies: an .h5ad that was ingested, one of several; or the cells store, to write a new file. Not given: the one input." group:"Output"`
	ObsmKey       string   `json:"obsm_key,omitempty" name:"obsm-key" default:"X_scVI" placeholder:"NAME" help:"Name of the posterior means in obsm." group:"Output"`
	WriteObs      bool     `json:"write_obs,omitempty" name:"write-obs" help:"Add to obs what the model saw of each cell: cellvi_kept, cellvi_split, cellvi_batch, cellvi_label, cellvi_library_size." group:"Output"`
	WriteLayers   []string `json:"write_layers,omitempty" name:"write-layers" placeholder:"NAME" help:"Add the layers scvi_px_rate (px_rate: expected counts) or scvi_px_scale (px_scale: expected shares), NaN for genes that the model does not have. Large: cells × genes. Repeat, or separate by commas." group:"Output"`
	OverwriteKeys bool     `json:"overwrite_keys,omitempty" name:"overwrite-keys" help:"Replace in the copy what has these names already. The input is never touched." group:"Output"`
}

// ReconstructOptions say what of the decoder is written.
type ReconstructOptions struct {
	Reconstruct      string `json:"reconstruct" name:"reconstruct" enum:"px_rate,px_scale" default:"px_rate" placeholder:"NAME" help:"Mean to write: px_rate (expected counts) or px_scale (expected share of a cell's counts)." group:"Output"`
	ReconstructGenes string `json:"-" name:"reconstruct-genes" placeholder:"FILE" help:"Reconstruct only the genes named in this file, one a line." group:"Output"`
}

// ReportOptions say what the report is called.
type ReportOptions struct {
	Title string `json:"title" name:"title" default:"cellvi" placeholder:"TEXT" help:"Title of the report." group:"Output"`
}

// SimulateOptions are the sizes of a data set drawn from the model.
type SimulateOptions struct {
	Output   string  `json:"-" name:"output" short:"o" required:"" placeholder:"FILE" help:"What to write: an .h5ad, or under any other name a cells store (a folder)."`
	Gzip     int     `json:"gzip" name:"gzip" default:"0" placeholder:"0-9" help:"Compression of the .h5ad; 0 is none."`
	Cells    int     `json:"cells" name:"cells" default:"2000" placeholder:"N" help:"Cells to draw."`
	Genes    int     `json:"genes" name:"genes" default:"500" placeholder:"N" help:"Genes of the table."`
	NBatches int     `json:"n_batches" name:"n-batches" default:"3" placeholder:"N" help:"Levels of the batch covariate (obs batch)."`
	NLabels  int     `json:"n_labels" name:"n-labels" default:"5" placeholder:"N" help:"Cell types (obs label), each a cloud in the latent space."`
	NLatent  int     `json:"n_latent" name:"n-latent" default:"10" placeholder:"N" help:"Dimensions of the latent (obsm X_latent)."`
	Library  float64 `json:"library" name:"library" default:"2000" placeholder:"N" help:"Median counts of a cell. A third of --genes leaves about 15% of the counts above zero."`
	Seed     uint64  `json:"seed" name:"seed" default:"0" placeholder:"N" help:"The same seed gives the same file."`
}
