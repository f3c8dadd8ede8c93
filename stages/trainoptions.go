package stages

// ModelOptions are the model's sizes and choices, with the names and defaults of
// scvi-tools' model classes. What is "" or nil is the class's own default: see resolved.
type ModelOptions struct {
	ModelClass         string `json:"model_class" name:"model-class" default:"SCVI" enum:"SCVI,LinearSCVI,AUTOZI" placeholder:"NAME" help:"Model: SCVI; LinearSCVI, whose decoder is linear and gives loadings; or AUTOZI, which says of each gene whether it has zero inflation." group:"Model"`
	GeneLikelihood     string `json:"gene_likelihood" name:"gene-likelihood" placeholder:"NAME" help:"Distribution of counts: nb (negative binomial), zinb (zero-inflated), poisson, normal. Not given: nb, of AUTOZI zinb." group:"Model"`
	Dispersion         string `json:"dispersion" name:"dispersion" default:"gene" enum:"gene,gene-batch,gene-label,gene-cell" placeholder:"NAME" help:"What has an inverse dispersion of its own: ${enum}." group:"Model"`
	LatentDistribution string `json:"latent_distribution" name:"latent-distribution" default:"normal" enum:"normal,ln" placeholder:"NAME" help:"Distribution of the latent: normal, or ln (logistic-normal: shares that sum to 1)." group:"Model"`
	Posterior          string `json:"posterior,omitempty" name:"posterior" default:"diag" enum:"diag,full,flow" placeholder:"NAME" help:"What the encoder says of a cell's latent: diag, a variance of each dimension, as scvi-tools; full, their covariances too; flow, any bent shape. scvi-tools can't load the last two." group:"Model"`

	NLatent     int     `json:"n_latent" name:"n-latent" default:"10" placeholder:"N" help:"Dimensions of the latent space." group:"Model"`
	NHidden     int     `json:"n_hidden" name:"n-hidden" default:"128" placeholder:"N" help:"Units of a hidden layer." group:"Model"`
	NLayers     int     `json:"n_layers" name:"n-layers" default:"1" placeholder:"N" help:"Hidden layers of encoder and of decoder." group:"Model"`
	DropoutRate float64 `json:"dropout_rate" name:"dropout-rate" default:"0.1" placeholder:"F" help:"Share of hidden units dropped in the encoder while training." group:"Model"`

	EncodeCovariates       bool   `json:"encode_covariates" name:"encode-covariates" help:"The encoder sees batch and covariates too." group:"Model"`
	DeeplyInjectCovariates bool   `json:"deeply_inject_covariates" name:"deeply-inject-covariates" negatable:"" default:"true" help:"Every hidden layer sees them, not the first alone." group:"Model"`
	BatchRepresentation    string `json:"batch_representation" name:"batch-representation" default:"one-hot" enum:"one-hot,embedding" placeholder:"NAME" help:"What layers see of the batch: one-hot columns, or a learned embedding." group:"Model"`
	BatchEmbeddingDim      int    `json:"batch_embedding_dim" name:"batch-embedding-dim" default:"5" placeholder:"N" help:"Dimensions of the batch's embedding." group:"Model"`
	UseBatchNorm           string `json:"use_batch_norm" name:"use-batch-norm" default:"both" enum:"encoder,decoder,none,both" placeholder:"NAME" help:"Where hidden layers have batch normalization: ${enum}." group:"Model"`
	UseLayerNorm           string `json:"use_layer_norm" name:"use-layer-norm" default:"none" enum:"encoder,decoder,none,both" placeholder:"NAME" help:"Where hidden layers have layer normalization: ${enum}." group:"Model"`
	UseObservedLibSize     *bool  `json:"use_observed_lib_size" name:"use-observed-lib-size" negatable:"" help:"A cell's library size is its total counts; --no-use-observed-lib-size infers it. Not given: observed, of LinearSCVI inferred." group:"Model"`
	LogVariational         bool   `json:"log_variational" name:"log-variational" negatable:"" default:"true" help:"The encoder sees log(1 + counts). --no-log-variational: the counts." group:"Model"`

	Bias           bool    `json:"bias" name:"bias" help:"LinearSCVI's decoder has a bias." group:"Model"`
	AlphaPrior     float64 `json:"alpha_prior" name:"alpha-prior" default:"0.5" placeholder:"F" help:"AUTOZI: first parameter of the beta prior of a gene's probability of no zero inflation." group:"Model"`
	BetaPrior      float64 `json:"beta_prior" name:"beta-prior" default:"0.5" placeholder:"F" help:"AUTOZI: second parameter of that prior. With --zero-inflation gene, as in scvi-tools, --alpha-prior stands for both." group:"Model"`
	MinimalDropout float64 `json:"minimal_dropout" name:"minimal-dropout" default:"0.01" placeholder:"F" help:"AUTOZI: least probability of dropout where there is zero inflation." group:"Model"`
	ZeroInflation  string  `json:"zero_inflation" name:"zero-inflation" default:"gene" enum:"gene,gene-batch,gene-label" placeholder:"NAME" help:"AUTOZI: what has a decision of its own: ${enum}." group:"Model"`
}

// FitOptions say how a model is fitted, with the names and defaults of scvi-tools' train;
// for train and query.
type FitOptions struct {
	MaxEpochs       int          `json:"max_epochs" name:"max-epochs" default:"0" placeholder:"N" help:"Epochs to train. 0: 400 up to 20,000 cells, fewer beyond in proportion." group:"Training"`
	Optimizer       string       `json:"optimizer" name:"optimizer" default:"Adam" enum:"Adam,AdamW" placeholder:"NAME" help:"Optimizer: ${enum}." group:"Training"`
	LR              float64      `json:"lr" name:"lr" default:"1e-3" placeholder:"F" help:"Learning rate." group:"Training"`
	Eps             float64      `json:"eps" name:"eps" default:"0.01" placeholder:"F" help:"The optimizer's epsilon." group:"Training"`
	NEpochsKLWarmup WarmupEpochs `json:"n_epochs_kl_warmup" name:"n-epochs-kl-warmup" default:"400" placeholder:"N" help:"Epochs over which the KL weight grows; auto: a share of the epochs to train, so that it ends well before they do. 0: see --n-steps-kl-warmup." group:"Training"`
	NStepsKLWarmup  int          `json:"n_steps_kl_warmup" name:"n-steps-kl-warmup" default:"0" placeholder:"N" help:"Minibatches over which the KL weight grows, where --n-epochs-kl-warmup is 0. 0: no warm-up." group:"Training"`
	MinKLWeight     float64      `json:"min_kl_weight" name:"min-kl-weight" default:"0" placeholder:"F" help:"KL weight at the start of the warm-up." group:"Training"`
	MaxKLWeight     float64      `json:"max_kl_weight" name:"max-kl-weight" default:"1" placeholder:"F" help:"KL weight after the warm-up." group:"Training"`

	ReduceLROnPlateau bool    `json:"reduce_lr_on_plateau" name:"reduce-lr-on-plateau" help:"Lower the learning rate when --lr-scheduler-metric no longer falls." group:"Training"`
	LRFactor          float64 `json:"lr_factor" name:"lr-factor" default:"0.6" placeholder:"F" help:"What --reduce-lr-on-plateau multiplies the learning rate by." group:"Training"`
	LRPatience        int     `json:"lr_patience" name:"lr-patience" default:"30" placeholder:"N" help:"Epochs without a fall of the metric before the learning rate is lowered." group:"Training"`
	LRThreshold       float64 `json:"lr_threshold" name:"lr-threshold" default:"0" placeholder:"F" help:"Smallest fall of the metric that counts." group:"Training"`
	LRMin             float64 `json:"lr_min" name:"lr-min" default:"0" placeholder:"F" help:"Least learning rate." group:"Training"`
	LRSchedulerMetric string  `json:"lr_scheduler_metric" name:"lr-scheduler-metric" default:"elbo_validation" placeholder:"NAME" help:"Metric that --reduce-lr-on-plateau follows, as --early-stopping-monitor has them." group:"Training"`

	Precision string `json:"precision" name:"precision" default:"f32" enum:"f32,bf16" placeholder:"NAME" help:"Numbers in the decoder's large matrix products while training: f32, or bf16 (bfloat16: faster where the processor has it). Sums, parameters and everything after training stay f32." group:"Training"`

	EarlyStopping             bool    `json:"early_stopping" name:"early-stopping" help:"Stop when --early-stopping-monitor no longer falls." group:"Training"`
	EarlyStoppingMonitor      string  `json:"early_stopping_monitor" name:"early-stopping-monitor" default:"elbo_validation" placeholder:"NAME" help:"Value to monitor: elbo, reconstruction_loss, kl_local or kl_global with _validation or _train, validation_loss or train_loss." group:"Training"`
	EarlyStoppingMinDelta     float64 `json:"early_stopping_min_delta" name:"early-stopping-min-delta" default:"0" placeholder:"F" help:"Smallest fall that counts." group:"Training"`
	EarlyStoppingPatience     int     `json:"early_stopping_patience" name:"early-stopping-patience" default:"45" placeholder:"N" help:"Epochs without a fall before training stops." group:"Training"`
	EarlyStoppingWarmupEpochs int     `json:"early_stopping_warmup_epochs" name:"early-stopping-warmup-epochs" default:"0" placeholder:"N" help:"Epochs before monitoring begins." group:"Training"`
	CheckValEveryNEpoch       int     `json:"check_val_every_n_epoch" name:"check-val-every-n-epoch" default:"1" placeholder:"N" help:"Evaluate the validation cells after every so many epochs." group:"Training"`

	CheckpointEvery float64 `json:"-" name:"checkpoint-every" default:"60" placeholder:"SECONDS" help:"Save the state of training, between two minibatches, when this long has passed since the last." group:"Training"`
	CheckpointDir   string  `json:"-" name:"checkpoint-dir" placeholder:"DIR" help:"Folder for the state of training, checkpoint.safetensors. Not given: OUTDIR. For workflow engines, which give every try a folder of its own: name one that stays, a different one for each training." group:"Training"`
	Profile         string  `json:"-" name:"profile" placeholder:"FILE" help:"Write to FILE, as JSON, what training's time went to, part by part." group:"Training"`
}
