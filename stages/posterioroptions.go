package stages

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// PosteriorOptions say what is asked of the posterior. An option that was not given
// is nil or empty: what stands for it then depends on the kind of output.
type PosteriorOptions struct {
	Samples     *int      `json:"n_samples,omitempty" name:"n-samples" aliases:"samples" placeholder:"N" help:"Draws of each cell's posterior: means over N draws instead of what the posterior's mean gives; draws of counts, likelihoods and checks are made of N. Not given: 0 for normalized-expression, likelihood-parameters and latent, 1 for predictive and elbo, 10 for correlation and ppc, 1000 for marginal-ll." group:"Posterior"`
	Quantiles   []float64 `json:"quantiles,omitempty" name:"quantiles" placeholder:"F" help:"Quantiles over the draws too, such as 0.05,0.95. For ppc: the ends of the credible intervals of the calibration." group:"Posterior"`
	Seed        uint64    `json:"seed" name:"seed" default:"0" placeholder:"N" help:"Seed of the draws. The same seed gives the same bytes." group:"Posterior"`
	LibrarySize string    `json:"library_size,omitempty" name:"library-size" placeholder:"SIZE" help:"What expected shares are multiplied by: a number, observed (the cell's counts, or its size factor) or latent (what the model takes as its size). Not given: 1; 1000 for correlation." group:"Posterior"`
	Batches     []string  `json:"transform_batch,omitempty" name:"transform-batch" placeholder:"BATCH" help:"Decode all cells as of this batch. Several, between commas, or all: their average. Not given: each cell as of its own." group:"Posterior"`
	Correlation string    `json:"correlation_type,omitempty" name:"correlation-type" enum:"spearman,pearson," default:"" placeholder:"NAME" help:"spearman (where not given) or pearson. Pearson's streams any number of cells." group:"Posterior"`

	GenesFile string   `json:"-" name:"genes" placeholder:"FILE" help:"Only the genes named in this file, one a line." group:"Cells and genes"`
	Genes     []string `json:"gene,omitempty" name:"gene" placeholder:"NAME" help:"Only this gene. Repeat, or separate by commas." group:"Cells and genes"`
	CellsFile string   `json:"-" name:"cells" placeholder:"FILE" help:"Only the cells named in this file, one a line, in the order of the store." group:"Cells and genes"`
	Keep      []string `json:"keep,omitempty" name:"keep" sep:"none" placeholder:"CONDITION" help:"Only cells that meet this, such as 'cell_type == B', on annotations of the store. Repeat: all are to be met." group:"Cells and genes"`
}

// The kinds of output.
const (
	normalizedExpression = "normalized-expression"
	likelihoodParameters = "likelihood-parameters"
	latentKind           = "latent"
	libraryKind          = "library"
	predictiveKind       = "predictive"
	elboKind             = "elbo"
	marginalKind         = "marginal-ll"
	correlationKind      = "correlation"
	ppcKind              = "ppc"
)

// posteriorKind is what a kind of output takes of the options.
type posteriorKind struct {
	files         []string // of its folder, without quantiles; none: it is one file
	samples       int      // where --n-samples is not given
	least         int      // draws; −1: it takes none
	quantiles     bool
	library       bool
	batches       int // most of --transform-batch; 0: it takes none
	genes         bool
	correlates    bool
	closedQuantum bool // quantiles are of something else than draws of cells and genes
}

const anyBatches = math.MaxInt

// overDraws tells whether quantiles are over draws, of cells and genes.
func (k posteriorKind) overDraws() bool { return k.quantiles && !k.closedQuantum }

// posteriorKinds are the kinds of output by their names.
func posteriorKinds() map[string]posteriorKind {
	return map[string]posteriorKind{
		normalizedExpression: {files: []string{"expression"}, quantiles: true, library: true, batches: anyBatches, genes: true},
		likelihoodParameters: {files: []string{"mean", "dispersions", "dropout"}, quantiles: true, batches: anyBatches, genes: true},
		latentKind:           {files: []string{"latent", "samples"}},
		libraryKind:          {least: -1, quantiles: true, closedQuantum: true},
		predictiveKind:       {files: []string{"counts", "cells", "genes"}, samples: 1, least: 1, batches: 1, genes: true},
		elboKind:             {samples: 1},
		marginalKind:         {samples: 1000, least: 1},
		correlationKind:      {samples: 10, least: 1, library: true, batches: anyBatches, genes: true, correlates: true},
		ppcKind:              {files: []string{"genes", "cells", "calibration"}, samples: 10, least: 2, quantiles: true, genes: true, closedQuantum: true},
	}
}

// Validate says everything that is wrong with o for the kinds of output.
func (o PosteriorOptions) Validate(kinds []string) error {
	var f faults
	o.validateValues(&f)
	known, seen := posteriorKinds(), map[string]bool{}
	any := func(takes func(posteriorKind) bool) bool {
		return slices.ContainsFunc(kinds, func(name string) bool { return takes(known[name]) })
	}
	all := strings.Join(kinds, ", ")
	f.unless(len(kinds) > 0, "nothing is asked for: name a kind of output")
	f.unless(o.Samples == nil || any(func(k posteriorKind) bool { return k.least >= 0 }), "--n-samples is given, but %s is of no draws", all)
	f.unless(len(o.Quantiles) == 0 || any(func(k posteriorKind) bool { return k.quantiles }), "--quantiles is given, but %s has none", all)
	f.unless(o.LibrarySize == "" || any(func(k posteriorKind) bool { return k.library }), "--library-size is given, but %s takes none", all)
	f.unless(len(o.Batches) == 0 || any(func(k posteriorKind) bool { return k.batches > 0 }), "--transform-batch is given, but %s takes none", all)
	f.unless(o.Correlation == "" || any(func(k posteriorKind) bool { return k.correlates }), "--correlation-type is given, but %s is no correlation", all)
	f.unless(o.GenesFile == "" && len(o.Genes) == 0 || any(func(k posteriorKind) bool { return k.genes }), "genes are chosen, but %s is of no genes", all)
	for _, name := range kinds {
		k, ok := known[name]
		f.unless(ok, "%s is no kind of output", name)
		f.unless(!seen[name], "%s is asked for twice", name)
		seen[name] = true
		if ok {
			o.of(name).validateKind(&f, name, k)
		}
	}
	return f.err()
}

// validateValues is what no kind of output takes.
func (o PosteriorOptions) validateValues(f *faults) {
	f.unless(o.Samples == nil || *o.Samples >= 0 && *o.Samples <= 1<<20, "--n-samples must be 0 to %d", 1<<20)
	f.unless(o.Seed < 1<<32, "--seed is %d: it must be below 4294967296", o.Seed)
	for i, q := range o.Quantiles {
		f.unless(q >= 0 && q <= 1, "--quantiles has %v: it must be 0 to 1", q)
		f.unless(i == 0 || q > o.Quantiles[i-1], "--quantiles must ascend")
	}
	if o.LibrarySize != "" && o.LibrarySize != "observed" && o.LibrarySize != "latent" {
		size, err := strconv.ParseFloat(o.LibrarySize, 64)
		f.unless(err == nil && size > 0 && size < math.MaxFloat32, "--library-size is %s: it must be a number above 0, observed or latent", o.LibrarySize)
	}
	f.unless(o.GenesFile == "" || len(o.Genes) == 0, "--genes and --gene are both given: name all in the file")
	f.repeated("--transform-batch", o.Batches)
	f.repeated("--gene", o.Genes)
	for _, text := range o.Keep {
		if _, err := counts.ParseKeep(text); err != nil {
			f.unless(false, "--keep: %v", err)
		}
	}
}

// validateKind is what one kind of output does not take.
func (o PosteriorOptions) validateKind(f *faults, name string, k posteriorKind) {
	n := o.draws(name)
	f.unless(n >= k.least, "%s is made of draws: --n-samples must be %d at least", name, k.least)
	f.unless(len(o.Quantiles) == 0 || k.closedQuantum || n >= 2, "quantiles of %s are over draws: give --n-samples, 2 at least", name)
	f.unless(len(o.Batches) <= k.batches && (k.batches != 1 || !o.allBatches()), "a draw of %s is of one batch: give --transform-batch one", name)
	f.unless(name != correlationKind || o.LibrarySize != "observed" && o.LibrarySize != "latent", "correlation takes the same --library-size for all cells: give a number")
	f.unless(name != ppcKind || len(o.Quantiles)%2 == 0, "--quantiles of ppc are ends of intervals: give an even number of them")
}

// of are the options that a kind of output takes: the others change nothing of it.
func (o PosteriorOptions) of(name string) PosteriorOptions {
	k := posteriorKinds()[name]
	if k.least < 0 {
		o.Samples, o.Seed = nil, 0
	}
	if !k.quantiles {
		o.Quantiles = nil
	}
	if !k.library {
		o.LibrarySize = ""
	}
	if k.batches == 0 {
		o.Batches = nil
	}
	if !k.correlates {
		o.Correlation = ""
	}
	if !k.genes {
		o.GenesFile, o.Genes = "", nil
	}
	return o
}

// draws is the number of draws of a kind of output.
func (o PosteriorOptions) draws(name string) int {
	if o.Samples != nil {
		return *o.Samples
	}
	return posteriorKinds()[name].samples
}

// allBatches tells whether the batches are all there are.
func (o PosteriorOptions) allBatches() bool { return len(o.Batches) == 1 && o.Batches[0] == "all" }

// batchesOf are the codes of the batches to decode as; nil: each cell as of its own.
func (o PosteriorOptions) batchesOf(levels []string, dir string) ([]int, error) {
	if len(o.Batches) == 0 {
		return nil, nil
	}
	names := o.Batches
	if o.allBatches() && !slices.Contains(levels, "all") {
		names = nil
	}
	codes, err := batchCodes("--transform-batch", names, levels, dir)
	if err != nil {
		return nil, err
	}
	list := make([]int, len(codes))
	for i, c := range codes {
		list[i] = int(c)
	}
	return list, nil
}

// number is the library size where it is a number, else fallback.
func (o PosteriorOptions) number(fallback float64) (size float64) {
	size, err := strconv.ParseFloat(o.LibrarySize, 64)
	if err != nil {
		return fallback
	}
	return size
}

// PosteriorKinds are the names of the kinds of output, for help and errors.
func PosteriorKinds() []string {
	return []string{normalizedExpression, likelihoodParameters, latentKind, libraryKind, predictiveKind, elboKind, marginalKind, correlationKind, ppcKind}
}

// checkKind is the usage error of a kind that there is not.
func checkKind(name string) error {
	if !slices.Contains(PosteriorKinds(), name) {
		return pipeline.Usage("%s is no kind of posterior output: there are %s", name, strings.Join(PosteriorKinds(), ", "))
	}
	return nil
}
