package stages

import (
	"fmt"

	"cellvi/model"
)

// Columns of prepared/cells.parquet that hold covariates, by their place among the
// keys: names of annotations are not used, because they might be those of other columns.
func categoricalColumn(i int) string { return fmt.Sprintf("categorical_%d", i) }
func continuousColumn(i int) string  { return fmt.Sprintf("continuous_%d", i) }

// factorColumn holds the size factors that --size-factor-key names; size_factor is
// library size over median, which no model sees.
const factorColumn = "model_size_factor"

// make makes room for the covariates of n cells, and names the columns that hold
// those that are not always there.
func (p *prepared) make(n int64) (columns []string) {
	p.Row, p.Batch, p.Split = make([]int32, 0, n), make([]int32, 0, n), make([]part, 0, n)
	if len(p.LabelLevels) > 1 {
		p.Label = make([]int32, 0, n)
		columns = append(columns, "label")
	}
	for i := range p.CategoricalKeys {
		p.Cats = append(p.Cats, make([]int32, 0, n))
		columns = append(columns, categoricalColumn(i))
	}
	for i := range p.ContinuousKeys {
		p.Conts = append(p.Conts, make([]float32, 0, n))
		columns = append(columns, continuousColumn(i))
	}
	if p.SizeFactorKey != "" {
		p.Factor = make([]float32, 0, n)
		columns = append(columns, factorColumn)
	}
	return columns
}

// addCovariates takes those of a row group beside the batch.
func (p *prepared) addCovariates(c *columns) {
	if p.Label != nil {
		p.Label = c.codes(p.Label, "label", len(p.LabelLevels))
	}
	for i, levels := range p.CategoricalLevels {
		p.Cats[i] = c.codes(p.Cats[i], categoricalColumn(i), len(levels))
	}
	for i := range p.ContinuousKeys {
		p.Conts[i] = c.values(p.Conts[i], continuousColumn(i), func(v float32) bool { return v-v == 0 })
	}
	if p.SizeFactorKey != "" {
		p.Factor = c.values(p.Factor, factorColumn, func(v float32) bool { return v > 0 && v-v == 0 })
	}
}

// codes appends a column of codes, each below levels.
func (c *columns) codes(to []int32, name string, levels int) []int32 {
	for _, code := range c.int32s(name) {
		if code < 0 || int(code) >= levels {
			c.refuse(name, fmt.Sprintf("has %d where there are %d levels", code, levels))
		}
		to = append(to, code)
	}
	return to
}

// values appends a column of numbers, each good.
func (c *columns) values(to []float32, name string, good func(float32) bool) []float32 {
	for _, v := range c.float32s(name) {
		if !good(v) {
			c.refuse(name, fmt.Sprintf("has %v", v))
		}
		to = append(to, v)
	}
	return to
}

func (c *columns) float32s(name string) []float32 {
	return taken(c, name, "float32", c.find(name).Float32)
}

// covariatesOf gives kept cell r's, in buf's slices.
func (p *prepared) covariatesOf(r int32, buf *model.Covariates) model.Covariates {
	buf.Batch, buf.Label, buf.SizeFactor = p.Batch[r], 0, 0
	buf.Cats, buf.Conts = buf.Cats[:0], buf.Conts[:0]
	if p.Label != nil {
		buf.Label = p.Label[r]
	}
	for _, codes := range p.Cats {
		buf.Cats = append(buf.Cats, codes[r])
	}
	for _, values := range p.Conts {
		buf.Conts = append(buf.Conts, values[r])
	}
	if p.Factor != nil {
		buf.SizeFactor = p.Factor[r]
	}
	return *buf
}

// covers says whether there is more than batch and label.
func (p *prepared) covers() bool {
	return len(p.CategoricalKeys) > 0 || len(p.ContinuousKeys) > 0 || p.SizeFactorKey != ""
}

// width is the numbers that a cell has in a model of so many genes.
func (p *prepared) width(genes int) model.Width {
	return model.Width{Genes: genes, Cats: len(p.Cats), Conts: len(p.Conts)}
}
