package h5ad

import (
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// appender writes a growing dataset by whole chunks. A dataset that ends
// within its first chunk gets a chunk of its own length, so small files are
// small.
type appender[T float32 | int32] struct {
	at   *hdf5.Group
	name string
	gzip int
	d    *hdf5.Dataset
	held []T
}

// spill writes the whole chunks among what is held.
func (a *appender[T]) spill() error {
	whole := len(a.held) / writeChunk * writeChunk
	if whole == 0 {
		return nil
	}
	if err := a.flush(a.held[:whole], writeChunk); err != nil {
		return err
	}
	a.held = append(a.held[:0], a.held[whole:]...)
	return nil
}

func (a *appender[T]) flush(v []T, chunk int) (err error) {
	if a.d == nil {
		if a.d, err = hdf5.CreateArray[T](a.at, a.name, hdf5.Layout{Chunk: int64(chunk), Gzip: a.gzip}); err != nil {
			return err
		}
	}
	return hdf5.Append(a.d, v)
}

// close writes what is held.
func (a *appender[T]) close() error { return a.flush(a.held, max(1, len(a.held))) }

func (a *appender[T]) release() {
	if a.d != nil {
		a.d.Close()
	}
}

// sameColumns says where a table's annotations differ from those declared.
func sameColumns(path string, want, got *counts.Frame) error {
	if len(want.Columns) != len(got.Columns) {
		return fmt.Errorf("%s: a table has %d columns in obs, %d were declared", path, len(got.Columns), len(want.Columns))
	}
	for i := range want.Columns {
		w, g := &want.Columns[i], &got.Columns[i]
		if w.Name != g.Name || w.Kind != g.Kind {
			return fmt.Errorf("%s: a table has the %s column %s in obs, the %s column %s was declared", path, g.Kind, g.Name, w.Kind, w.Name)
		}
		for _, code := range g.Codes {
			if int(code) >= len(w.Levels) {
				return fmt.Errorf("%s: obs column %s: code %d, but %d levels were declared", path, w.Name, code, len(w.Levels))
			}
		}
	}
	return nil
}
