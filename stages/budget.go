package stages

import (
	"fmt"

	"cellvi/model"
	"cellvi/pipeline"
)

// What a stage takes beside its work, measured: the program with its libraries
// and the runtime, and what Go has not collected yet. The window depends on
// these and on model.TrainBytes: a change of them changes what is learned from
// data that do not fit.
const (
	programBytes = 60e6
	garbageBytes = 24e6
)

// fitWindow divides the budget. What the model, one thread's pass and the cells'
// codes leave is for the cells: three quarters of it, so that threads do not
// change the window. Where all cells fit there, the window is 0: all are held.
// Otherwise it is the rows of each of two windows. What would not fit is refused.
func fitWindow(job *pipeline.Job, data *model.Dataset, cfg model.Config, opt model.TrainOptions) (window int, err error) {
	rest := func(threads int) int64 {
		o := opt
		o.Threads = threads
		return restBytes(data, cfg, o)
	}
	whole := data.Bytes() + 24*int64(data.Train.Len()) // and their order
	room := (job.Memory - rest(1)) / 4 * 3
	used := whole
	if least := min(model.LeastWindow(opt.BatchSize), data.Train.Len()/opt.BatchSize*opt.BatchSize); job.Memory > 0 && whole > room {
		window = max(data.Window(room, opt.BatchSize), least)
		used = data.WindowBytes()(window)
		if used >= whole { // few cells: streaming them would save nothing
			window, used = 0, whole
		}
	}
	need := rest(opt.Threads) + used
	if job.Memory > 0 && (need > job.Memory || used > max(room, 0)) {
		return 0, pipeline.OverMemory("training %d cells × %d genes on %s needs at least about %s, --memory allows %s: raise it, choose fewer genes with --n-top-genes, or use fewer --threads",
			data.Train.Len()+data.Val.Len(), cfg.NInput, plural(int64(opt.Threads), "thread", "threads"), human(max(need, rest(1)+used*4/3)), human(job.Memory))
	}
	return window, nil
}

// restBytes is what training takes beside the counts.
func restBytes(data *model.Dataset, cfg model.Config, opt model.TrainOptions) int64 {
	cells := int64(data.Train.Len() + data.Val.Len())
	return programBytes + garbageBytes + cells*(codeBytes+covariateBytes(cfg)) + 16*int64(data.Val.Len()) + model.TrainBytes(cfg, opt)
}

// codeBytes is what a kept cell's row, batch and part take, and its place in a
// section.
const codeBytes = 9 + 4

// covariateBytes is what a kept cell's further covariates take, and its total counts
// where they make the prior of an inferred library size.
func covariateBytes(cfg model.Config) (bytes int64) {
	bytes = 4 * int64(len(cfg.NCatsPerCov)+cfg.NContinuousCov)
	if cfg.NLabels > 1 {
		bytes += 4
	}
	if cfg.UseSizeFactor {
		return bytes + 4
	}
	if !cfg.UseObservedLibSize {
		bytes += 8
	}
	return bytes
}

// human shows a size in bytes.
func human(n int64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if float64(n) >= u.size {
			return fmt.Sprintf("%.3g %s", float64(n)/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
