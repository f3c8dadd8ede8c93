package stages

// DEOptions say which groups of cells are compared, and how, with the names and
// defaults of scvi-tools' differential_expression.
type DEOptions struct {
	GroupBy string   `json:"groupby" name:"groupby" required:"" placeholder:"COLUMN" help:"Cell annotation that holds the groups, such as cell types." group:"Comparison"`
	Group1  []string `json:"group1,omitempty" name:"group1" sep:"none" placeholder:"GROUP" help:"Group to compare. Repeat for several, each compared on its own. Not given: every group." group:"Comparison"`
	Group2  string   `json:"group2,omitempty" name:"group2" placeholder:"GROUP" help:"Group to compare with. Not given: all other cells." group:"Comparison"`

	Mode          string   `json:"mode" name:"mode" enum:"vanilla,change" default:"vanilla" placeholder:"NAME" help:"Hypothesis: vanilla (the first group has more) or change (the log2 fold change is --delta at least)." group:"Comparison"`
	Delta         float64  `json:"delta" name:"delta" default:"0.25" placeholder:"F" help:"Least log2 fold change that counts, in mode change." group:"Comparison"`
	EstimateDelta bool     `json:"estimate_delta,omitempty" name:"estimate-delta" help:"Estimate --delta from the fold changes of all genes (scvi-tools' delta=None)." group:"Comparison"`
	Pseudocounts  *float64 `json:"pseudocounts,omitempty" name:"pseudocounts" placeholder:"F" help:"Added to expected shares before the fold change. Not given: estimated from genes that are not expressed." group:"Comparison"`
	TestMode      string   `json:"test_mode" name:"test-mode" enum:"three,two" default:"three" placeholder:"NAME" help:"In mode change: three hypotheses (up, down, neither), or two (changed or not)." group:"Comparison"`
	FDRTarget     float64  `json:"fdr_target" name:"fdr-target" aliases:"fdr" default:"0.05" placeholder:"F" help:"In mode change: the false discovery rate at which the column is_de_fdr_… marks genes." group:"Comparison"`

	BatchCorrection bool     `json:"batch_correction,omitempty" name:"batch-correction" help:"Decode both groups as each batch, and compare within batches. Not given: each cell as its own batch." group:"Comparison"`
	BatchID1        []string `json:"batchid1,omitempty" name:"batchid1" sep:"none" placeholder:"BATCH" help:"With --batch-correction: batch to decode the first group as. Repeat for several. Not given: all." group:"Comparison"`
	BatchID2        []string `json:"batchid2,omitempty" name:"batchid2" sep:"none" placeholder:"BATCH" help:"The same for the second group." group:"Comparison"`

	NSamples int    `json:"n_samples_overall" name:"n-samples-overall" aliases:"n-samples" default:"5000" placeholder:"N" help:"Pairs of posterior draws of each comparison." group:"Comparison"`
	Seed     uint64 `json:"seed" name:"seed" default:"0" placeholder:"N" help:"Seed of the draws. The same seed gives the same list." group:"Comparison"`
	AllStats bool   `json:"all_stats" name:"all-stats" default:"true" negatable:"" help:"Write statistics of the raw counts too." group:"Output"`
	Genes    string `json:"-" name:"genes" aliases:"de-genes" placeholder:"FILE" help:"Write only the genes named in this file, one a line. Their numbers are the same as without it." group:"Output"`
}

// DefaultDEOptions are scvi-tools' defaults; GroupBy is left empty.
func DefaultDEOptions() DEOptions {
	return DEOptions{Mode: "vanilla", Delta: 0.25, TestMode: "three", FDRTarget: 0.05, NSamples: 5000, AllStats: true}
}

// change tells whether the size of the change is tested.
func (o DEOptions) change() bool { return o.Mode == "change" }

// estimatesPseudocounts tells whether these are asked of the data.
func (o DEOptions) estimatesPseudocounts() bool { return o.change() && o.Pseudocounts == nil }

// Validate says everything that is wrong with o.
func (o DEOptions) Validate() error {
	var f faults
	f.unless(o.GroupBy != "", "--groupby is missing: name the cell annotation that holds the groups")
	f.unless(o.Mode == "vanilla" || o.Mode == "change", "--mode is %q: it must be vanilla or change", o.Mode)
	f.unless(isFinite(o.Delta) && o.Delta >= 0, "--delta is %v: it must be a finite number, and not negative", o.Delta)
	if c := o.Pseudocounts; c != nil {
		f.unless(isFinite(*c) && *c > 0, "--pseudocounts is %v: it must be a finite number above 0", *c)
		f.unless(o.change(), "--pseudocounts is given without --mode change, which it is for")
	}
	usual := DefaultDEOptions()
	f.unless(!o.EstimateDelta || o.change(), "--estimate-delta is given without --mode change, which it is for")
	f.unless(o.Delta == usual.Delta || o.change(), "--delta is given without --mode change, which it is for")
	f.unless(o.Delta == usual.Delta || !o.EstimateDelta, "--delta and --estimate-delta are both given: choose one")
	f.unless(o.FDRTarget == usual.FDRTarget || o.change(), "--fdr-target is given without --mode change, which it is for")
	f.unless(o.TestMode == "three" || o.TestMode == "two", "--test-mode is %q: it must be three or two", o.TestMode)
	f.unless(o.TestMode != "two" || o.change(), "--test-mode two is given without --mode change, which it is for")
	f.unless(o.FDRTarget > 0 && o.FDRTarget < 1, "--fdr-target is %v: it must be above 0 and below 1", o.FDRTarget)
	f.unless(o.NSamples >= 2 && o.NSamples <= 1<<24, "--n-samples-overall is %d: it must be 2 to %d", o.NSamples, 1<<24)
	f.unless(o.BatchCorrection || len(o.BatchID1)+len(o.BatchID2) == 0, "--batchid1 and --batchid2 are for --batch-correction, which is not given")
	f.unless(o.Seed < 1<<32, "--seed is %d: it must be below 4294967296", o.Seed)
	f.repeated("--group1", o.Group1)
	f.repeated("--batchid1", o.BatchID1)
	f.repeated("--batchid2", o.BatchID2)
	return f.err()
}

// repeated refuses a name given twice.
func (f *faults) repeated(flag string, names []string) {
	seen := map[string]bool{}
	for _, name := range names {
		f.unless(!seen[name], "%s %s is given twice", flag, name)
		seen[name] = true
	}
}
