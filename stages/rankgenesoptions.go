package stages

// RankGenesOptions say whose genes are ranked, and how.
type RankGenesOptions struct {
	GroupBy string   `json:"groupby,omitempty" name:"groupby" placeholder:"COLUMN" help:"Cell annotation that holds the groups, such as cell types." group:"Comparison"`
	Cells   string   `json:"-" name:"cells" placeholder:"FILE" help:"Instead of --groupby: the group is the cells named in this file, one a line." group:"Comparison"`
	Group1  []string `json:"group1,omitempty" name:"group1" aliases:"group" sep:"none" placeholder:"GROUP" help:"Group whose genes are ranked. Repeat for several, each ranked on its own. Not given: every group." group:"Comparison"`
	Group2  string   `json:"group2,omitempty" name:"group2" aliases:"reference" placeholder:"GROUP" help:"Group to come from: the reference. Not given: all other cells." group:"Comparison"`

	Batches     []string `json:"transform_batch,omitempty" name:"transform-batch" placeholder:"BATCH" help:"Decode all cells as of this batch. Several, between commas, or all: their average. Not given: each cell as of its own." group:"Comparison"`
	NSamples    int      `json:"n_samples" name:"n-samples" aliases:"samples" default:"5" placeholder:"N" help:"Draws of each cell's posterior." group:"Comparison"`
	Pseudocount float64  `json:"pseudocounts" name:"pseudocounts" default:"1e-4" placeholder:"F" help:"Added to a gene's expected share before its logarithm: what is much rarer hardly responds. 0: none." group:"Comparison"`
	Delta       float64  `json:"delta" name:"delta" default:"0.25" placeholder:"F" help:"Least response, in log2, that counts: the column prob is the probability of as much." group:"Comparison"`
	Seed        uint64   `json:"seed" name:"seed" default:"0" placeholder:"N" help:"Seed of the draws. The same seed gives the same list." group:"Comparison"`
	Top         int      `json:"top" name:"top" default:"50" placeholder:"N" help:"Genes of each group, the first of its ranking, whose neighbours are written." group:"Output"`
	Neighbours  int      `json:"neighbours" name:"neighbours" default:"10" placeholder:"N" help:"Neighbours of each of these: the genes that move with it most. 0: none." group:"Output"`
}

// DefaultRankGenesOptions are the defaults; the groups are left empty.
func DefaultRankGenesOptions() RankGenesOptions {
	return RankGenesOptions{NSamples: 5, Pseudocount: 1e-4, Delta: 0.25, Top: 50, Neighbours: 10}
}

// Validate says everything that is wrong with o.
func (o RankGenesOptions) Validate() error {
	var f faults
	f.unless(o.GroupBy != "" || o.Cells != "", "--groupby is missing: name the cell annotation that holds the groups, or give --cells a file of names")
	f.unless(o.GroupBy == "" || o.Cells == "", "--groupby and --cells are both given: choose one")
	f.unless(o.Cells == "" || len(o.Group1) == 0 && o.Group2 == "", "--group1 and --group2 are of --groupby: with --cells the group is the cells of the file, the reference all others")
	f.unless(o.NSamples >= 2 && o.NSamples <= 1<<12, "--n-samples is %d: it must be 2 to %d", o.NSamples, 1<<12)
	f.unless(isFinite(o.Pseudocount) && o.Pseudocount >= 0 && o.Pseudocount < 1, "--pseudocounts is %v: it must be 0 or more, and below 1", o.Pseudocount)
	f.unless(isFinite(o.Delta) && o.Delta >= 0, "--delta is %v: it must be a finite number, and not negative", o.Delta)
	f.unless(o.Top >= 0 && o.Neighbours >= 0, "--top and --neighbours must not be negative")
	f.unless(o.Seed < 1<<32, "--seed is %d: it must be below 4294967296", o.Seed)
	f.repeated("--group1", o.Group1)
	f.repeated("--transform-batch", o.Batches)
	return f.err()
}
