package stages

import (
	"cmp"
	"errors"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// fitted is what embed and reconstruct start from: a model and the cells to
// put through it.
type fitted struct {
	st   *store.Store
	p    *prepared
	vae  *model.VAE[float32]
	card *modelCard
	pick picker
}

// openFitted opens the three; close it.
func openFitted(storePath, preparedPath, modelPath string) (*fitted, error) {
	st, err := store.Open(storePath)
	if err != nil {
		return nil, err
	}
	f := &fitted{st: st}
	if err := f.read(preparedPath, modelPath); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return f, nil
}

func (f *fitted) read(preparedPath, modelPath string) (err error) {
	if f.p, err = readPrepared(preparedPath, f.st); err != nil {
		return err
	}
	if f.vae, f.card, err = readModel(modelPath); err != nil {
		return err
	}
	if f.pick, err = pickNamed(f.st, f.card.Genes, f.card.Absent, modelPath); err != nil {
		return err
	}
	return f.card.recode(f.p, preparedPath)
}

// source gives the cells to put through the model.
func (f *fitted) source() *cellSource { return newCellSource(f.st, f.p, f.pick) }

// nameBytes is about what a cell's name takes while it is written.
const nameBytes = 64

// fits says before it happens that evaluating the model, with buffers of output
// bytes, does not fit the budget.
func (f *fitted) fits(job *pipeline.Job, buffers int64) error {
	return evaluationFits(job, f.vae.Config, len(f.p.Row), buffers, "raise it, or use fewer --threads")
}

// evaluationFits is fits for a model that there may not be yet.
func evaluationFits(job *pipeline.Job, cfg model.Config, cells int, buffers int64, advice string) error {
	need := evaluationBytes(job, cfg, cells, buffers)
	if job.Memory > 0 && need > job.Memory {
		return pipeline.OverMemory("putting %d cells × %d genes through the model needs about %s, --memory allows %s: %s",
			cells, cfg.NInput, human(need), human(job.Memory), advice)
	}
	return nil
}

// evaluationBytes is what putting so many cells through a model takes.
func evaluationBytes(job *pipeline.Job, cfg model.Config, cells int, buffers int64) int64 {
	return int64(programBytes+garbageBytes) + model.EvalBytes(cfg, job.Threads) + buffers + int64(cells)*(codeBytes+covariateBytes(cfg))
}

// shownCells is how many cells are evaluated between two signs of progress.
const shownCells = 16 * 1024

// span is rows from … to−1.
func span(from, to int) []int32 {
	rows := make([]int32, to-from)
	for i := range rows {
		rows[i] = int32(from + i)
	}
	return rows
}

// resized is a slice of n elements whose values are left open, x where it is
// large enough.
func resized[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}

// bounds are kept cells from … to−1.
type bounds struct{ from, to int }

// groups cuts the kept cells where batches of the store end, into groups of at
// least cells, but for the last. There is one at least, which may be empty.
func (p *prepared) groups(cells int) []bounds {
	var out []bounds
	from := 0
	for to := 1; to <= len(p.Row); to++ {
		ends := to == len(p.Row) || p.Row[to]/store.BatchCells != p.Row[to-1]/store.BatchCells
		if ends && (to-from >= cells || to == len(p.Row)) {
			out, from = append(out, bounds{from, to}), to
		}
	}
	if len(out) == 0 {
		out = append(out, bounds{})
	}
	return out
}

// overlap computes each group in turn and writes it while the next is computed: two
// are in memory. compute is called by the caller's goroutine, write by another, in
// the groups' order. What compute is given was written before.
func overlap[G any](groups []bounds, compute func(g *G, from, to int) error, write func(g *G) error) error {
	var one, other G
	now, before := &one, &other
	written := func() error { return nil }
	for _, b := range groups {
		// A panic waits for the writer too: what it reads is closed on the way out.
		err := pipeline.Guard(func() error { return compute(now, b.from, b.to) })
		if err = cmp.Or(err, written()); err != nil { // one says it: a full disk fails both
			return err
		}
		written = begin(write, now)
		now, before = before, now
	}
	return written()
}

// begin starts work in a goroutine and gives a function that waits for its end.
func begin[G any](work func(g *G) error, g *G) (wait func() error) {
	done := make(chan error, 1)
	go func() { done <- pipeline.Guard(func() error { return work(g) }) }()
	return func() error { return <-done }
}
