package stages

import "math"

// FactorOptions say which factor model is fitted, and how.
type FactorOptions struct {
	NFactors  int     `json:"n_factors" name:"n-factors" default:"10" placeholder:"N" help:"Factors. Those that nothing in the data needs shrink to nothing." group:"Model"`
	Noise     string  `json:"noise" name:"noise" default:"gene" enum:"gene,shared" placeholder:"NAME" help:"Noise variance: one of each gene (gene), or one for all (shared)." group:"Model"`
	TargetSum float64 `json:"target_sum" name:"target-sum" default:"1e4" placeholder:"F" help:"What a cell's counts, of all genes, are scaled to before log(1 + x)." group:"Model"`

	Method         string  `json:"method" name:"method" default:"auto" enum:"auto,cavi,svi" placeholder:"NAME" help:"Coordinate ascent over all cells (cavi), stochastic variational inference over minibatches (svi), or auto: cavi up to 100,000 cells. Either streams cells that do not fit --memory." group:"Training"`
	MaxEpochs      int     `json:"max_epochs" name:"max-epochs" default:"0" placeholder:"N" help:"Most passes over the cells. 0: 500 of cavi, 50 of svi." group:"Training"`
	Tolerance      float64 `json:"tolerance" name:"tolerance" default:"0.01" placeholder:"F" help:"Stop when a pass raises the ELBO by less than so many nats per cell." group:"Training"`
	MinibatchCells int     `json:"minibatch_cells" name:"minibatch-cells" default:"1024" placeholder:"N" help:"Cells of a step of svi." group:"Training"`
	Delay          float64 `json:"delay" name:"delay" default:"1" placeholder:"F" help:"Step t = 0, 1, … of svi has the length (delay + t) to the power −forgetting-rate." group:"Training"`
	ForgettingRate float64 `json:"forgetting_rate" name:"forgetting-rate" default:"0.7" placeholder:"F" help:"See --delay. Above 0.5 and at most 1, for svi to converge." group:"Training"`
	HoldOut        float64 `json:"hold_out" name:"hold-out" default:"0.01" placeholder:"F" help:"Share of the entries, cell by gene, that the fit does not see and that its predictions are tried on. 0: none." group:"Training"`
	Seed           uint64  `json:"seed" name:"seed" default:"0" placeholder:"N" help:"Seed of everything random: where the fit begins, minibatches, held-out entries. The same seed gives the same bytes." group:"Training"`

	WriteHeldOut    bool    `json:"write_held_out,omitempty" name:"write-held-out" help:"Write every held-out entry and its prediction, as held_out.parquet: cells × genes × --hold-out rows." group:"Output"`
	CheckpointEvery float64 `json:"-" name:"checkpoint-every" default:"60" placeholder:"SECONDS" help:"Save the state of the fit when this long has passed since the last." group:"Training"`
}

// DefaultFactorOptions are what the flags say where they are not given.
func DefaultFactorOptions() FactorOptions {
	return FactorOptions{NFactors: 10, Noise: "gene", TargetSum: 1e4, Method: "auto", Tolerance: 0.01, MinibatchCells: 1024, Delay: 1,
		ForgettingRate: 0.7, HoldOut: 0.01, CheckpointEvery: 60}
}

// Validate says everything that is wrong with o.
func (o FactorOptions) Validate() error {
	var f faults
	f.unless(o.NFactors >= 1 && o.NFactors <= 200, "--n-factors is %d: it must be 1 to 200", o.NFactors)
	f.unless(o.Noise == "gene" || o.Noise == "shared", "--noise is %q: it must be gene or shared", o.Noise)
	f.unless(isFinite(o.TargetSum) && o.TargetSum > 0, "--target-sum is %v: it must be a finite number above 0", o.TargetSum)
	f.unless(o.Method == "auto" || o.Method == "cavi" || o.Method == "svi", "--method is %q: it must be auto, cavi or svi", o.Method)
	f.unless(o.MaxEpochs >= 0, "--max-epochs is %d: it must not be negative", o.MaxEpochs)
	f.unless(isFinite(o.Tolerance) && o.Tolerance >= 0, "--tolerance is %v: it must be a finite number, and not negative", o.Tolerance)
	f.unless(o.MinibatchCells >= 2 && o.MinibatchCells <= math.MaxInt32, "--minibatch-cells is %d: it must be at least 2", o.MinibatchCells)
	f.unless(isFinite(o.Delay) && o.Delay >= 1, "--delay is %v: it must be a finite number, at least 1", o.Delay)
	f.unless(o.ForgettingRate > 0.5 && o.ForgettingRate <= 1, "--forgetting-rate is %v: it must be above 0.5 and at most 1", o.ForgettingRate)
	usual := DefaultFactorOptions()
	stochastic := o.MinibatchCells != usual.MinibatchCells || o.Delay != usual.Delay || o.ForgettingRate != usual.ForgettingRate
	f.unless(o.Method != "cavi" || !stochastic, "--minibatch-cells, --delay and --forgetting-rate are for svi, --method is cavi: leave them out")
	f.unless(o.HoldOut >= 0 && o.HoldOut <= 0.5, "--hold-out is %v: it must be 0 to 0.5", o.HoldOut)
	f.unless(o.HoldOut > 0 || !o.WriteHeldOut, "--write-held-out is given, and --hold-out is 0: there is nothing to write")
	f.unless(o.CheckpointEvery >= 0, "--checkpoint-every is %v: it must not be negative", o.CheckpointEvery)
	return f.err()
}

// mostAscent is how many cells --method auto takes coordinate ascent for.
const mostAscent = 100_000

// settled makes auto and 0 what they stand for with so many cells.
func (o FactorOptions) settled(cells int) FactorOptions {
	if o.Method == "auto" {
		o.Method = "cavi"
		if cells > mostAscent {
			o.Method = "svi"
		}
	}
	if o.MaxEpochs == 0 {
		o.MaxEpochs = map[string]int{"cavi": 500, "svi": 50}[o.Method]
	}
	return o
}
