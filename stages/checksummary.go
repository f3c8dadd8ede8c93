package stages

import (
	"encoding/json"
	"io"
	"math"
	"slices"

	"cellvi/stages/report"
)

// summarize makes check.json of the cells' numbers.
func (c *checking) summarize() {
	s := &c.summary
	s.Format, s.Cells, s.Candidate, s.Samples, s.Refine = report.CheckFormat, len(c.rows), c.of, c.Options.Samples, c.Options.Refine
	if c.Options.refines() {
		for _, v := range c.number(checkConverged) {
			if v == 0 {
				s.Unsettled++
			}
		}
	}
	g := newCheckGroups(c)
	s.Groups = append(s.Groups, g.group("all", "", "", nil))
	p := c.f.p
	g.levels("split", "split", []string{splitNames[toTest], partTrain, partValidation}, func(r int32) int32 { return int32(p.Split[r]) })
	if p.BatchKey != "" {
		g.levels("batch", p.BatchKey, p.BatchLevels, func(r int32) int32 { return p.Batch[r] })
	}
	if c.labels != nil {
		g.levels("label", c.labelKey, c.labelLevels, func(r int32) int32 { return c.labels[r] })
	}
	s.CountKHats(c.number(checkKHat), g.of(checkRefinedKHat))
	s.CountGaps(g.boundGap, g.refinedGap)
	s.Judge(c.history)
}

// checkGroups makes figures of cells.
type checkGroups struct {
	*checking
	boundGap, refinedGap []float32 // to the better bound; the latter nil where nothing is refined
	amortization         []float32
	widened, factor      []float32 // what the right width gains, and the factor
}

func newCheckGroups(c *checking) *checkGroups {
	best, elbo := c.best(), c.number(checkELBO)
	g := &checkGroups{checking: c, boundGap: less(best, elbo)}
	if c.Options.refines() {
		g.refinedGap = less(best, c.number(checkRefinedELBO))
		g.amortization = less(c.number(checkRefinedELBO), elbo)
		g.widened, g.factor = less(c.number(checkWidened), elbo), c.number(checkWidth)
	}
	return g
}

// of is a number of the refined posteriors; nil where nothing is refined.
func (g *checkGroups) of(k int) []float32 {
	if !g.Options.refines() {
		return nil
	}
	return g.number(k)
}

// levels adds a group for each level that has cells.
func (g *checkGroups) levels(of, key string, names []string, code func(row int32) int32) {
	by := make([][]int, len(names))
	for i, r := range g.rows {
		k := code(r)
		by[k] = append(by[k], i)
	}
	for k, cells := range by {
		if len(cells) > 0 {
			g.summary.Groups = append(g.summary.Groups, g.group(of, key, names[k], cells))
		}
	}
}

// group are the figures of these of the cells, nil for all.
func (g *checkGroups) group(of, key, level string, cells []int) report.CheckGroup {
	x := report.CheckGroup{Of: of, Key: key, Level: level, Cells: len(cells)}
	if cells == nil {
		x.Cells = len(g.rows)
	}
	x.Encoder = g.trust(cells, checkELBO, checkBound, checkKHat, checkESS)
	x.BoundGap = figure(g.boundGap, cells)
	if g.refinedGap != nil {
		t := g.trust(cells, checkRefinedELBO, checkRefinedBound, checkRefinedKHat, checkRefinedESS)
		a, w, f := figure(g.amortization, cells), figure(g.widened, cells), figure(g.factor, cells)
		x.Refined, x.AmortizationGap, x.WidthGap, x.WidthFactor = &t, &a, &w, &f
	}
	return x
}

// trust are the figures of one kind of posterior.
func (g *checkGroups) trust(cells []int, elbo, bound, khat, ess int) report.Trust {
	k := among(g.number(khat), cells)
	good := 0
	for _, v := range k {
		if v < report.GoodKHat {
			good++
		}
	}
	return report.Trust{ELBO: figure(g.number(elbo), cells), Bound: figure(g.number(bound), cells), KHat: figure(g.number(khat), cells),
		ESS: figure(g.number(ess), cells), Good: float64(good) / float64(max(len(k), 1))}
}

// among are the values of these cells, nil for all.
func among(values []float32, cells []int) []float32 {
	if cells == nil {
		return values
	}
	some := make([]float32, len(cells))
	for i, at := range cells {
		some[i] = values[at]
	}
	return some
}

// figure describes the values of these cells, nil for all.
func figure(values []float32, cells []int) (f report.Figure) {
	var v []float64
	for _, x := range among(values, cells) {
		if isFinite(float64(x)) {
			v = append(v, float64(x))
		} else {
			f.NotFinite++
		}
	}
	if f.Cells = len(v); f.Cells == 0 {
		return f
	}
	for _, x := range v {
		f.Mean += x / float64(len(v))
	}
	for _, x := range v {
		f.SD += (x - f.Mean) * (x - f.Mean)
	}
	f.SD = math.Sqrt(f.SD / float64(max(len(v)-1, 1)))
	slices.Sort(v)
	for i, q := range [...]float64{0.05, 0.25, 0.5, 0.75, 0.95} {
		at := q * float64(len(v)-1)
		low := int(at)
		f.Quantiles[i] = v[low] + (at-float64(low))*(v[min(low+1, len(v)-1)]-v[low])
	}
	return f
}

// publishJSON publishes v as JSON for people to read too.
func publishJSON(path string, v any) error {
	return publishWritten(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	})
}
