package stages

// The options of the stages, with scvi-tools' names and defaults. A field whose
// JSON name is "-" does not change any output's bytes, and names of files are
// left out too: what is in a file counts, not what it is called.

// Shared are the options that prepare and train both need; `cellvi run` has
// them once.
type Shared struct {
	Seed      uint64 `json:"seed" name:"seed" default:"0" help:"Seed of everything random: split, weights, minibatches, noise. The same seed gives the same bytes." group:"Training"`
	BatchSize int    `json:"batch_size" name:"batch-size" default:"128" placeholder:"N" help:"Cells per minibatch, the cells of one gradient step (not the batch covariate)." group:"Training"`
}

// IngestOptions say which files to read, and how.
type IngestOptions struct {
	Input       []string `json:"-" name:"input" short:"i" required:"" sep:"none" placeholder:"FILE" help:"Counts to read: .h5ad, 10x .h5 or mtx folder, .loom, Arrow or Parquet table, CSV or TSV, or a cells store of cellvi. Repeat for several, of any kinds; they are joined on gene names." group:"Input"`
	ReadOptions `embed:""`
}

// PrepareOptions say which cells and genes are kept and how they are coded.
type PrepareOptions struct {
	BatchKey       string   `json:"batch_key" name:"batch-key" placeholder:"COLUMN" help:"Cell annotation that holds the batch covariate, such as sample or donor. Not given: one batch." group:"Cells and genes"`
	LabelsKey      string   `json:"labels_key" name:"labels-key" placeholder:"COLUMN" help:"Cell annotation that holds labels, such as cell types. Not given: one label." group:"Cells and genes"`
	NTopGenes      int      `json:"n_top_genes" name:"n-top-genes" default:"0" placeholder:"N" help:"Keep the N most variable genes, by scanpy's seurat_v3. 0 keeps all." group:"Cells and genes"`
	HVGBatchKey    string   `json:"hvg_batch_key" name:"hvg-batch-key" placeholder:"COLUMN" help:"Rank genes within each level of this annotation, then together, as scanpy's batch_key does." group:"Cells and genes"`
	HVGSpan        float64  `json:"hvg_span" name:"hvg-span" default:"0.3" placeholder:"F" help:"Share of the genes in each local regression of variance on mean." group:"Cells and genes"`
	MinCells       int64    `json:"min_cells" name:"min-cells" default:"0" placeholder:"N" help:"Leave out genes found in fewer cells." group:"Cells and genes"`
	MinCounts      float64  `json:"min_counts" name:"min-counts" default:"0" placeholder:"N" help:"Leave out cells with fewer counts, over all genes." group:"Cells and genes"`
	Genes          string   `json:"-" name:"genes" placeholder:"FILE" help:"Keep the genes named in this file, one a line." group:"Cells and genes"`
	TrainSize      *float64 `json:"train_size" name:"train-size" placeholder:"0.9" help:"Share of the cells to train on. Not given: 0.9, and a last minibatch of one or two cells goes to validation." group:"Cells and genes"`
	ValidationSize *float64 `json:"validation_size" name:"validation-size" placeholder:"F" help:"Share of the cells held out for validation. Not given: all that are not trained on." group:"Cells and genes"`
	Split          string   `json:"-" name:"split" placeholder:"FILE" help:"Take this split: CSV or Parquet with the columns cell_id and split (train or validation)." group:"Cells and genes"`
}

// TrainOptions are the model's sizes and how it is fitted.
type TrainOptions struct {
	NLatent        int     `json:"n_latent" name:"n-latent" default:"10" placeholder:"N" help:"Dimensions of the latent space." group:"Model"`
	NHidden        int     `json:"n_hidden" name:"n-hidden" default:"128" placeholder:"N" help:"Units of a hidden layer." group:"Model"`
	NLayers        int     `json:"n_layers" name:"n-layers" default:"1" placeholder:"N" help:"Hidden layers of encoder and of decoder." group:"Model"`
	DropoutRate    float64 `json:"dropout_rate" name:"dropout-rate" default:"0.1" placeholder:"F" help:"Share of hidden units dropped in the encoder while training." group:"Model"`
	GeneLikelihood string  `json:"gene_likelihood" name:"gene-likelihood" default:"nb" placeholder:"NAME" help:"Distribution of counts. This version has nb (negative binomial)." group:"Model"`
	Dispersion     string  `json:"dispersion" name:"dispersion" default:"gene" placeholder:"NAME" help:"What has an inverse dispersion of its own. This version has gene." group:"Model"`

	MaxEpochs       int     `json:"max_epochs" name:"max-epochs" default:"0" placeholder:"N" help:"Epochs to train. 0: 400 up to 20,000 cells, fewer beyond in proportion." group:"Training"`
	LR              float64 `json:"lr" name:"lr" default:"1e-3" placeholder:"F" help:"Adam's learning rate." group:"Training"`
	WeightDecay     float64 `json:"weight_decay" name:"weight-decay" default:"1e-6" placeholder:"F" help:"Adam's L2 penalty." group:"Training"`
	Eps             float64 `json:"eps" name:"eps" default:"0.01" placeholder:"F" help:"Adam's epsilon." group:"Training"`
	NEpochsKLWarmup int     `json:"n_epochs_kl_warmup" name:"n-epochs-kl-warmup" default:"400" placeholder:"N" help:"Epochs over which the KL weight grows. 0: see --n-steps-kl-warmup." group:"Training"`
	NStepsKLWarmup  int     `json:"n_steps_kl_warmup" name:"n-steps-kl-warmup" default:"0" placeholder:"N" help:"Minibatches over which the KL weight grows, where --n-epochs-kl-warmup is 0. 0: no warm-up." group:"Training"`
	MinKLWeight     float64 `json:"min_kl_weight" name:"min-kl-weight" default:"0" placeholder:"F" help:"KL weight at the start of the warm-up." group:"Training"`
	MaxKLWeight     float64 `json:"max_kl_weight" name:"max-kl-weight" default:"1" placeholder:"F" help:"KL weight after the warm-up." group:"Training"`

	Precision string `json:"precision" name:"precision" default:"f32" enum:"f32,bf16" placeholder:"NAME" help:"Numbers in the decoder's large matrix products while training: f32, or bf16 (bfloat16: faster where the processor has it). Sums, parameters and everything after training stay f32." group:"Training"`

	EarlyStopping             bool    `json:"early_stopping" name:"early-stopping" help:"Stop when the monitored value no longer falls." group:"Training"`
	EarlyStoppingMonitor      string  `json:"early_stopping_monitor" name:"early-stopping-monitor" default:"elbo_validation" enum:"elbo_validation,reconstruction_loss_validation,kl_local_validation" placeholder:"NAME" help:"Value to monitor: ${enum}." group:"Training"`
	EarlyStoppingMinDelta     float64 `json:"early_stopping_min_delta" name:"early-stopping-min-delta" default:"0" placeholder:"F" help:"Smallest fall that counts." group:"Training"`
	EarlyStoppingPatience     int     `json:"early_stopping_patience" name:"early-stopping-patience" default:"45" placeholder:"N" help:"Epochs to wait for a fall." group:"Training"`
	EarlyStoppingWarmupEpochs int     `json:"early_stopping_warmup_epochs" name:"early-stopping-warmup-epochs" default:"0" placeholder:"N" help:"Epochs before monitoring begins." group:"Training"`

	CheckpointEvery float64 `json:"-" name:"checkpoint-every" default:"60" placeholder:"SECONDS" help:"Save the state of training, between two minibatches, when this long has passed since the last." group:"Training"`
	Profile         string  `json:"-" name:"profile" placeholder:"FILE" help:"Write to FILE, as JSON, what training's time went to, part by part." group:"Training"`
}

// EmbedOptions say what stands beside the posterior means.
type EmbedOptions struct {
	LatentVar bool `json:"latent_var" name:"latent-var" help:"Write the posterior variances too, as columns latent_var_0 …" group:"Output"`
}

// ReconstructOptions say what of the decoder is written.
type ReconstructOptions struct {
	Reconstruct      string `json:"reconstruct" name:"reconstruct" enum:"px_rate,px_scale" default:"px_rate" help:"Mean to write: px_rate (expected counts) or px_scale (expected share of a cell's counts)." group:"Output"`
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
	Seed     uint64  `json:"seed" name:"seed" default:"0" help:"The same seed gives the same file."`
}
