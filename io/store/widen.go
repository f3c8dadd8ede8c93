package store

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// narrowDir holds, in the store's folder, what was written in a narrower type
// while it is written again.
const narrowDir = "narrow"

// widen makes counts of type kind of everything written so far, by reading the
// store back: that takes a fraction of the time of reading its input again. The
// bytes are those of a store that was of this type from the beginning.
func (w *Writer) widen(kind CountType) (err error) {
	if err := w.finish(nil); err != nil {
		return err
	}
	narrow := filepath.Join(w.dir, narrowDir)
	if err := os.Mkdir(narrow, 0o777); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(narrow)) }()
	for _, name := range []string{CellsFile, GenesFile} {
		if err := os.Rename(filepath.Join(w.dir, name), filepath.Join(narrow, name)); err != nil {
			return err
		}
	}
	before, err := Open(narrow)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, before.Close()) }()
	if err := w.start(kind); err != nil {
		return err
	}
	for cells := before.Reader(); ; {
		t, err := cells.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = w.write(t)
		}
		if err != nil {
			return err
		}
	}
}
