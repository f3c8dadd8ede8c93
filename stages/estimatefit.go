package stages

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"cellvi/io/counts"
	"cellvi/model"
	"cellvi/model/vi"
	"cellvi/pipeline"
)

// trial is work on cells, of which each minibatch is one goroutine's, that is tried on
// some of them: how many steps a posterior takes depends on the cell and the model, and made-up
// cells would tell nothing of it.
type trial struct {
	rows  []int32 // the cells that are to be done, ascending
	piece int     // cells that are done before others are begun
	parts []effort
}

// effort is a part of the work.
type effort struct {
	times float64 // how often what is tried is done
	// worker makes what a goroutine does with the cells of a minibatch.
	worker func() func(rows []int32) error
}

// A part is tried for a hundredth of the time that it will take, but no less and no more
// seconds than these.
const (
	leastTrial = 0.8
	mostTrial  = 2
)

// enoughCells at once take hardly longer each than a whole minibatch's: fewer leave rows of
// every pass empty.
const enoughCells = 32

// pace is how long so many cells took a goroutine.
type pace struct {
	cells   int
	seconds float64 // of each
}

// expect tries the cells and puts the time of all of them into e; what says what the
// time is of.
func (x *trial) expect(ctx context.Context, job *pipeline.Job, e *pipeline.Expectation, what string) error {
	if len(x.rows) == 0 {
		e.TimeNote = "every cell's numbers are there: what is left is to write them"
		return nil
	}
	workers := min(job.Threads, (len(x.rows)+evalCells-1)/evalCells)
	all := x.turns(job.Threads)
	tried, seconds := math.MaxInt, 0.0
	for _, part := range x.parts {
		paces, err := x.measure(ctx, part, workers, all)
		if err != nil {
			return err
		}
		cells := 0
		for _, p := range paces {
			cells += p.cells
			seconds += part.times * p.seconds / float64(workers)
		}
		tried = min(tried, cells)
	}
	e.Seconds = all * seconds
	e.TimeNote = fmt.Sprintf("%s%d of the cells on %s, %s", measuredHere, tried, plural(int64(workers), "thread", "threads"), rateText(float64(workers)/seconds, what))
	if tried < workers*min(enoughCells, len(x.rows)/workers) {
		e.AtMost = true
		e.TimeNote += "; so few at once take longer each than the many of a minibatch"
	}
	return nil
}

// measure tries cells on as many goroutines as the work would have, so that what they
// take from one another is in it. Each will do all cells.
func (x *trial) measure(ctx context.Context, part effort, workers int, all float64) ([]pace, error) {
	paces, errs := make([]pace, workers), make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			errs[w] = pipeline.Guard(func() (err error) {
				paces[w], err = x.one(ctx, part.worker(), w, workers, all*part.times)
				return err
			})
		})
	}
	group.Wait()
	return paces, anyOf(errs)
}

// one is what a goroutine tries that will do so many cells in all: a cell, then more at
// once, up to a whole minibatch, as far as the time allows if more at once take half as long each.
// The last counts.
func (x *trial) one(ctx context.Context, do func(rows []int32) error, worker, workers int, all float64) (last pace, err error) {
	began, most := time.Now(), min(evalCells, len(x.rows)/workers)
	for n := 1; ; {
		start := time.Now()
		if err := do(every(evenly(x.rows, n*workers), worker, workers)); err != nil {
			return last, err
		}
		if err := ctx.Err(); err != nil {
			return last, err
		}
		last = pace{n, max(time.Since(start).Seconds(), 1e-9) / float64(n)}
		left := min(max(all*last.seconds/100, leastTrial), mostTrial) - time.Since(began).Seconds()
		more := min(most, 8*n, int(2*left/last.seconds))
		if more <= n {
			return last, nil
		}
		n = more
	}
}

// every is each workers-th of rows, from place at on.
func every(rows []int32, at, workers int) (some []int32) {
	for ; at < len(rows); at += workers {
		some = append(some, rows[at])
	}
	return some
}

// turns is how many cells a thread does, one after the other: whole minibatches, which
// it takes in turns.
func (x *trial) turns(threads int) float64 {
	turns := func(cells int) int { return ((cells+evalCells-1)/evalCells + threads - 1) / threads }
	n := len(x.rows)
	return float64(n/x.piece*turns(x.piece)+turns(n%x.piece)) * float64(min(n, evalCells))
}

// fewDraws is how many draws of each posterior are tried.
const fewDraws = 16

// assessing tries draws of the cells' posteriors, of which there will be so many: one of
// each cell of a minibatch is evaluated at once, and so they are tried with few draws, not few cells.
func (f *fitted) assessing(ctx context.Context, source *cellSource, draws int, seed uint64) effort {
	return effort{float64(draws) / fewDraws, func() func([]int32) error {
		e := model.NewEvaluator(f.vae, 1)
		return func(rows []int32) error {
			return e.Conditionals(ctx, source, rows, func(c *model.Conditional) error {
				vi.Assess(c, approximations(c.Encoded()), fewDraws, seed, c.Keys())
				return ctx.Err()
			})
		}
	}}
}

// keptBefore tells how many of so many cells an earlier run has left in the log that open
// takes up, in pieces of so many cells as cellsIn says, and says it in e.
func keptBefore(job *pipeline.Job, ahead pipeline.Ahead, path string, cells int, e *pipeline.Expectation, cellsIn func(piece []byte) int,
	open func(job *pipeline.Job) (*pieceLog, error)) (done int, err error) {
	if isComing(ahead, path) || !exists(path) {
		return 0, nil
	}
	log, err := open(quietly(job)) // what it would warn of is said here
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, log.close()) }()
	if log.others {
		e.Work = append(e.Work, "begins anew: "+path+" is of other cells, options or another model, or damaged")
		return 0, nil
	}
	for more := true; more && err == nil; {
		more, err = log.next(func(piece []byte) (bool, error) {
			n := cellsIn(piece)
			wanted := n > 0 && n <= cells-done
			if wanted {
				done += n
			}
			return wanted, nil
		})
	}
	if done > 0 {
		e.Work = append(e.Work, fmt.Sprintf("goes on from %s, which has %s of them", path, counts.Thousands(int64(done))))
	}
	return done, err
}
