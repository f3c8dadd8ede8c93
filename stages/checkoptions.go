package stages

import "cellvi/pipeline"

// CheckOptions say which cells' posteriors are measured, and how.
type CheckOptions struct {
	Cells         string `json:"-" name:"cells" default:"validation" placeholder:"WHICH" help:"Cells to check: validation (those held out; all where there are none), all, or a file of names, one a line." group:"Cells and genes"`
	MaxCells      int    `json:"max_cells" name:"max-cells" default:"2000" placeholder:"N" help:"Check at most N cells, spread evenly over those of --cells. 0: all of them." group:"Cells and genes"`
	Samples       int    `json:"samples" name:"samples" aliases:"n-samples" default:"512" placeholder:"N" help:"Draws of each posterior that bounds, k-hat and effective sample size are told by." group:"Posterior"`
	Refine        string `json:"refine" name:"refine" enum:"none,diag,full,mixture,flow" default:"full" placeholder:"NAME" help:"Compare with a posterior fitted to each cell: diag, full, mixture or flow, as embed --refine does; none leaves that out, and takes less time." group:"Posterior"`
	RefineOptions `embed:""`
	Seed          uint64 `json:"seed" name:"seed" default:"0" placeholder:"N" help:"Seed of the draws. The same seed gives the same bytes." group:"Posterior"`
}

// The cells of --cells that are not of a file.
const (
	checkValidation = "validation"
	checkAll        = "all"
)

// DefaultCheckOptions checks up to 2,000 validation cells against full-covariance fits.
func DefaultCheckOptions() CheckOptions {
	return CheckOptions{Cells: checkValidation, MaxCells: 2000, Samples: 512, Refine: "full"}
}

// Validate says everything that is wrong with o.
func (o CheckOptions) Validate() error {
	var f faults
	f.unless(o.Cells != "", "--cells is empty: it must be validation, all, or a file of names")
	f.unless(o.MaxCells >= 0, "--max-cells is %d: it must be 0, for all, or above", o.MaxCells)
	f.unless(o.Samples >= leastKHat && o.Samples <= mostRefine, "--samples is %d: it must be %d to %d, for k-hat is told by the tail of the draws", o.Samples, leastKHat, mostRefine)
	if o.refines() {
		validFamily(&f, o.Refine)
	}
	o.RefineOptions.validate(&f, o.refines())
	f.unless(o.Seed < 1<<32, "--seed is %d: it must be below 4294967296", o.Seed)
	return f.err()
}

// refines tells whether posteriors are fitted to the cells.
func (o CheckOptions) refines() bool { return o.Refine != "none" }

// file is that of the cells' names; "" where --cells is none.
func (o CheckOptions) file() string {
	if o.Cells == checkValidation || o.Cells == checkAll {
		return ""
	}
	return o.Cells
}

// Check measures how far the cells' posteriors can be trusted. Empty paths mean Layout's.
type Check struct {
	Layout
	StorePath, PreparedPath, ModelPath, HistoryPath string
	Options                                         CheckOptions
	history                                         string // "": there is none, as of a model that was imported without; found by Preflight
	piece                                           int    // cells of a piece of the log; 0: as many as are worth it
}

// Checked is the Parquet of what was measured of each cell.
func (l Layout) Checked() string { return l.in("check.parquet") }

// CheckSummary is the JSON of groups, verdict and advice, which the report shows.
func (l Layout) CheckSummary() string { return l.in("check.json") }

// Checking is what is measured by a check that was stopped.
func (l Layout) Checking() string { return l.in("checking.partial") }

// Name is the subcommand.
func (s *Check) Name() string { return "check" }

// Store is the folder of counts.
func (s *Check) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *Check) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Model is the folder of the trained model.
func (s *Check) Model() string { return or(s.ModelPath, s.Layout.Model()) }

// Plan reads store, prepared, model, and history where Preflight found one, and writes
// two files.
func (s *Check) Plan() pipeline.Plan {
	which := s.Options.Cells
	if s.Options.file() != "" {
		which = "named" // what is in the file counts
	}
	return pipeline.Plan{
		Inputs:  given([]string{s.Store(), s.Prepared(), s.Model()}, s.history, s.Options.file()),
		Outputs: []string{s.Checked(), s.CheckSummary()},
		Partial: []string{s.Checking()},
		Args: struct {
			Cells string `json:"cells"`
			CheckOptions
		}{which, s.Options},
		Seed: &s.Options.Seed,
	}
}
