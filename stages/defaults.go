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
func DefaultPrepareOptions() PrepareOptions { return PrepareOptions{HVGSpan: 0.3} }

// DefaultTrainOptions are scvi-tools' defaults with the likelihood nb.
func DefaultTrainOptions() TrainOptions {
	return TrainOptions{
		NLatent: 10, NHidden: 128, NLayers: 1, DropoutRate: 0.1, GeneLikelihood: "nb", Dispersion: "gene",
		LR: 1e-3, WeightDecay: 1e-6, Eps: 0.01, NEpochsKLWarmup: 400, MaxKLWeight: 1, Precision: model.Float32,
		EarlyStoppingMonitor: "elbo_validation", EarlyStoppingPatience: 45, CheckpointEvery: 60,
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
