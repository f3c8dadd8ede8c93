package stages

import (
	"errors"
	"slices"

	"cellvi/io/results"
	"cellvi/model/tails"
)

// settle finds the threshold and writes all but scores.parquet.
func (j *judge) settle(dir string, kept *spill) error {
	j.levels.Settle(j.tests)
	found, err := j.writeAnomalies(inDir(dir, "anomalies"), kept)
	if err != nil {
		return err
	}
	j.job.Count("tests", j.tests)
	j.job.Count("anomalies", found)
	if found > 0 && found == j.candidates {
		j.job.Warn("all %d counts of p-value below %.3g are anomalies: there may be more; the model does not describe these counts, train longer or look at genes.parquet", found, j.options.cut())
	}
	if err := j.writeCells(inDir(dir, "cells")); err != nil {
		return err
	}
	if err := j.writeGenes(inDir(dir, "genes")); err != nil {
		return err
	}
	return j.writeCalibration(inDir(dir, "calibration"))
}

// anomalyRows is the rows of a row group of anomalies.
const anomalyRows = 64 * 1024

// writeAnomalies writes the candidates whose q-value is within the rate, and counts them by
// cell and gene.
func (j *judge) writeAnomalies(path string, kept *spill) (found int64, err error) {
	text := []results.Field{{Name: "cell_id", Type: results.String}, {Name: "gene_id", Type: results.String}, {Name: "direction", Type: results.String}}
	w, err := results.Create(path, results.Schema{Columns: append(text, float64s("count", "expected", "lower", "upper", "p", "q")...)})
	if err != nil {
		return 0, err
	}
	var list []candidate
	flush := func() error {
		columns, err := j.anomalyColumns(list)
		if err == nil {
			err = w.WriteRowGroup(columns)
		}
		list = list[:0]
		return err
	}
	err = kept.each(func(c candidate) error {
		if j.levels.Q(c.P) > j.options.FDR {
			return nil
		}
		found++
		cell, gene := &j.cells[c.Cell], &j.genes[c.Gene]
		if c.High {
			cell.High, gene.High = cell.High+1, gene.High+1
		} else {
			cell.Low, gene.Low = cell.Low+1, gene.Low+1
		}
		if list = append(list, c); len(list) < anomalyRows {
			return nil
		}
		return flush()
	})
	if err == nil && (len(list) > 0 || found == 0) {
		err = flush()
	}
	return found, errors.Join(err, w.Close())
}

// anomalyColumns are those of a row group.
func (j *judge) anomalyColumns(list []candidate) ([]results.Column, error) {
	n := len(list)
	cells, genes, direction := make([]string, 0, n), make([]string, n), make([]string, n)
	for at := 0; at < n; {
		from, to := int(list[at].Cell), int(list[at].Cell)+1
		for end := at; end < n && int(list[end].Cell) < from+evalCells; end++ {
			to = int(list[end].Cell) + 1
		}
		names, err := j.names(from, to)
		if err != nil {
			return nil, err
		}
		for ; at < n && int(list[at].Cell) < to; at++ {
			cells = append(cells, names[int(list[at].Cell)-from])
		}
	}
	columns := []results.Column{{Name: "cell_id", String: cells}, {Name: "gene_id", String: genes}, {Name: "direction", String: direction}}
	numbers := make([][]float64, 6)
	for k := range numbers {
		numbers[k] = make([]float64, n)
	}
	for i, c := range list {
		genes[i], direction[i] = j.card.Genes[c.Gene], "low"
		if c.High {
			direction[i] = "high"
		}
		for k, v := range []float64{c.Count, c.Mean, c.Lower, c.Upper, c.P, j.levels.Q(c.P)} {
			numbers[k][i] = v
		}
	}
	for k, name := range []string{"count", "expected", "lower", "upper", "p", "q"} {
		columns = append(columns, results.Column{Name: name, Float64: numbers[k]})
	}
	return columns, nil
}

// writeCells writes a row a cell. Its q-value is Benjamini and Hochberg's, over the cells.
func (j *judge) writeCells(path string) error {
	p, levels := make([]float64, len(j.cells)), tails.NewLevels()
	for i, c := range j.cells {
		p[i] = fisher(c.Surprise, int64(c.Tests))
		levels.Add(p[i])
	}
	levels.Settle(int64(len(p)))
	w, err := results.Create(path, results.Schema{Index: "cell_id", Columns: slices.Concat(
		[]results.Field{{Name: "cell_id", Type: results.String}},
		ints("tests", "found_high", "found_low"), float64s("count", "expected", "coverage", "surprise", "p", "q"))})
	if err != nil {
		return err
	}
	for _, b := range j.groups(groupCells) {
		ids, err := j.names(b.from, b.to)
		if err == nil {
			err = w.WriteRowGroup(j.cellColumns(ids, b, p, levels))
		}
		if err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

// cellColumns are those of cells of b.
func (j *judge) cellColumns(ids []string, b bounds, p []float64, levels *tails.Levels) []results.Column {
	t := newRows(ids, "cell_id", b.to-b.from)
	for i, c := range j.cells[b.from:b.to] {
		t.ints(i, c.Tests, c.High, c.Low)
		n := float64(c.Tests)
		t.floats(i, c.Count, c.Mean, float64(c.Inside)/n, c.Surprise/n, p[b.from+i], levels.Q(p[b.from+i]))
	}
	return t.columns([]string{"tests", "found_high", "found_low"}, []string{"count", "expected", "coverage", "surprise", "p", "q"})
}

// writeGenes writes a row a gene: counts and expected counts are means over its tests.
func (j *judge) writeGenes(path string) error {
	names := make([]string, len(j.genes))
	t := newRows(names, "gene_id", len(names))
	for i := range j.genes {
		g := &j.genes[i]
		names[i] = j.card.Genes[i]
		t.ints(i, int32(g.Tests), g.High, g.Low)
		n := float64(g.Tests)
		t.floats(i, g.Count/n, g.Mean/n, float64(g.Inside)/n, g.Surprise/n, g.distance())
	}
	return results.Write(path, "gene_id", nil, t.columns([]string{"tests", "found_high", "found_low"}, []string{"count", "expected", "coverage", "surprise", "misfit"})...)
}
