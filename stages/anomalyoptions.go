package stages

import (
	"math"

	"cellvi/io/counts"
	"cellvi/model/vi"
)

// AnomalyOptions say how counts are held to the model.
type AnomalyOptions struct {
	LeaveOut bool    `json:"leave_out" name:"leave-out" default:"true" negatable:"" help:"Judge each count by a posterior that was fitted without it: genes are cut in --folds parts, and each is predicted from the others. With --no-leave-out a count has a say in its own prediction, and swapped ones hide." group:"Posterior"`
	Folds    int     `json:"folds" name:"folds" default:"5" placeholder:"N" help:"Parts that the genes are cut into by --leave-out. More leave more genes to predict from, and take as many times longer. Genes are left out in stripes of 32: with fewer stripes, as many parts as stripes." group:"Posterior"`
	Refine   string  `json:"refine,omitempty" name:"refine" enum:"none,diag,full," default:"" placeholder:"NAME" help:"Posterior of each cell: none (the encoder's), or a Gaussian fitted to the cell, with a diagonal (diag) or any covariance (full). Not given: full." group:"Posterior"`
	Samples  int     `json:"n_samples" name:"n-samples" default:"32" placeholder:"N" help:"Draws of each cell's posterior that a prediction is averaged over, 1 to 128." group:"Posterior"`
	Seed     uint64  `json:"seed" name:"seed" default:"0" placeholder:"N" help:"Seed of the draws. The same seed gives the same bytes." group:"Posterior"`
	Tail     string  `json:"tail" name:"tail" enum:"two-sided,upper,lower" default:"two-sided" placeholder:"NAME" help:"Counts to look for: too high or too low (two-sided), too high (upper), or too low (lower)." group:"Comparison"`
	Family   string  `json:"family" name:"family" enum:"all,expressed" default:"all" placeholder:"NAME" help:"Counts that are tested, among which the false discovery rate holds: all of cells × genes, or those above zero (expressed), given that they are." group:"Comparison"`
	FDR      float64 `json:"fdr" name:"fdr" default:"0.05" placeholder:"F" help:"False discovery rate: of the counts that are reported, this share at most would be so by chance." group:"Comparison"`
	Coverage float64 `json:"coverage" name:"coverage" default:"0.9" placeholder:"F" help:"Share of counts that the predictive intervals should hold." group:"Comparison"`

	CellsFile string   `json:"-" name:"cells" placeholder:"FILE" help:"Only the cells named in this file, one a line, in the order of the store." group:"Cells and genes"`
	Keep      []string `json:"keep,omitempty" name:"keep" sep:"none" placeholder:"CONDITION" help:"Only cells that meet this, such as 'cell_type == B', on annotations of the store. Repeat: all are to be met." group:"Cells and genes"`
	Scores    bool     `json:"scores" name:"scores" help:"Write scores.parquet too, cells × genes: −log10 of each count's p-value. Large." group:"Output"`
}

// DefaultAnomalyOptions are those of the command line.
func DefaultAnomalyOptions() AnomalyOptions {
	return AnomalyOptions{LeaveOut: true, Folds: 5, Samples: 32, Tail: "two-sided", Family: "all", FDR: 0.05, Coverage: 0.9}
}

// mostAnomalyDraws are the points that are decoded at once: an outlook is of one pass.
const mostAnomalyDraws = 128

// Validate says everything that is wrong with o.
func (o AnomalyOptions) Validate() error {
	var f faults
	f.unless(o.Samples >= 1 && o.Samples <= mostAnomalyDraws, "--n-samples is %d: it must be 1 to %d", o.Samples, mostAnomalyDraws)
	f.unless(o.Folds >= 2 && o.Folds <= 64, "--folds is %d: it must be 2 to 64", o.Folds)
	f.unless(o.LeaveOut || o.Folds == DefaultAnomalyOptions().Folds, "--folds is given with --no-leave-out, which has none")
	if o.Refine != "" {
		f.oneOf("refine", o.Refine, "none", "diag", "full")
	}
	f.unless(o.Refine != "none" || !o.LeaveOut, "--refine none is the encoder's posterior, which has seen every count: give --no-leave-out with it, or --refine diag or full")
	f.oneOf("tail", o.Tail, "two-sided", "upper", "lower")
	f.oneOf("family", o.Family, "all", "expressed")
	f.unless(o.FDR > 0 && o.FDR < 1, "--fdr is %v: it must be above 0 and below 1", o.FDR)
	f.unless(o.Coverage > 0 && o.Coverage < 1, "--coverage is %v: it must be above 0 and below 1", o.Coverage)
	f.unless(o.Seed < 1<<32, "--seed is %d: it must be below 4294967296", o.Seed)
	for _, text := range o.Keep {
		if _, err := counts.ParseKeep(text); err != nil {
			f.unless(false, "--keep: %v", err)
		}
	}
	return f.err()
}

// refine is the family of posteriors that are fitted; none: the encoder's.
func (o AnomalyOptions) refine() (of vi.Family, fitted bool) {
	switch o.Refine {
	case "none":
		return "", false
	case "diag":
		return vi.Diag, true
	}
	return vi.Full, true
}

// folds is the number of parts that genes are cut into.
func (o AnomalyOptions) folds() int {
	if !o.LeaveOut {
		return 1
	}
	return o.Folds
}

// test gives a count's p-value from P(X ≤ x) and P(X ≥ x).
func (o AnomalyOptions) test(lower, upper float64) float64 {
	switch o.Tail {
	case "lower":
		return min(1, lower)
	case "upper":
		return min(1, upper)
	}
	return min(1, 2*math.Min(lower, upper))
}

// cut is the p-value above which a count is not kept as a candidate. At Benjamini and
// Hochberg's threshold t = fdr·found/tests, it is reached where a tenth of all tests are found.
func (o AnomalyOptions) cut() float64 { return o.FDR / 10 }
