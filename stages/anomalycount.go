package stages

import (
	"math"

	"cellvi/io/results"
	"cellvi/model"
)

// judging is what one goroutine judges a minibatch with.
type judging struct {
	*judge
	look  *model.Outlook
	out   *judged
	first int // the minibatch's first cell, of rows
	folds folds

	scores   []results.Column // of the group's genes; nil: not asked for
	scoresAt int
}

func newJudging(j *judge) *judging {
	return &judging{judge: j, look: model.NewOutlook(j.vae.Config)}
}

// cell judges the genes of stretches of cell i of the minibatch, at which w.look looks.
func (w *judging) cell(i int, stretches [][2]int) {
	expressed := w.options.Family == "expressed"
	for _, r := range stretches {
		for g := r[0]; g < r[1]; g++ {
			if !expressed || w.look.Count[g] != 0 {
				w.count(i, g, expressed)
			}
		}
	}
}

// count judges one count. Of an expressed one, all is given that it is above zero.
func (w *judging) count(i, g int, expressed bool) {
	o, look := &w.options, w.look
	t, x, mean := look.Tails[g], look.Count[g], look.Mean[g]
	if expressed {
		if p := look.Positive[g]; p > 0 {
			t.At, t.Above = t.At/p, t.Above/p
			t.Below = max(0, 1-t.At-t.Above)
		}
	}
	between := model.Between(o.Seed, uint64(w.item(w.first+i)), g)
	lower, upper := t.Below+between*t.At, t.Above+(1-between)*t.At
	p := o.test(lower, upper)
	half := (1 - o.Coverage) / 2
	inside, closed := lower >= half && lower <= 1-half, t.Below+t.At >= half && t.Below < 1-half

	cell, gene := &w.out.cells[i], &w.out.genes[g]
	surprise := -math.Log(max(p, math.SmallestNonzeroFloat64))
	w.out.tests++
	cell.Tests++
	gene.Tests++
	cell.Count, cell.Mean, cell.Surprise = cell.Count+x, cell.Mean+mean, cell.Surprise+surprise
	gene.Count, gene.Mean, gene.Surprise = gene.Count+x, gene.Mean+mean, gene.Surprise+surprise
	gene.PIT[min(int(lower*pitBins), pitBins-1)]++
	c := w.out.of(w.p.Split[w.rows[w.first+i]], mean)
	c.Tests++
	c.PIT[min(int(lower*10), 9)]++
	if inside {
		cell.Inside++
		gene.Inside++
		c.Inside++
	}
	if closed {
		c.Closed++
	}
	if w.scores != nil {
		middle := o.test(t.Below+t.At/2, t.Above+t.At/2)
		w.scores[g].Float32[w.scoresAt+i] = float32(-math.Log10(max(middle, math.SmallestNonzeroFloat64)))
	}
	if p <= o.cut() {
		least, most := half, 1-half
		if expressed { // the interval is of counts above zero, as p is
			zero := 1 - look.Positive[g]
			least, most = zero+least*look.Positive[g], zero+most*look.Positive[g]
		}
		w.out.candidates = append(w.out.candidates, candidate{Cell: int32(w.first + i), Gene: int32(g), High: lower > 0.5,
			Count: x, Mean: mean, Lower: look.Quantile(g, least), Upper: look.Quantile(g, most), P: p})
	}
}
