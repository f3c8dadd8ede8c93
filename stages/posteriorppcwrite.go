package stages

import (
	"math"

	"cellvi/io/results"
)

// checkColumns are the numbers of a cell or a gene: coefficient of variation and
// share of zeros, of the counts and of the draws.
func checkColumns() []string {
	return []string{"cv_raw", "cv_model", "zero_fraction_raw", "zero_fraction_model"}
}

// variation is the coefficient of variation of n numbers, by their sum and sum of
// squares: the population's standard deviation over the mean; NaN where that is 0.
func variation(sum, square float64, n int) float64 {
	mean := sum / float64(n)
	return math.Sqrt(max(0, square/float64(n)-mean*mean)) / mean
}

// meanOf is the mean of the values that are numbers, NaN where there is none.
func meanOf(values func(i int) float64, n int) float64 {
	sum, count := 0.0, 0
	for i := range n {
		if v := values(i); !math.IsNaN(v) {
			sum += v
			count++
		}
	}
	return sum / float64(count)
}

// numberOr0 is v, 0 where it is no number: the raw variation of what has no counts, as
// in scvi-tools.
func numberOr0(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// cellColumns are a group's of cells.parquet.
func (c *checks) cellColumns(ids []string, g *cellChecks) []results.Column {
	columns := []results.Column{{Name: "cell_id", String: ids}}
	for _, name := range checkColumns() {
		columns = append(columns, results.Column{Name: name, Float64: make([]float64, len(ids))})
	}
	genes, n := len(c.drawing.genes), c.draws+1
	for i := range ids {
		cv := func(s int) float64 { return variation(g.sum[i*n+s], g.square[i*n+s], genes) }
		columns[1].Float64[i], columns[2].Float64[i] = numberOr0(cv(c.draws)), meanOf(cv, c.draws)
		columns[3].Float64[i] = float64(g.zeros[2*i+1]) / float64(genes)
		columns[4].Float64[i] = float64(g.zeros[2*i]) / float64(genes*c.draws)
	}
	return columns
}

// writeGenes writes the checks by gene, and the calibration of all.
func (c *checks) writeGenes(genes, calibration string) error {
	n, cells, all := len(c.drawing.genes), len(c.rows), &c.genes
	columns := []results.Column{{Name: "gene_id", String: make([]string, n)}}
	for _, name := range append(checkColumns(), "calibration_error") {
		columns = append(columns, results.Column{Name: name, Float64: make([]float64, n)})
	}
	for k, g := range c.drawing.genes {
		cv := func(s int) float64 { return variation(all.sum[s*n+k], all.square[s*n+k], cells) }
		columns[0].String[k] = c.card.Genes[g]
		columns[1].Float64[k], columns[2].Float64[k] = numberOr0(cv(c.draws)), meanOf(cv, c.draws)
		columns[3].Float64[k] = float64(all.zeros[n+k]) / float64(cells)
		columns[4].Float64[k] = float64(all.zeros[k]) / float64(cells*c.draws)
		for j, in := range c.intervals {
			off := float64(all.inside[j*n+k])/float64(cells) - (in.upper - in.lower)
			columns[5].Float64[k] += off * off
		}
	}
	if err := results.Write(genes, "gene_id", nil, columns...); err != nil {
		return err
	}
	return c.writeCalibration(calibration)
}

// writeCalibration writes how many counts lie in each credible interval of their draws.
func (c *checks) writeCalibration(path string) error {
	var columns []results.Column
	for _, name := range []string{"lower", "upper", "width", "coverage", "squared_error"} {
		columns = append(columns, results.Column{Name: name, Float64: make([]float64, len(c.intervals))})
	}
	n, total := len(c.drawing.genes), 0.0
	for j, in := range c.intervals {
		inside := int64(0)
		for _, v := range c.genes.inside[j*n : (j+1)*n] {
			inside += v
		}
		width, coverage := in.upper-in.lower, float64(inside)/float64(n*len(c.rows))
		for k, v := range []float64{in.lower, in.upper, width, coverage, (coverage - width) * (coverage - width)} {
			columns[k].Float64[j] = v
		}
		total += (coverage - width) * (coverage - width)
	}
	c.job.Note("calibration error %.4g: the sum over %d credible intervals of (coverage − width)²", total, len(c.intervals))
	return results.Write(path, "", nil, columns...)
}
