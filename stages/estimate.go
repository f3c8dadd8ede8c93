package stages

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/rs/zerolog"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// What `--dry-run` knows of files that are yet to be made: each stage says it of its
// outputs, for those after it (pipeline.Ahead). Times are measured on this machine, in
// less than a second each: nothing here is a constant of some other machine.

// shape is what is known of cells, of a store or as prepared.
type shape struct {
	cells, genes int64
	nonzeros     int64    // −1: not known
	atMost       []string // why there may be fewer of them, or they may be others; none: it is exact
	detected     []int64  // cells that each gene is found in; nil: not known
	// levels are how many an annotation of cells has, where it is known.
	levels map[string]int

	// Of prepared cells:
	train, validation int64
	covariates        covariates // their levels have no names
}

// perCell is the counts above zero of a cell.
func (s *shape) perCell() float64 {
	if s.nonzeros < 0 || s.cells == 0 {
		return float64(s.genes)
	}
	return float64(s.nonzeros) / float64(s.cells)
}

// String is its size in words.
func (s *shape) String() string {
	text := ""
	if len(s.atMost) > 0 {
		text = "at most "
	}
	text += plural(s.cells, "cell", "cells") + " × " + plural(s.genes, "gene", "genes")
	if s.nonzeros >= 0 && s.cells > 0 && s.genes > 0 {
		text += fmt.Sprintf(", %.1f%% nonzero", 100*float64(s.nonzeros)/(float64(s.cells)*float64(s.genes)))
	}
	return text
}

// shapeOf is the shape of a store that is there.
func shapeOf(st *store.Store) *shape {
	return &shape{cells: int64(st.Cells()), genes: int64(st.Genes().Len()), nonzeros: st.NNZ(), detected: st.GeneCells(), levels: levelsOf(st)}
}

// levelsOf counts the levels of a store's categorical annotations.
func levelsOf(st *store.Store) map[string]int {
	levels := map[string]int{}
	for _, c := range st.Header().Columns {
		if len(c.Levels) > 0 {
			levels[c.Name] = len(c.Levels)
		}
	}
	return levels
}

// aheadOf gives what earlier stages said of path. coming is true where the path is yet
// to be made.
func aheadOf[T any](ahead pipeline.Ahead, path string) (known *T, coming bool) {
	is, coming := ahead[path]
	known, _ = is.(*T)
	return known, coming
}

// notKnown is the expectation where an earlier stage could not say what it will make.
func notKnown(why string) *pipeline.Expectation {
	return &pipeline.Expectation{MemoryNote: why, TimeNote: why}
}

// meter is a Progress that counts.
type meter struct {
	done    int64
	started time.Time
}

func (m *meter) Begin(string, string, int64) { m.done, m.started = 0, time.Now() }
func (m *meter) Add(n int64)                 { m.done += n }
func (*meter) Again(int64)                   {}
func (*meter) Epoch(pipeline.Epoch)          {}
func (*meter) End()                          {}

// perSecond is the rate since Begin.
func (m *meter) perSecond() float64 {
	return float64(m.done) / max(time.Since(m.started).Seconds(), 1e-9)
}

// quietly is a job that tells nothing, for what is only tried.
func quietly(job *pipeline.Job) *pipeline.Job {
	quiet := *job
	quiet.Log, quiet.Progress = zerolog.Nop(), &meter{}
	return &quiet
}

// measuring is how long one thing is measured.
const measuring = 400 * time.Millisecond

// briefly is ctx for a measurement.
func briefly(ctx context.Context, times int) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(times)*measuring)
}

// measuredHere begins what a time was made of.
const measuredHere = "measured on this machine: "

// rateText is a rate as it is said.
func rateText(perSecond float64, what string) string {
	if perSecond < 9.5 {
		return fmt.Sprintf("%.2g cells/s %s", perSecond, what)
	}
	digits := math.Pow(10, math.Max(0, math.Floor(math.Log10(perSecond))-1))
	return fmt.Sprintf("%s cells/s %s", counts.Thousands(int64(math.Round(perSecond/digits)*digits)), what)
}

// madeUp is cells with as many counts as those of a data set have, to put through a
// model: its speed does not depend on which they are.
func madeUp(cfg model.Config, cells int, perCell float64) *model.Cells {
	n := int(math.Round(min(max(perCell, 1), float64(cfg.NInput))))
	w := cfg.Width()
	c := model.NewCells(w, cells, model.Extent{Nonzeros: int64(n * cells)})
	genes, counts := make([]int32, n), make([]float32, n)
	cov := model.Covariates{SizeFactor: 1, Cats: make([]int32, w.Cats), Conts: make([]float32, w.Conts)}
	for i := range cells {
		for k := range genes {
			genes[k] = int32((k*cfg.NInput + (i*7919)%cfg.NInput) / n) // ascending, and other genes in other cells
			counts[k] = float32(1 + (i+k)%7)
		}
		cov.Batch = int32(i % cfg.NBatch)
		c.Append(genes, counts, cov, int64(i))
	}
	return c
}
