package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/model/factor"
	"cellvi/pipeline"
)

// Run fits the factor model to all kept cells, whatever part of the split they are of,
// and publishes the folder. A checkpoint of the same data and options is taken up.
func (s *Factor) Run(ctx context.Context, job *pipeline.Job) error {
	w, err := s.begin(job)
	if err != nil {
		return err
	}
	defer w.cells.st.Close() // nothing was written to it
	if err := w.open(ctx); err != nil {
		return err
	}
	w.describe()
	cp := w.checkpoint()
	if err := w.run(ctx, cp); err != nil {
		return err
	}
	if err := pipeline.PublishDir(s.Factor(), func(dir string) error { return w.write(ctx, dir) }); err != nil {
		return err
	}
	return cp.remove()
}

// begin opens store and cells. Who got it closes the store.
func (s *Factor) begin(job *pipeline.Job) (*factoring, error) {
	st, err := store.Open(s.Store())
	if err != nil {
		return nil, err
	}
	p, err := readPrepared(s.Prepared(), st)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	w := &factoring{stage: s, job: job, p: p, options: s.Options.settled(len(p.Row)), cells: newCellSource(st, p, newPicker(p.Picked))}
	if w.cells.pick.genes < 2 || len(p.Row) < 3 {
		err = pipeline.BadInput("%s: %d cells × %d genes: a factor model needs at least 3 cells and 2 genes", s.Prepared(), len(p.Row), w.cells.pick.genes)
		return nil, errors.Join(err, st.Close())
	}
	return w, nil
}

// checkpoint is the file of the fit.
func (w *factoring) checkpoint() *factorCheckpoint {
	return &factorCheckpoint{path: w.stage.Checkpoint(), data: fingerprint(w.cells.st, w.p, "factor"), cells: w.stage.Prepared()}
}

// factoring is a fit under way.
type factoring struct {
	stage   *Factor
	job     *pipeline.Job
	p       *prepared
	options FactorOptions
	cells   *cellSource
	fit     *factor.Fit
	at      factorProgress
	heldOut *factor.HeldOut // nil: nothing is
}

// open reads the cells once, checks that they are whole, decides whether they are held
// in memory, and makes the fit.
func (w *factoring) open(ctx context.Context) error {
	scale, err := scales(w.stage.Prepared(), w.options.TargetSum)
	if err != nil {
		return err
	}
	data, err := survey(ctx, w.job, newCellSource(w.cells.st, w.all(), w.cells.pick), nil)
	if err != nil {
		return err
	}
	held, err := w.fits(data)
	if err != nil {
		return err
	}
	var source model.Source = w.cells
	if held {
		cells, err := data.Load(ctx, w.job.Threads)
		if err != nil {
			return err
		}
		source = cells
	}
	w.fit = factor.New(newLogNormalized(source, data.Width, scale), len(w.p.Row), w.cells.pick.genes, w.fitOptions())
	return nil
}

// all are the cells, every one of which is fitted.
func (w *factoring) all() *prepared {
	all := *w.p
	all.Split = slices.Repeat([]part{toTrain}, len(w.p.Row))
	return &all
}

// fitOptions are the options in the words of model/factor.
func (w *factoring) fitOptions() factor.Options {
	o := w.options
	fit := factor.Options{Factors: o.NFactors, OneNoise: o.Noise == "shared", HoldOut: o.HoldOut, Seed: o.Seed, Delay: o.Delay,
		Forget: o.ForgettingRate, Threads: w.job.Threads}
	if o.Method == "svi" {
		fit.Minibatch = o.MinibatchCells
	}
	return fit
}

// minibatches are those of an epoch.
func (w *factoring) minibatches() int { return w.fitOptions().Minibatches(len(w.p.Row)) }

// fits holds the fit to the budget, and tells whether the cells can be held in memory.
// It changes no byte of the result.
func (w *factoring) fits(data *model.Dataset) (held bool, err error) {
	n, genes, need := len(w.p.Row), w.cells.pick.genes, w.bytes(data)
	if w.job.Memory <= 0 {
		return true, nil
	}
	if need > w.job.Memory {
		return false, pipeline.OverMemory("fitting %d factors to %d cells × %d genes needs at least about %s, --memory allows %s: raise it, choose fewer genes with --n-top-genes, or fewer --n-factors",
			w.options.NFactors, n, genes, human(need), human(w.job.Memory))
	}
	return need+data.Bytes() <= w.job.Memory/4*3, nil
}

// bytes is what the fit takes beside the cells.
func (w *factoring) bytes(data *model.Dataset) int64 {
	return int64(programBytes+garbageBytes) + int64(len(w.p.Row))*(codeBytes+1+8+12) + factor.Bytes(w.cells.pick.genes, w.fitOptions(), roundEntries(data)) +
		w.outputBytes() + int64(len(data.Train.Pieces))*16
}

// roundEntries is the most entries that the cells have that are in memory together.
func roundEntries(data *model.Dataset) int64 {
	var sizes []int64
	for _, p := range data.Train.Pieces {
		sizes = append(sizes, p.Nonzeros)
	}
	slices.SortFunc(sizes, func(a, b int64) int { return int(b - a) })
	most := int64(0)
	for _, n := range sizes[:min(len(sizes), factor.RoundCells/model.PieceCells+1)] {
		most += n
	}
	return most
}

// describe says what the fit will do before it does it.
func (w *factoring) describe() {
	w.job.Count("cells", int64(len(w.p.Row)))
	w.job.Count("genes", int64(w.cells.pick.genes))
	w.job.Note("%s", w.what())
}

// what is the fit in words.
func (w *factoring) what() string {
	o, how := w.options, "coordinate ascent"
	if o.Method == "svi" {
		how = "stochastic variational inference, " + plural(int64(w.minibatches()), "minibatch", "minibatches") + " an epoch"
	}
	return fmt.Sprintf("%s of %d cells × %d genes, log(1 + %v·count/total), by %s", plural(int64(o.NFactors), "factor", "factors"),
		len(w.p.Row), w.cells.pick.genes, o.TargetSum, how)
}

// run starts the fit or goes on with it, to its end.
func (w *factoring) run(ctx context.Context, cp *factorCheckpoint) error {
	begun, err := cp.load(w)
	if err == nil && !begun {
		err = w.fit.Start(ctx)
	}
	if err == nil {
		err = w.passes(ctx, cp)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return pipeline.Interrupted("interrupted in epoch %d: run the same command again to go on", w.at.Epoch+1)
	case errors.Is(err, factor.ErrNothing):
		return pipeline.BadInput("%s: the counts of the selected genes do not vary from cell to cell: there is nothing to fit", w.stage.Store())
	case errors.Is(err, factor.ErrNotFinite):
		return pipeline.Diverged("epoch %d: %w: look for extreme values in the counts", w.at.Epoch+1, err)
	}
	return err
}
