package stages

import "cellvi/model"

// DefaultShared is seed 0 and scvi-tools' minibatch.
func DefaultShared() Shared { return Shared{Seed: 0, BatchSize: 128} }

// DefaultIngestOptions reads X of each file and keeps common genes.
func DefaultIngestOptions() IngestOptions {
	return IngestOptions{ReadOptions: DefaultReadOptions()}
}

// DefaultReadOptions reads X of each file and keeps common genes.
func DefaultReadOptions() ReadOptions {
	return ReadOptions{Layer: "X", Join: "inner", MinOverlap: 0.2}
}

// DefaultPrepareOptions keeps every cell and gene.
func DefaultPrepareOptions() PrepareOptions {
	return PrepareOptions{HVGSpan: 0.3, ShuffleSetSplit: true}
}

// DefaultTrainOptions are scvi-tools' defaults with the likelihood nb.
func DefaultTrainOptions() TrainOptions {
	return TrainOptions{
		ModelOptions: ModelOptions{
			ModelClass: model.SCVI, Dispersion: "gene", LatentDistribution: "normal", Posterior: "diag", NLatent: 10, NHidden: 128, NLayers: 1, DropoutRate: 0.1,
			DeeplyInjectCovariates: true, BatchRepresentation: "one-hot", BatchEmbeddingDim: 5, UseBatchNorm: "both", UseLayerNorm: "none",
			LogVariational: true, AlphaPrior: 0.5, BetaPrior: 0.5, MinimalDropout: 0.01, ZeroInflation: "gene",
		},
		FitOptions: FitOptions{
			Optimizer: model.PlainAdam, LR: 1e-3, Eps: 0.01, NEpochsKLWarmup: 400, MaxKLWeight: 1,
			LRFactor: 0.6, LRPatience: 30, LRSchedulerMetric: "elbo_validation", Precision: model.Float32,
			EarlyStoppingMonitor: "elbo_validation", EarlyStoppingPatience: 45, CheckValEveryNEpoch: 1, CheckpointEvery: 60,
		},
		Objective:   Objective{IWAE: 1},
		WeightDecay: 1e-6,
	}
}

// DefaultReconstructOptions writes expected counts of every selected gene.
func DefaultReconstructOptions() ReconstructOptions {
	return ReconstructOptions{Reconstruct: "px_rate"}
}

// DefaultReportOptions names the report after the program.
func DefaultReportOptions() ReportOptions { return ReportOptions{Title: "cellvi"} }

// DefaultSimulateOptions is a small data set for a demo; Output is left empty.
func DefaultSimulateOptions() SimulateOptions {
	return SimulateOptions{Cells: 2000, Genes: 500, NBatches: 3, NLabels: 5, NLatent: 10, Library: 2000}
}
