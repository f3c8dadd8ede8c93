package report

import "encoding/json"

// Data is all that the report shows.
type Data struct {
	Title   string
	Stages  []Stage // in the order they ran; empty where there is no run.json
	History History // one row an epoch

	// Latent is the posterior means, one slice of cells a dimension.
	Latent [][]float32
	// Order is the cells (rows of Latent) in the order in which to draw them,
	// random so that no group covers another; where it is shorter than the
	// cells, only these are drawn, and the page says so.
	Order []uint32
	// Batch and Label colour the latent. Key is empty where none was given.
	Batch, Label Grouping

	Validation, Test int // held-out cells
	Genes, Selected  int // genes of the store, genes the model was given
}

// Cells is the number of cells in the latent.
func (d *Data) Cells() int {
	if len(d.Latent) == 0 {
		return 0
	}
	return len(d.Latent[0])
}

// Grouping is a categorical annotation of the cells.
type Grouping struct {
	Key    string
	Levels []string
	Codes  []int32 // one a cell, an index of Levels
}

// History is the losses per epoch, as a loss per cell (lower is better). A
// column that is absent is nil; NaN is a value that was not measured.
type History struct {
	ELBOTrain, ELBOValidation                     []float64
	ReconstructionTrain, ReconstructionValidation []float64
	KLTrain, KLValidation                         []float64
	KLWeight                                      []float64
}

// Epochs is the number of epochs.
func (h *History) Epochs() int { return len(h.ELBOTrain) }

// Stage is what the report says of one stage: its entry in run.json.
type Stage struct {
	Name       string
	Version    string          // cellvi's
	Args       json.RawMessage // an object of options
	Seed       *uint64
	Inputs     []File
	Outputs    []File
	Counts     map[string]int64
	Warnings   []string
	Seconds    float64
	PeakMemory int64 // bytes; 0: not known
}

// File is one file that a stage read or wrote.
type File struct {
	Path   string
	Size   int64 // bytes
	SHA256 string
}
