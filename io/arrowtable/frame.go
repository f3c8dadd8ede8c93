package arrowtable

import (
	"context"
	"errors"
	"fmt"

	"cellvi/io/counts"
)

// FrameOptions say how a table of annotations is read.
type FrameOptions struct {
	Memory int64 // bytes that the frame may take; 0 is DefaultMemory
}

// ReadFrame reads annotations of cells or genes from an Arrow or Parquet file, or a
// folder of them: a row each. Its names are the pandas index, else the first column,
// as in the file, perhaps repeated: counts.AnnotateCells and AnnotateGenes refuse
// that. The notes, whole sentences, say what is left out.
func ReadFrame(path string, opt FrameOptions) (f *counts.Frame, notes []string, err error) {
	if opt.Memory == 0 {
		opt.Memory = DefaultMemory
	}
	t := &table{current: path}
	err = guard(func() string { return t.current }, func() error {
		files, folders, err := openShards(path, opt.Memory)
		if err != nil {
			return err
		}
		joined, err := newTable(path, files)
		if err != nil {
			return errors.Join(err, closeAll(files))
		}
		t = joined
		f, notes, err = t.frame(context.Background(), opt)
		notes = append(folders, notes...)
		return errors.Join(err, closeAll(files))
	})
	if err != nil {
		return nil, nil, err
	}
	return f, notes, nil
}

// frame reads all columns that annotate.
func (t *table) frame(ctx context.Context, opt FrameOptions) (*counts.Frame, []string, error) {
	name, err := t.frameNames()
	if err != nil {
		return nil, nil, err
	}
	var columns []int
	var notes []string
	for k, c := range t.columns {
		switch {
		case k == name:
		case c.class == other || c.class == list:
			notes = append(notes, t.leftOut(k))
		default:
			columns = append(columns, k)
		}
	}
	need := t.rows() * (nameBytes + 16*int64(len(columns)))
	if need > opt.Memory {
		return nil, nil, &counts.MemoryError{File: t.path, Found: fmt.Sprintf("%s rows of %d columns", counts.Thousands(t.rows()), len(columns)),
			Need: need, Allow: opt.Memory, Advice: "leave columns out of the file"}
	}
	r, err := t.newRowReader(ctx, name, columns, opt.Memory/4)
	if err != nil {
		return nil, nil, err
	}
	f := r.header.Header()
	for p, err := range t.pieces(ctx, r.columns, pieceRows) {
		if err == nil {
			err = r.read(p, &f)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return &f, append(notes, r.notes...), nil
}

// leftOut is the note of a column that is not read.
func (t *table) leftOut(k int) string {
	return fmt.Sprintf("%s: column %s is left out: %s is not read as an annotation", t.path, counts.Printable(t.columns[k].name), t.columns[k].typ)
}

// frameNames is the column of names.
func (t *table) frameNames() (int, error) {
	if k := t.indexColumn(); k >= 0 {
		return k, t.canName(k)
	}
	if index := t.pandasIndex(); len(index) > 1 {
		return 0, t.indexFault(index)
	}
	if len(t.columns) == 0 {
		return 0, t.fault("", "it has no columns", "")
	}
	return 0, t.canName(0)
}
