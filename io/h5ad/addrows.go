package h5ad

import (
	"encoding/binary"
	"fmt"

	"cellvi/io/hdf5"
)

// addChunk is how many values go out at a time.
const addChunk = 1 << 18

// rowFiller fills a dataset with a row a cell: those of marked cells come, as S, the
// others have the value missing everywhere.
type rowFiller[S, T hdf5.Stored] struct {
	d       *hdf5.Dataset
	cols    int     // of the values that come for a cell
	width   int     // of a row of the dataset
	genes   []int32 // column of each value; nil: in their order
	missing T

	next int64 // cell
	held []T   // rows before it, not yet written
	in   []S
}

// newRows makes the dataset of x in g: shape is n and the axes more.
func newRows[S, T hdf5.Stored](g *hdf5.Group, x *Addition, missing T, n int64, more ...int64) (*rowFiller[S, T], error) {
	d, err := hdf5.CreateRows[T](g, x.Name, append([]int64{n}, more...)...)
	return encodedRows[S](d, err, x, missing)
}

// encodedRows fills d, which was just made.
func encodedRows[S, T hdf5.Stored](d *hdf5.Dataset, err error, x *Addition, missing T) (*rowFiller[S, T], error) {
	if err != nil {
		return nil, err
	}
	r := &rowFiller[S, T]{d: d, cols: x.Cols, width: 1, genes: x.Genes, missing: missing}
	if shape := d.Shape(); len(shape) > 1 {
		r.width = int(shape[1])
	}
	ok := r.cols > 0 && (r.genes == nil && r.cols == r.width || len(r.genes) == r.cols)
	if !ok {
		err = fmt.Errorf("%s: %s: rows of %d for values of %d", d.File().Path(), d.Place(), r.width, r.cols)
	}
	if err == nil {
		err = encode(d, "array", versions["array"])
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return r, nil
}

// add takes values of the next marked cells.
func (r *rowFiller[S, T]) add(marks *Marks, raw []byte) error {
	n := len(raw) / binary.Size(*new(S))
	if cap(r.in) < n {
		r.in = make([]S, n)
	}
	in := r.in[:n]
	if _, err := binary.Decode(raw, binary.LittleEndian, in); err != nil || n%r.cols != 0 || len(raw)%binary.Size(*new(S)) != 0 {
		return fmt.Errorf("%s: %s: %d bytes are no rows of %d", r.d.File().Path(), r.d.Place(), len(raw), r.cols)
	}
	for len(in) > 0 {
		if r.next == marks.N {
			return r.wrong("more")
		}
		if marks.Has(r.next) {
			r.put(in[:r.cols])
			in = in[r.cols:]
		} else {
			r.skip()
		}
		if err := r.spill(addChunk); err != nil {
			return err
		}
	}
	return nil
}

// put appends the row of a marked cell.
func (r *rowFiller[S, T]) put(values []S) {
	if r.genes != nil {
		at := len(r.held)
		r.skip()
		for k, gene := range r.genes {
			r.held[at+int(gene)] = T(values[k])
		}
		return
	}
	for _, v := range values {
		r.held = append(r.held, T(v))
	}
	r.next++
}

// skip appends the row of a cell without values.
func (r *rowFiller[S, T]) skip() {
	for range r.width {
		r.held = append(r.held, r.missing)
	}
	r.next++
}

// spill writes what is held, where it is as much.
func (r *rowFiller[S, T]) spill(least int) error {
	if len(r.held) < least || len(r.held) == 0 {
		return nil
	}
	first := r.next - int64(len(r.held)/r.width)
	err := hdf5.WriteRows(r.d, first, r.held)
	r.held = r.held[:0]
	return err
}

// finish writes the rows after the last marked cell.
func (r *rowFiller[S, T]) finish(marks *Marks) error {
	for r.next < marks.N {
		if marks.Has(r.next) {
			return r.wrong("fewer")
		}
		r.skip()
		if err := r.spill(addChunk); err != nil {
			return err
		}
	}
	return r.spill(0)
}

func (r *rowFiller[S, T]) wrong(how string) error {
	return fmt.Errorf("%s: %s: %s values than marked cells", r.d.File().Path(), r.d.Place(), how)
}

func (r *rowFiller[S, T]) close() { _ = r.d.Close() } // the file's Close tells what was not written
