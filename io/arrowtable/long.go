package arrowtable

import (
	"context"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow/array"

	"cellvi/io/counts"
)

// longFiller reads a long table, whose cells are in the order in which they are met
// first. Names and annotations of all cells are held.
type longFiller struct {
	r      *Reader
	cells  *namer
	obs    counts.Frame // of all cells
	coder  coder        // of cells
	genes  *geneCoder
	sorted *counts.ByCell
	passes int
	counts.Entries
}

func (r *Reader) openLong(ctx context.Context) error {
	l := &longFiller{r: r, genes: r.newGeneCoder(r.plan.gene)}
	l.cells = newNamer(r.path, "column "+counts.Printable(r.table.columns[r.plan.cell].name), r.opt.Memory/4)
	if l.genes.fixed && r.table.columns[r.plan.gene].class == whole {
		r.takeNumbers(l.genes)
	}
	r.filler = l
	if err := l.meet(ctx); err != nil {
		return err
	}
	r.cells = int64(len(l.cells.names))
	l.obs.Names = l.cells.names
	r.obs = l.obs.Header()
	l.sorted = counts.NewByCell(l.entries, r.cells, int64(r.genes.Len()), r.opt.Memory/2)
	return nil
}

// meet reads the names of cells and genes, and what annotates them.
func (l *longFiller) meet(ctx context.Context) error {
	r := l.r
	obs, err := r.newCollector(ctx, l.cells, r.plan.annotations)
	if err != nil {
		return err
	}
	vars, err := r.newCollector(ctx, l.genes.namer, r.plan.ofGenes)
	if err != nil {
		return err
	}
	listed := newNamer(r.path, l.cells.place, r.opt.Memory/4)
	columns := append([]int{r.plan.cell, r.plan.gene}, append(obs.columns, vars.columns...)...)
	first := int64(0)
	for p, err := range r.table.pieces(ctx, columns, pieceRows) {
		if err == nil {
			err = l.meetPiece(p, first, obs, vars, listed)
		}
		if err != nil {
			return err
		}
		first += int64(p.rows)
	}
	if err := r.takeGenes(l.genes); err != nil {
		return err
	}
	l.note(listed)
	l.obs.Columns = obs.finish(len(l.cells.names))
	if annotations := vars.finish(r.genes.Len()); !l.genes.fixed {
		r.genes.Columns = annotations
	} else if len(annotations) > 0 {
		r.notes = append(r.notes, fmt.Sprintf("%s: columns that annotate genes are left out, as the genes are given: %d, the first %s",
			r.path, len(annotations), counts.Printable(annotations[0].Name)))
	}
	return nil
}

// note says what of the names may surprise.
func (l *longFiller) note(listed *namer) {
	unmet, one := 0, ""
	for _, name := range listed.names {
		if _, ok := l.cells.code[name]; !ok {
			if unmet++; unmet == 1 {
				one = name
			}
		}
	}
	if unmet > 0 {
		l.r.notes = append(l.r.notes, fmt.Sprintf("%s: categories of %s that no row has are no cells: %d, the first %s",
			l.r.path, l.cells.place, unmet, counts.Printable(one)))
	}
	if l.r.table.columns[l.r.plan.gene].class == whole && !l.genes.numbers {
		l.r.notes = append(l.r.notes, fmt.Sprintf("%s: the numbers in %s are taken for the genes' names: --var FILE names genes by number", l.r.path, l.genes.place))
	}
}

func (l *longFiller) meetPiece(p piece, first int64, obs, vars *collector, listed *namer) error {
	var cells, genes []uint32
	var err error
	row := first
	for _, a := range p.columns[0] {
		if d, ok := stored(a).(*array.Dictionary); ok && d.Dictionary().Data() != l.coder.dictionary {
			if err := eachText(d.Dictionary(), func(s string) error { _, err := listed.add(s); return err }); err != nil {
				return err
			}
		}
		if cells, err = l.coder.codes(cells, a, l.cells.add, row); err != nil {
			return l.placed(err)
		}
		row += int64(a.Len())
	}
	row = first
	for _, a := range p.columns[1] {
		if genes, err = l.genes.learn(genes, a, row); err != nil {
			return err
		}
		row += int64(a.Len())
	}
	if err := obs.add(cells, p.columns[2:2+len(obs.columns)]); err != nil {
		return err
	}
	return vars.add(genes, p.columns[2+len(obs.columns):])
}

// placed makes a plain error one of the column of cells.
func (l *longFiller) placed(err error) error {
	if known(err) {
		return err
	}
	return &counts.InputError{File: l.cells.path, Place: l.cells.place, Found: err.Error()}
}

// fill sorts the next cells.
func (l *longFiller) fill(ctx context.Context, t *counts.Table) error {
	n, err := l.sorted.Fill(ctx, l.r.first, min(batchCells, l.r.cells-l.r.first), t)
	if err != nil {
		return err
	}
	t.Obs = l.obs.Slice(int(l.r.first), int(l.r.first+n))
	return nil
}

// entries gives all counts, in the file's order.
func (l *longFiller) entries(ctx context.Context) iter.Seq2[counts.Entries, error] {
	l.passes++
	pass := l.passes
	return func(yield func(counts.Entries, error) bool) {
		first := int64(0)
		for p, err := range l.r.table.pieces(ctx, []int{l.r.plan.cell, l.r.plan.gene, l.r.plan.count}, pieceRows) {
			if err == nil {
				err = l.read(p, first, pass)
			}
			if !yield(l.Entries, err) || err != nil {
				return
			}
			first += int64(p.rows)
		}
	}
}

func (l *longFiller) read(p piece, first int64, pass int) (err error) {
	l.Cells, l.Genes, l.Values = l.Cells[:0], l.Genes[:0], l.Values[:0]
	cell := func(name string) (uint32, error) {
		code, ok := l.cells.code[name]
		if !ok {
			return 0, fmt.Errorf("cell %s was not there before", counts.Printable(name))
		}
		return code, nil
	}
	for _, a := range p.columns[0] {
		if l.Cells, err = l.coder.codes(l.Cells, a, cell, first); err != nil {
			return l.placed(err)
		}
	}
	for _, a := range p.columns[1] {
		if l.Genes, err = l.genes.codes(l.Genes, a, first); err != nil {
			return err
		}
	}
	for _, a := range p.columns[2] {
		if pass == 1 {
			l.r.nulls += int64(a.NullN())
		}
		if l.Values, err = appendFloats(l.Values, a); err != nil {
			return err
		}
	}
	return nil
}

func (l *longFiller) close() {
	if l.sorted != nil {
		l.sorted.Close()
	}
}
