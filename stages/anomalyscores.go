package stages

import (
	"math"

	"cellvi/io/results"
)

// createScores begins scores.parquet; nil where it is not asked for.
func (j *judge) createScores(dir string) (*results.Writer, error) {
	if !j.options.Scores {
		return nil, nil
	}
	fields := []results.Field{{Name: "cell_id", Type: results.String}}
	for _, name := range columnNames(j.job, j.card.Genes) {
		fields = append(fields, results.Field{Name: name, Type: results.Float32})
	}
	return results.Create(inDir(dir, "scores"), results.Schema{Index: "cell_id", Columns: fields})
}

// scoreColumns makes room for n cells; NaN is a count that is not tested.
func (j *judge) scoreColumns(old []results.Column, n int) []results.Column {
	if old == nil {
		for _, name := range columnNames(j.job, j.card.Genes) {
			old = append(old, results.Column{Name: name})
		}
	}
	for k := range old {
		old[k].Float32 = resized(old[k].Float32, n)
		for i := range old[k].Float32 {
			old[k].Float32[i] = float32(math.NaN())
		}
	}
	return old
}

// writeScores writes a group's.
func (j *judge) writeScores(w *results.Writer, g *judgedGroup) error {
	ids, err := j.names(g.from, g.to)
	if err != nil {
		return err
	}
	return w.WriteRowGroup(append([]results.Column{{Name: "cell_id", String: ids}}, g.scores...))
}
