package stages

import (
	"context"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// choose finds the cells to check.
func (c *checking) choose(ctx context.Context) error {
	c.summary.Of = c.Options.Cells
	var rows []int32
	var err error
	switch {
	case c.Options.file() != "":
		c.summary.Of = "named"
		rows, err = namedRows(ctx, c.f, c.Options.file())
	case c.Options.Cells == checkValidation && c.f.p.count(toValidate) > 0:
		rows = c.f.p.rows(toValidate)
	default:
		if c.Options.Cells == checkValidation {
			c.job.Note("there are no validation cells: all cells are checked, which the model was trained on")
		}
		c.summary.Of = checkAll
		rows = span(0, len(c.f.p.Row))
	}
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return pipeline.BadInput("%s: holds no cells to check", c.Prepared())
	}
	c.of = len(rows)
	c.rows = evenly(rows, c.Options.MaxCells)
	if len(c.rows) < c.of {
		c.job.Note("checking %d of %d cells, spread evenly (--max-cells)", len(c.rows), c.of)
	}
	return nil
}

// most is how many of so many cells may be checked.
func (s *Check) most(cells int) int {
	if s.Options.MaxCells == 0 {
		return cells
	}
	return min(cells, s.Options.MaxCells)
}

// readLabels takes the cells' labels as prepare wrote them: a model that was not given
// them drops them.
func (c *checking) readLabels() error {
	p, err := readPrepared(c.Prepared(), c.f.st)
	if err != nil {
		return err
	}
	if p.LabelsKey != "" {
		c.labels, c.labelKey, c.labelLevels = p.Label, p.LabelsKey, p.LabelLevels
	}
	return nil
}

// evenly takes n of rows at even distances; all where n is 0 or there are fewer.
func evenly(rows []int32, n int) []int32 {
	if n == 0 || len(rows) <= n {
		return rows
	}
	some := make([]int32, n)
	for i := range some {
		some[i] = rows[i*len(rows)/n]
	}
	return some
}

// number is number k of every cell.
func (c *checking) number(k int) []float32 {
	v := make([]float32, len(c.rows))
	for i := range v {
		v[i] = c.values[i*checkNumbers+k]
	}
	return v
}

// best is the better importance-weighted bound of each cell.
func (c *checking) best() []float32 {
	b := c.number(checkBound)
	if c.Options.refines() {
		for i, v := range c.number(checkRefinedBound) {
			b[i] = max(b[i], v)
		}
	}
	return b
}

// less is a − b.
func less(a, b []float32) []float32 {
	d := make([]float32, len(a))
	for i := range d {
		d[i] = a[i] - b[i]
	}
	return d
}

// columns are check.parquet's.
func (c *checking) columns(ids []string) []results.Column {
	p := c.f.p
	split, batch, label := make([]string, len(ids)), make([]string, len(ids)), make([]string, len(ids))
	for i, r := range c.rows {
		split[i], batch[i] = splitNames[p.Split[r]], p.BatchLevels[p.Batch[r]]
		if c.labels != nil {
			label[i] = c.labelLevels[c.labels[r]]
		}
	}
	cols := []results.Column{{Name: "cell_id", String: ids}, {Name: "split", String: split}, {Name: "batch", String: batch}}
	if c.labels != nil {
		cols = append(cols, results.Column{Name: "label", String: label})
	}
	add := func(name string, values []float32) { cols = append(cols, results.Column{Name: name, Float32: values}) }
	elbo := c.number(checkELBO)
	add("elbo", elbo)
	add("elbo_se", c.number(checkELBOSE))
	add("bound", c.number(checkBound))
	add("bound_gap", less(c.best(), elbo))
	add("khat", c.number(checkKHat))
	add("ess", c.number(checkESS))
	if !c.Options.refines() {
		return cols
	}
	refined := c.number(checkRefinedELBO)
	add("refined_elbo", refined)
	add("refined_bound", c.number(checkRefinedBound))
	add("refined_khat", c.number(checkRefinedKHat))
	add("refined_ess", c.number(checkRefinedESS))
	add("amortization_gap", less(refined, elbo))
	add("width_gap", less(c.number(checkWidened), elbo))
	add("width_factor", c.number(checkWidth))
	add("steps", c.number(checkSteps))
	add("converged", c.number(checkConverged))
	return cols
}

// splitNames are the parts' names in check.parquet.
var splitNames = map[part]string{toTrain: partTrain, toValidate: partValidation, toTest: "test"}
