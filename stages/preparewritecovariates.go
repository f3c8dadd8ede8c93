package stages

import "cellvi/io/results"

// covariates names the annotations that the codes and numbers stand for.
func (d *decisions) covariates() covariates {
	c := covariates{BatchKey: d.batch.key, BatchLevels: d.batch.levels, LabelsKey: d.labels.key, LabelLevels: d.labels.levels,
		CategoricalKeys: []string{}, CategoricalLevels: [][]string{}, ContinuousKeys: []string{}, LevelKinds: map[string]string{}}
	for _, x := range append([]*codes{d.batch, d.labels}, d.cats...) {
		if x.kind != "" {
			c.LevelKinds[x.key] = x.kind
		}
	}
	for _, x := range d.cats {
		c.CategoricalKeys, c.CategoricalLevels = append(c.CategoricalKeys, x.key), append(c.CategoricalLevels, x.levels)
	}
	for _, x := range d.conts {
		c.ContinuousKeys = append(c.ContinuousKeys, x.key)
	}
	if d.factor != nil {
		c.SizeFactorKey = d.factor.key
	}
	return c
}

// cellFields are the columns of cells.parquet.
func (d *decisions) cellFields() []results.Field {
	fields := []results.Field{{Name: "cell_id", Type: results.String}, {Name: "row", Type: results.Int64},
		{Name: "library_size", Type: results.Float64}, {Name: "n_genes", Type: results.Int64},
		{Name: "size_factor", Type: results.Float64}, {Name: "batch", Type: results.Int32},
		{Name: "label", Type: results.Int32}, {Name: "split", Type: results.String}}
	for _, c := range d.covariateColumns(nil) {
		kind, _ := c.Type()
		fields = append(fields, results.Field{Name: c.Name, Type: kind})
	}
	return fields
}

// covariateColumns are the further covariates of the given cells of the store.
func (d *decisions) covariateColumns(rows []int32) (columns []results.Column) {
	for i, x := range d.cats {
		columns = append(columns, results.Column{Name: categoricalColumn(i), Int32: x.keep(rows)})
	}
	for i, x := range d.conts {
		columns = append(columns, results.Column{Name: continuousColumn(i), Float32: x.keep(rows)})
	}
	if d.factor != nil {
		columns = append(columns, results.Column{Name: factorColumn, Float32: d.factor.keep(rows)})
	}
	return columns
}
