package arrowtable

import (
	"context"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"cellvi/io/counts"
)

// listRows is how many rows of lists are read at a time.
const listRows = 256

// listFiller reads a table of lists, cells in the file's order.
type listFiller struct {
	r      *Reader
	rows   *rowReader
	coder  *geneCoder
	next   func() (piece, error, bool)
	stop   func()
	tidier counts.Tidier
	ends   []int64 // of the cells' lists of counts
}

func (r *Reader) openList(ctx context.Context) error {
	rows, err := r.table.newRowReader(ctx, r.plan.cell, r.plan.annotations, r.opt.Memory/4)
	if err != nil {
		return err
	}
	r.notes = append(r.notes, rows.notes...)
	r.obs, r.cells = rows.header, r.table.rows()
	coder, err := r.listGenes(ctx)
	if err != nil {
		return err
	}
	l := &listFiller{r: r, rows: rows, coder: coder}
	l.next, l.stop = iter.Pull2(r.table.pieces(ctx, append(append([]int{}, rows.columns...), r.plan.gene, r.plan.count), listRows))
	r.filler = l
	return nil
}

// listGenes finds the genes: given, or named in the table.
func (r *Reader) listGenes(ctx context.Context) (*geneCoder, error) {
	c := r.newGeneCoder(r.plan.gene)
	if element(r.table.columns[r.plan.gene].typ) == whole {
		if r.genes == nil {
			return nil, r.table.fault(r.table.columns[r.plan.gene].name, "it numbers genes, and nothing in the file names them",
				"--var FILE names a table with a row a gene, in that order")
		}
		r.takeNumbers(c)
		return c, nil
	}
	var learned []uint32
	first := int64(0)
	for p, err := range r.table.pieces(ctx, []int{r.plan.gene}, listRows) {
		if err != nil {
			return nil, err
		}
		for _, a := range p.columns[0] {
			values, _, err := r.flatten(a, nil)
			if err != nil {
				return nil, r.listFault(r.plan.gene, err)
			}
			if learned, err = c.learn(learned[:0], values, first); err != nil {
				return nil, err
			}
			first += int64(a.Len())
		}
	}
	return c, r.takeGenes(c)
}

// fill reads the next rows.
func (l *listFiller) fill(_ context.Context, t *counts.Table) error {
	p, err, ok := l.next()
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("it ends before its %d rows", l.r.cells)
	}
	t.Obs = l.rows.header.Header()
	first := l.rows.first
	if err := l.rows.read(p, &t.Obs); err != nil {
		return err
	}
	if err := l.read(p, first, t); err != nil {
		return err
	}
	l.tidier.Tidy(t, int64(l.r.genes.Len())) // every gene is below
	return nil
}

// read reads the two lists of each row and holds them against each other.
func (l *listFiller) read(p piece, first int64, t *counts.Table) error {
	lists := p.columns[len(l.rows.columns):]
	t.Indptr, t.Genes, t.Values = append(t.Indptr[:0], 0), t.Genes[:0], t.Values[:0]
	for _, a := range lists[0] {
		values, ends, err := l.r.flatten(a, t.Indptr)
		if err == nil {
			t.Indptr = ends
			t.Genes, err = l.coder.codes(t.Genes, values, first)
		}
		if err != nil {
			return l.r.listFault(l.r.plan.gene, err)
		}
	}
	l.ends = append(l.ends[:0], 0)
	for _, a := range lists[1] {
		values, ends, err := l.r.flatten(a, l.ends)
		if err == nil {
			l.ends = ends
			l.r.nulls += int64(values.NullN())
			l.r.nullLists += int64(a.NullN())
			t.Values, err = appendFloats(t.Values, values)
		}
		if err != nil {
			return l.r.listFault(l.r.plan.count, err)
		}
	}
	for i := range p.rows {
		g, c := t.Indptr[i+1]-t.Indptr[i], l.ends[i+1]-l.ends[i]
		if g != c {
			return l.r.table.fault(l.r.table.columns[l.r.plan.gene].name, fmt.Sprintf("row %d has %d genes, but %d counts", first+int64(i), g, c),
				"the two lists of a row must be equally long")
		}
	}
	return nil
}

// listFault is an error of a column of lists.
func (r *Reader) listFault(k int, err error) error {
	if known(err) {
		return err
	}
	return r.table.fault(r.table.columns[k].name, err.Error(), damaged)
}

func (l *listFiller) close() { l.stop() }

// entryBytes is what a gene and its count take while lists are read.
const entryBytes = 24

// flatten gives the values of lists one after the other, and appends where each
// list ends to ends, whose last is where the first begins. A null is an empty list.
func (r *Reader) flatten(a arrow.Array, ends []int64) (arrow.Array, []int64, error) {
	lists, ok := stored(a).(array.ListLike)
	if !ok {
		return nil, nil, fmt.Errorf("holds %s where lists are expected", a.DataType())
	}
	if len(ends) == 0 {
		ends = []int64{0}
	}
	values := lists.ListValues()
	var parts []arrow.Array
	lo, hi, end := int64(0), int64(0), ends[len(ends)-1] // [lo, hi) is not yet in parts
	for i := range lists.Len() {
		if !lists.IsNull(i) {
			s, e := lists.ValueOffsets(i)
			if s < 0 || e < s || e > int64(values.Len()) {
				return nil, nil, fmt.Errorf("a list goes from %d to %d of %d values", s, e, values.Len())
			}
			if s != hi && e > s {
				if hi > lo {
					parts = append(parts, array.NewSlice(values, lo, hi))
				}
				lo = s
			}
			if e > s {
				hi = e
			}
			end += e - s
		}
		ends = append(ends, end)
	}
	if need := end * entryBytes; need > r.opt.Memory {
		return nil, nil, &counts.MemoryError{File: r.path, Found: fmt.Sprintf("%d rows have lists of %s values", lists.Len(), counts.Thousands(end)),
			Need: need, Allow: r.opt.Memory}
	}
	parts = append(parts, array.NewSlice(values, lo, hi))
	if len(parts) == 1 {
		return parts[0], ends, nil
	}
	return joined(parts, ends)
}
