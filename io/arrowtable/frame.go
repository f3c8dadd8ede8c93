package arrowtable

import (
	"context"
	"errors"
	"fmt"

	"cellvi/io/counts"
)

// FrameOptions say how a table of annotations is read.
type FrameOptions struct {
	Index  string // the column of names; "": the pandas index, else the first column
	Memory int64  // bytes that the frame may take; 0 is DefaultMemory
}

// ReadFrame reads annotations of cells or genes from an Arrow or Parquet file, or a
// folder of them: a row each. Names may not repeat. The notes, whole sentences, say
// what is left out.
func ReadFrame(path string, opt FrameOptions) (*counts.Frame, []string, error) {
	f, notes, err := readFrame(path, opt)
	if err != nil {
		return nil, nil, err
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
		return nil, nil, &counts.InputError{File: path, Found: fmt.Sprintf("names repeat: %d, the first %s", repeats, counts.Printable(first)),
			Advice: "every row needs a name of its own"}
	}
	return f, notes, nil
}

// readFrame is ReadFrame with names as they are.
func readFrame(path string, opt FrameOptions) (f *counts.Frame, notes []string, err error) {
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
	name, err := t.frameNames(opt.Index)
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
