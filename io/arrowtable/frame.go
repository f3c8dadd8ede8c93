package arrowtable

import (
	"context"
	"errors"
	"fmt"

	"cellvi/io/counts"
)

// FrameOptions say how a table of annotations is read.
type FrameOptions struct {
	Index  string // the column of names; "": the pandas index, else the first of text or whole numbers
	Memory int64  // bytes that the frame may take; 0 is DefaultMemory
}

// ReadFrame reads annotations of cells or genes from an Arrow or Parquet file, or a
// folder of them: a row each. Names may not repeat.
func ReadFrame(path string, opt FrameOptions) (*counts.Frame, error) {
	f, err := readFrame(path, opt)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, f.Len())
	repeats, first := 0, ""
	for _, name := range f.Names {
		if seen[name] {
			if repeats++; repeats == 1 {
				first = name
			}
		}
		seen[name] = true
	}
	if repeats > 0 {
		return nil, &counts.InputError{File: path, Found: fmt.Sprintf("names repeat: %d, the first %s", repeats, counts.Printable(first)),
			Advice: "every row needs a name of its own"}
	}
	return f, nil
}

// readFrame is ReadFrame with names as they are.
func readFrame(path string, opt FrameOptions) (f *counts.Frame, err error) {
	if opt.Memory == 0 {
		opt.Memory = DefaultMemory
	}
	t := &table{current: path}
	err = guard(func() string { return t.current }, func() error {
		files, _, err := openShards(path, opt.Memory)
		if err != nil {
			return err
		}
		joined, err := newTable(path, files)
		if err != nil {
			return errors.Join(err, closeAll(files))
		}
		t = joined
		f, err = t.frame(context.Background(), opt)
		return errors.Join(err, closeAll(files))
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// frame reads all columns that annotate.
func (t *table) frame(ctx context.Context, opt FrameOptions) (*counts.Frame, error) {
	name, err := t.frameNames(opt.Index)
	if err != nil {
		return nil, err
	}
	var columns []int
	for k, c := range t.columns {
		if k != name && c.class != other && c.class != list {
			columns = append(columns, k)
		}
	}
	need := t.rows() * (nameBytes + 16*int64(len(columns)))
	if need > opt.Memory {
		return nil, &counts.MemoryError{File: t.path, Found: fmt.Sprintf("%s rows of %d columns", counts.Thousands(t.rows()), len(columns)),
			Need: need, Allow: opt.Memory, Advice: "leave columns out of the file"}
	}
	r, err := t.newRowReader(ctx, name, columns, opt.Memory/4)
	if err != nil {
		return nil, err
	}
	f := r.header.Header()
	for p, err := range t.pieces(ctx, r.columns, pieceRows) {
		if err == nil {
			err = r.read(p, &f)
		}
		if err != nil {
			return nil, err
		}
	}
	return &f, nil
}

// frameNames is the column of names.
func (t *table) frameNames(asked string) (int, error) {
	if asked == "" {
		if index := t.pandasIndex(); len(index) == 1 && t.find(index[0]) >= 0 {
			asked = index[0]
		}
	}
	if asked != "" {
		return t.rowNames(asked, nil)
	}
	if len(t.columns) == 0 {
		return 0, t.fault("", "it has no columns", "")
	}
	return 0, t.canName(0)
}
