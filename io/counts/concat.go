package counts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ConcatOptions says how several inputs become one table.
type ConcatOptions struct {
	// Labels name the inputs, one a reader, no two alike: in warnings, in the
	// input column and before cell names.
	Labels []string
	// Outer keeps the genes of any input, in the order in which they are met;
	// otherwise those of every input are kept, in the first one's order.
	Outer bool
	// PrefixCells makes every cell LABEL:name. Cells stream, so whether names
	// clash must be known before: see NamesOf and NamesClash.
	PrefixCells bool
	// InputColumn is the name of a categorical cell annotation that tells the
	// input; "" for none.
	InputColumn string
	// MinOverlap is the smallest share, 0 to 1, of the genes of the input that has
	// the fewest that every input must have; 0 for any, see Joined.Shared.
	MinOverlap float64
}

// Validate returns every problem of the options for n inputs at once.
func (o *ConcatOptions) Validate(n int) error {
	var faults []string
	if n == 0 {
		faults = append(faults, "there is no input")
	}
	if len(o.Labels) != n {
		faults = append(faults, fmt.Sprintf("%d labels for %d inputs", len(o.Labels), n))
	}
	met := map[string]bool{}
	for _, l := range o.Labels {
		if met[l] || l == "" {
			faults = append(faults, fmt.Sprintf("the label %q is empty or repeated", l))
		}
		met[l] = true
	}
	if !(o.MinOverlap >= 0 && o.MinOverlap <= 1) {
		faults = append(faults, fmt.Sprintf("the least overlap is %v, not 0 to 1", o.MinOverlap))
	}
	if len(faults) > 0 {
		return errors.New("joining inputs: " + strings.Join(faults, "; "))
	}
	return nil
}

// Concat joins inputs on gene names into one Reader: all cells of the first,
// then of the second, and so on. Gene names that repeat within an input are made
// unique first (MakeUnique). Annotations of the same name are merged: levels in
// the order in which they are met, integers beside floats as floats, other kinds
// beside each other as text; what an input lacks is missing there. A gene's
// annotation is that of the first input that has one.
// The Reader owns the readers: its Close closes them.
func Concat(readers []Reader, opt ConcatOptions) (*Joined, error) {
	if err := opt.Validate(len(readers)); err != nil {
		return nil, err
	}
	j := &Joined{opt: opt, inputs: make([]joinInput, len(readers))}
	obs := make([]*Frame, len(readers))
	for i, r := range readers {
		j.inputs[i].Reader = r
		obs[i] = r.Obs()
	}
	if err := j.joinGenes(); err != nil {
		return nil, err
	}
	var warnings []string
	j.columns, warnings = planColumns("cell annotation", obs, opt.Labels)
	j.warnings = append(j.warnings, warnings...)
	for i := range j.columns {
		j.obs.Columns = append(j.obs.Columns, j.columns[i].header)
	}
	j.addInputColumn()
	return j, nil
}

// Joined is the Reader that Concat makes.
type Joined struct {
	opt      ConcatOptions
	inputs   []joinInput
	genes    Frame
	obs      Frame // header
	columns  []joinedColumn
	warnings []string
	at       int // the input being read
	table    Table
	rows     Table // memory for the rows of table
	tidier   Tidier
	shared   int // genes of every input
}

// joinInput is one input and the way of its genes into the joined ones.
type joinInput struct {
	Reader
	names []string // of its genes, made unique
	gene  []int32  // own gene → joined gene, -1 where left out
	order bool     // gene ascends, but for the -1
	same  bool     // every gene is itself
	kept  int      // genes that are joined ones
}

// Warnings are what joining had to decide, one sentence each.
func (j *Joined) Warnings() []string { return j.warnings }

// Genes are the joined genes.
func (j *Joined) Genes() *Frame { return &j.genes }

// Obs are the joined annotations' headers.
func (j *Joined) Obs() *Frame { return &j.obs }

// Cells is the number of cells of all inputs.
func (j *Joined) Cells() int64 {
	n := int64(0)
	for i := range j.inputs {
		n += j.inputs[i].Cells()
	}
	return n
}

// Next gives the next cells, which are all of one input.
func (j *Joined) Next(ctx context.Context) (*Table, error) {
	for ; j.at < len(j.inputs); j.at++ {
		t, err := j.inputs[j.at].Next(ctx)
		if errors.Is(err, io.EOF) {
			continue
		}
		if err != nil {
			return nil, err
		}
		j.joinObs(&t.Obs)
		j.joinRows(t)
		return &j.table, nil
	}
	return nil, io.EOF
}

// Close closes all inputs.
func (j *Joined) Close() error {
	errs := make([]error, len(j.inputs))
	for i := range j.inputs {
		errs[i] = j.inputs[i].Reader.Close()
	}
	return errors.Join(errs...)
}

// addInputColumn adds the column that tells the input, under a free name.
func (j *Joined) addInputColumn() {
	if j.opt.InputColumn == "" {
		return
	}
	names := append(j.obs.ColumnNames(), j.opt.InputColumn)
	if MakeUnique(names) > 0 && names[len(names)-1] != j.opt.InputColumn {
		j.warnings = append(j.warnings, fmt.Sprintf("the inputs have a cell annotation %s: the input is told in %s",
			j.opt.InputColumn, names[len(names)-1]))
	}
	j.obs.Columns = append(j.obs.Columns, Column{Name: names[len(names)-1], Kind: Categorical, Levels: j.opt.Labels})
}

// joinObs makes the table's cells of those of the input being read.
func (j *Joined) joinObs(obs *Frame) {
	out := &j.table.Obs
	out.Names = append(out.Names[:0], obs.Names...)
	if j.opt.PrefixCells {
		for i, name := range obs.Names {
			out.Names[i] = j.opt.Labels[j.at] + ":" + name
		}
	}
	out.Columns = out.Columns[:0]
	for i := range j.columns {
		out.Columns = append(out.Columns, j.columns[i].convert(j.at, obs))
	}
	if len(j.obs.Columns) > len(j.columns) {
		input := j.obs.Columns[len(j.columns)]
		input.Codes = make([]int32, obs.Len())
		for i := range input.Codes {
			input.Codes[i] = int32(j.at)
		}
		out.Columns = append(out.Columns, input)
	}
}

// joinRows makes the table's counts of those of t.
func (j *Joined) joinRows(t *Table) {
	in, out := &j.inputs[j.at], &j.rows
	if in.same {
		j.table.Indptr, j.table.Genes, j.table.Values = t.Indptr, t.Genes, t.Values
		return
	}
	out.Indptr, out.Genes, out.Values = append(out.Indptr[:0], 0), out.Genes[:0], out.Values[:0]
	for i := range t.Cells() {
		genes, values := t.Row(i)
		for k, g := range genes {
			if to := in.gene[g]; to >= 0 {
				out.Genes = append(out.Genes, uint32(to))
				out.Values = append(out.Values, values[k])
			}
		}
		out.Indptr = append(out.Indptr, int64(len(out.Genes)))
	}
	if !in.order {
		j.tidier.Tidy(out, int64(len(j.genes.Names))) // nothing repeats: all stay
	}
	j.table.Indptr, j.table.Genes, j.table.Values = out.Indptr, out.Genes, out.Values
}
