package report

import (
	"fmt"
	"slices"
	"strings"
)

// checkSection is "Can the posterior be trusted?".
type checkSection struct {
	Verdict  []string
	Measured string
	Figures  []checkFigure
	Pictures []histogram
	Tables   []checkTable
}

// checkFigure is a number of all cells, with what it says.
type checkFigure struct{ Name, Encoder, Refined, Says string }

// checkTable is a row for each level.
type checkTable struct {
	ID, Key, Caption string
	Refined          bool
	Rows             []checkRow
}

// Tall tells whether the table is to scroll.
func (t *checkTable) Tall() bool { return len(t.Rows) > 14 }

// checkRow is a level.
type checkRow struct {
	Name, Cells, Gap, Encoder, Refined string
	Bar                                int // share of cells to trust, 0 … 100
	State                              state
	Reading                            string
}

// glance is the verdict in a line.
func (c *Check) glance() glance {
	return glance{Topic: "Posterior", Word: c.Verdict.Word, State: state(c.Verdict.State), Text: strings.TrimSpace(c.Verdict.Posterior + " " + c.Verdict.Groups)}
}

// advisePosterior says what to do about posteriors; training has rules of its own.
func (d *Data) advisePosterior() []advice {
	if d.Check == nil || d.Check.Verdict.State == string(good) {
		return nil
	}
	all := d.Check.All()
	do := "See what a posterior fitted to each cell gives: cellvi check --refine full."
	if all.Refined != nil {
		do = fmt.Sprintf("Where uncertainties or likelihoods matter, fit them to each cell: cellvi embed --refine %s.", d.Check.Refine)
	}
	return []advice{{fmt.Sprintf("The encoder's posterior can be trusted for %s of the checked cells only.", share(all.Encoder.Good)), do}}
}

// section is nil where nothing was checked.
func (c *Check) section() *checkSection {
	if c == nil {
		return nil
	}
	s := &checkSection{Measured: fmt.Sprintf("Measured on %s, by %s draws of each posterior.", c.cellsText(), thousands(int64(c.Samples))), Figures: c.figures()}
	for _, text := range []string{c.Verdict.Posterior, c.Verdict.Groups, c.Verdict.Weight} {
		if text != "" {
			s.Verdict = append(s.Verdict, text)
		}
	}
	s.Pictures = []histogram{
		newHistogram("khat", "k-hat of the cells' posteriors", "k-hat", c.KHats, GoodKHat),
		newHistogram("gap", "What the posteriors give away", "nats below the best bound", c.Gaps, 0),
	}
	for _, of := range []string{"batch", "label", "split"} {
		if t := c.table(of); t != nil {
			s.Tables = append(s.Tables, *t)
		}
	}
	return s
}

// figures are the numbers of all cells, each explained.
func (c *Check) figures() []checkFigure {
	all := c.All()
	refined := func(of func(t *Trust) string) string {
		if all.Refined == nil {
			return ""
		}
		return of(all.Refined)
	}
	both := func(name, says string, of func(t *Trust) string) checkFigure {
		return checkFigure{name, of(&all.Encoder), refined(of), says}
	}
	list := []checkFigure{
		both("Cells to trust", "Share of the cells with k-hat below 0.7: their posterior may pass for the true one, in means, uncertainties and likelihoods.",
			func(t *Trust) string { return share(t.Good) }),
		both("k-hat, median", "How badly a posterior misses a part of what the cell's counts allow: 0.5 is fine, from 0.7 on its uncertainties are not to be trusted.",
			func(t *Trust) string { return fmt.Sprintf("%.2f", t.KHat.Quantiles[2]) }),
		both("ELBO, mean", "How well the model explains a cell's counts, with this posterior, in nats: higher is better. It never exceeds the cell's true log-likelihood.",
			func(t *Trust) string { return nats(t.ELBO.Mean) }),
		both("Importance-weighted bound, mean", "The same from weighted draws: closer to the true log-likelihood. Its distance from the ELBO is what the posterior gives away.",
			func(t *Trust) string { return nats(t.Bound.Mean) }),
		both("Effective sample size, median", fmt.Sprintf("How many draws of the true posterior the %s draws are worth.", thousands(int64(c.Samples))),
			func(t *Trust) string { return fmt.Sprintf("%.0f", t.ESS.Quantiles[2]) }),
	}
	if g := all.AmortizationGap; g != nil {
		list = append(list, checkFigure{"Amortization gap, mean", nats(g.Mean), "", "Nats per cell that are lost because one network answers for all cells, instead of a fit to each."})
	}
	if g := all.WidthFactor; g != nil {
		list = append(list, checkFigure{"Right width, median factor", fmt.Sprintf("%.2f", g.Quantiles[2]), "",
			fmt.Sprintf("By how much the encoder's uncertainties should be multiplied: above 1 they are too small. That alone is worth %s nats per cell.", nats(all.WidthGap.Mean))})
	}
	return list
}

// table is the levels of batch, label or split; nil where there are none.
func (c *Check) table(of string) *checkTable {
	t := &checkTable{ID: "check-" + of, Refined: c.All().Refined != nil}
	for i := range c.Groups {
		g := &c.Groups[i]
		if g.Of != of {
			continue
		}
		t.Key, t.Caption = g.Key, "Posteriors by "+g.Key
		t.Rows = append(t.Rows, c.row(g, of))
	}
	if len(t.Rows) < 2 {
		return nil
	}
	order := []state{bad, fair, unknown, good}
	slices.SortStableFunc(t.Rows, func(a, b checkRow) int { return slices.Index(order, a.State) - slices.Index(order, b.State) })
	return t
}

// row reads a level.
func (c *Check) row(g *CheckGroup, of string) checkRow {
	r := checkRow{Name: g.Level, Cells: thousands(int64(g.Cells)), Gap: nats(g.BoundGap.Mean), Encoder: share(g.Encoder.Good), Bar: hundredths(g.Encoder.Good)}
	best := g.Encoder.Good
	if g.Refined != nil {
		r.Refined, best = share(g.Refined.Good), max(best, g.Refined.Good)
	}
	switch {
	case g.Cells < fewestGroup:
		r.State, r.Reading = unknown, "too few cells to tell"
	case g.Encoder.Good >= mostGood:
		r.State, r.Reading = good, "sound"
	case best >= mostGood:
		r.State, r.Reading = fair, "sound once refined"
	default:
		r.State, r.Reading = bad, "not to be trusted for many cells"
	}
	if of != "split" && g.Cells >= fewestGroup && c.Cells-g.Cells >= fewestGroup && c.judgeGroup(g) != nil {
		r.Reading += "; worse than the others"
		if r.State == good {
			r.State = fair
		}
	}
	return r
}
