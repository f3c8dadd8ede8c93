package stages

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"cellvi/model"
	"cellvi/model/factor"
	"cellvi/pipeline"
)

// Expect takes the time of a step over some of the cells.
func (s *Factor) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (_ *pipeline.Expectation, err error) {
	if isComing(ahead, s.Store()) || isComing(ahead, s.Prepared()) {
		return notKnown("it depends on what the stages before find"), nil
	}
	w, err := s.begin(job)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.cells.st.Close()) }()
	scale, err := scales(s.Prepared(), w.options.TargetSum)
	if err != nil {
		return nil, err
	}
	data, err := surveyed(ctx, job, w.cells.st, w.all(), model.Config{NInput: w.cells.pick.genes})
	if err != nil {
		return nil, err
	}
	held, err := w.fits(data)
	if err != nil {
		return nil, err
	}
	e := &pipeline.Expectation{Memory: w.bytes(data), MemoryNote: "the cells do not fit, and are streamed"}
	if held {
		e.Memory, e.MemoryNote = e.Memory+data.Bytes(), "all cells are held"
	}
	o := w.options
	e.Work = append(e.Work, w.what(), fmt.Sprintf("at most %s: it ends where one raises the ELBO by less than %v nats per cell (--tolerance)",
		plural(int64(o.MaxEpochs), "pass", "passes"), o.Tolerance))
	done, err := w.begun(ahead, e)
	if err != nil {
		return nil, err
	}
	x, err := w.try(ctx, held, scale)
	if errors.Is(err, factor.ErrNothing) {
		e.TimeNote = "the counts of the cells that were tried do not vary"
		return e, nil
	}
	if err != nil {
		return nil, err
	}
	pass := float64(len(w.p.Row))*x.cells/float64(x.n) + float64(w.minibatches())*x.rest
	e.Seconds, e.AtMost = pass*float64(max(o.MaxEpochs-done, 1)), true
	e.TimeNote = fmt.Sprintf("%sa step over %d of the cells, by which a pass over all takes %.2g s; most fits end long before the last", measuredHere, x.n, pass)
	return e, nil
}

// begun is how many passes a checkpoint has that the fit goes on from.
func (w *factoring) begun(ahead pipeline.Ahead, e *pipeline.Expectation) (passes int, err error) {
	cp := w.checkpoint()
	if isComing(ahead, cp.path) {
		return 0, nil
	}
	state, at, differs, err := cp.read(w.options)
	if err != nil || state == nil {
		return 0, err
	}
	if len(differs) > 0 {
		e.Work = append(e.Work, fmt.Sprintf("begins anew: %s is of other options: %s", cp.path, strings.Join(differs, "; ")))
		return 0, nil
	}
	e.Work = append(e.Work, fmt.Sprintf("goes on from the checkpoint %s, of pass %d", cp.path, at.Epoch+1))
	return at.Epoch, nil
}

// stepTime is what a step over n cells took: the cells, and what does not depend on how
// many they are. Seconds.
type stepTime struct {
	n           int
	cells, rest float64
}

// try does steps over some of the cells, more each time, up to as many as are done
// together; of several of these the fastest counts, for it was the least disturbed.
func (w *factoring) try(ctx context.Context, held bool, scale []float64) (x stepTime, err error) {
	most := factor.RoundCells
	if w.options.Method == "svi" {
		most = w.options.MinibatchCells
	}
	began := time.Now()
	most = min(most, len(w.p.Row))
	for n := min(evalCells*w.job.Threads, most); ; {
		y, err := w.step(ctx, n, held, scale)
		if err != nil {
			return x, err
		}
		if x.n < n || y.cells+y.rest < x.cells+x.rest {
			x = y
		}
		next := min(4*n, most)
		if time.Since(began).Seconds()+2*(y.cells*float64(next)/float64(n)+y.rest) > leastTrial { // it starts first
			return x, nil
		}
		n = next
	}
}

// step is one of n cells, after a start with these.
func (w *factoring) step(ctx context.Context, n int, held bool, scale []float64) (x stepTime, err error) {
	some := &someCells{Source: w.cells, rows: evenly(span(0, len(w.p.Row)), n)}
	own := make([]float64, n)
	for i, r := range some.rows {
		own[i] = scale[r]
	}
	var source model.Source = some
	if held {
		cells := model.NewCells(w.p.width(w.cells.pick.genes), n, model.Extent{})
		if err := w.cells.Read(some.rows, cells); err != nil {
			return x, err
		}
		source = cells
	}
	timed := &timedRows{Source: newLogNormalized(source, w.p.width(w.cells.pick.genes), own)}
	fit := factor.New(timed, n, w.cells.pick.genes, w.fitOptions())
	if err := fit.Start(ctx); err != nil {
		return x, err
	}
	var last time.Time
	fit.AfterCells = func(int) { last = time.Now() }
	timed.first = sync.Once{}
	began := time.Now()
	if w.options.Method == "svi" {
		_, err = fit.Step(ctx, span(0, n))
	} else {
		_, err = fit.Sweep(ctx)
	}
	x = stepTime{n: n, cells: last.Sub(timed.began).Seconds()}
	x.rest = time.Since(began).Seconds() - x.cells
	if errors.Is(err, factor.ErrNotFinite) { // it took its time
		err = nil
	}
	return x, err
}

// someCells are rows of a source.
type someCells struct {
	model.Source
	rows []int32
}

// Read reads rows of rows.
func (s *someCells) Read(rows []int32, into *model.Cells) error {
	of := make([]int32, len(rows))
	for i, r := range rows {
		of[i] = s.rows[r]
	}
	return s.Source.Read(of, into)
}

// timedRows notes when the first rows are asked for: what goes before is not the cells'.
type timedRows struct {
	factor.Source
	first sync.Once
	began time.Time
}

// Read reads.
func (s *timedRows) Read(rows []int32, into *factor.Rows) error {
	s.first.Do(func() { s.began = time.Now() })
	return s.Source.Read(rows, into)
}
