package stages

import (
	"cellvi/model"
)

// QueryOptions say how new cells are mapped onto a trained reference. Options of the
// model are the reference's; keys of covariates are too, unless given here.
type QueryOptions struct {
	QueryCells  `embed:""`
	NewLevels   string  `json:"new_levels" name:"new-levels" default:"mean" enum:"mean,random" placeholder:"NAME" help:"What the weights of levels that the reference does not have begin as: the mean of its levels', or random as in scvi-tools." group:"Query"`
	Epochs      *int    `json:"epochs" name:"epochs" placeholder:"N" help:"Epochs to train the new levels' weights. 0 maps without training. Not given: as --max-epochs." group:"Query"`
	WeightDecay float64 `json:"weight_decay" name:"weight-decay" default:"0" placeholder:"F" help:"Adam's L2 penalty, AdamW's decay, of what is not frozen." group:"Query"`
	Freezing    `embed:""`
	FitOptions  `embed:""`
}

// QueryCells say which of the new cells and genes are taken.
type QueryCells struct {
	BatchKey       string   `json:"batch_key" name:"batch-key" placeholder:"COLUMN" help:"Cell annotation that holds the new cells' batch. Not given: of the reference's name." group:"Cells and genes"`
	LabelsKey      string   `json:"labels_key" name:"labels-key" placeholder:"COLUMN" help:"Cell annotation that holds the new cells' labels. Not given: of the reference's name, where there is one." group:"Cells and genes"`
	MinGeneOverlap float64  `json:"min_gene_overlap" name:"min-gene-overlap" default:"0" placeholder:"F" help:"Least share of the reference's genes that must be in the data. 0: any, with a warning below 0.8. Those that are not there count as 0." group:"Cells and genes"`
	MinCounts      float64  `json:"min_counts" name:"min-counts" default:"0" placeholder:"N" help:"Leave out cells with fewer counts, over all genes." group:"Cells and genes"`
	TrainSize      *float64 `json:"train_size" name:"train-size" placeholder:"F" help:"Share of the cells to train on. Not given: 0.9, and a last minibatch of one or two cells goes to validation." group:"Cells and genes"`
	ValidationSize *float64 `json:"validation_size" name:"validation-size" placeholder:"F" help:"Share of the cells held out for validation. Not given: all that are not trained on." group:"Cells and genes"`
	Split          string   `json:"-" name:"split" placeholder:"FILE" help:"Take this split: CSV or Parquet with the columns cell_id and split (train or validation)." group:"Cells and genes"`
}

// Freezing says what of the reference stays as it is, with scvi-tools' names.
type Freezing struct {
	Unfrozen                bool `json:"unfrozen" name:"unfrozen" help:"Freeze nothing: every weight is trained." group:"Query"`
	FreezeDropout           bool `json:"freeze_dropout" name:"freeze-dropout" negatable:"" help:"No dropout in --training-mode." group:"Query"`
	FreezeExpression        bool `json:"freeze_expression" name:"freeze-expression" negatable:"" default:"true" help:"Keep the weights of expression in the encoder's first layer." group:"Query"`
	FreezeDecoderFirstLayer bool `json:"freeze_decoder_first_layer" name:"freeze-decoder-first-layer" negatable:"" default:"true" help:"Keep the weights of the latent in the decoder's first layer." group:"Query"`
	FreezeBatchNormEncoder  bool `json:"freeze_batchnorm_encoder" name:"freeze-batchnorm-encoder" negatable:"" default:"true" help:"Keep the encoder's batch normalization." group:"Query"`
	FreezeBatchNormDecoder  bool `json:"freeze_batchnorm_decoder" name:"freeze-batchnorm-decoder" negatable:"" help:"Keep the decoder's batch normalization." group:"Query"`
	TrainingMode            bool `json:"training_mode" name:"training-mode" help:"Train with dropout, and normalize by each minibatch's statistics. Not given: by the reference's running statistics and without dropout, as embedding does, and as scvi-tools 1.4 trains a query under Lightning 2.2 and later." group:"Query"`
}

// DefaultQueryOptions are scvi-tools', with no weight decay, as its documentation advises.
func DefaultQueryOptions() QueryOptions {
	fit := DefaultTrainOptions().FitOptions
	return QueryOptions{NewLevels: model.FromMean, FitOptions: fit,
		Freezing: Freezing{FreezeExpression: true, FreezeDecoderFirstLayer: true, FreezeBatchNormEncoder: true}}
}

// Validate says everything that is wrong with o.
func (o QueryOptions) Validate() error {
	var f faults
	f.unless(o.Epochs == nil || *o.Epochs >= 0, "--epochs is below 0")
	f.unless(o.Epochs == nil || o.MaxEpochs == 0, "--epochs and --max-epochs are given: they are the same")
	f.unless(isFinite(o.WeightDecay) && o.WeightDecay >= 0, "--weight-decay is %v: it must be a finite number, and not negative", o.WeightDecay)
	f.unless(o.NewLevels == model.FromMean || o.NewLevels == model.FromRandom, "--new-levels is %q: it must be mean or random", o.NewLevels)
	f.unless(o.MinGeneOverlap >= 0 && o.MinGeneOverlap <= 1, "--min-gene-overlap is %v: it must be 0 to 1", o.MinGeneOverlap)
	if err := o.prepare().Validate(); err != nil {
		f = append(f, err.Error())
	}
	o.FitOptions.validate(&f)
	return f.err()
}

// untrained says whether nothing is trained.
func (o QueryOptions) untrained() bool { return o.Epochs != nil && *o.Epochs == 0 }

// prepare is what prepare is told.
func (o QueryOptions) prepare() PrepareOptions {
	p := DefaultPrepareOptions()
	p.BatchKey, p.LabelsKey, p.MinCounts = o.BatchKey, o.LabelsKey, o.MinCounts
	p.TrainSize, p.ValidationSize, p.Split = o.TrainSize, o.ValidationSize, o.Split
	return p
}

// fit is what training is told: of its model options none is looked at.
func (o QueryOptions) fit() TrainOptions {
	t := DefaultTrainOptions()
	t.FitOptions, t.WeightDecay = o.FitOptions, o.WeightDecay
	if o.Epochs != nil {
		t.MaxEpochs = *o.Epochs
	}
	return t
}

// model is what the model is told.
func (f Freezing) model() model.Freezing {
	return model.Freezing{Unfrozen: f.Unfrozen, Dropout: f.FreezeDropout, Expression: f.FreezeExpression, DecoderFirstLayer: f.FreezeDecoderFirstLayer,
		BatchNormEncoder: f.FreezeBatchNormEncoder, BatchNormDecoder: f.FreezeBatchNormDecoder, TrainingMode: f.TrainingMode}
}
