package report

import "encoding/json"

// Data is all that the report shows.
type Data struct {
	Title   string
	Stages  []Stage // in the order they ran; empty where there is no run.json
	History History // one row an epoch

	Cells int // of the latent; perhaps more than are drawn
	// Latent is the posterior means of the cells to draw, one slice of cells a
	// dimension, in the order in which to draw them: random, so that no group
	// covers another. Where they are fewer than Cells, the page says so.
	Latent [][]float32
	// Moments are of the latent of all cells.
	Moments Moments
	// Batch and Label colour the latent. Key is empty where none was given.
	Batch, Label Grouping
	Covariates   []Grouping // further categorical covariates
	Library      []float32  // counts of each cell that is drawn; nil: not known

	Validation, Test int // held-out cells
	Genes, Selected  int // genes of the store, genes the model was given
	DefaultEpochs    int // that a training of so many cells has where no number is given

	Check *Check // what was measured of the posteriors; nil: nothing was

	scores *scores // nil: Measure was not called, or there is nothing to measure
}

// drawn is the number of cells to draw.
func (d *Data) drawn() int {
	if len(d.Latent) == 0 {
		return 0
	}
	return len(d.Latent[0])
}

// Grouping is a categorical annotation of the cells.
type Grouping struct {
	Key    string
	Levels []string
	Codes  []int32 // one a cell that is drawn, an index of Levels
	Cells  []int   // one a level: how many of all cells have it
	// Ordered levels are steps of a quantity: one hue, and no counts beside them.
	Ordered bool
}

// given tells whether there is such an annotation.
func (g *Grouping) given() bool { return g.Key != "" }

// present is how many levels have cells.
func (g *Grouping) present() (n int) {
	for _, cells := range g.Cells {
		if cells > 0 {
			n++
		}
	}
	return n
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
