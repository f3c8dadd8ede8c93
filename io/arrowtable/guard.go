package arrowtable

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"cellvi/io/counts"
)

// damaged is what to do about a file that makes no sense.
const damaged = "the file is damaged, or of a kind that is not read: write it again"

// guard runs do, which looks into files through arrow-go, and makes what goes wrong
// an error of the file. Bytes that make no sense make arrow-go panic in many places;
// headers are checked beforehand so far that it does not allocate without bound.
func guard(path func() string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = unreadable(path(), p)
		}
	}()
	if err = do(); err != nil && !known(err) {
		err = unreadable(path(), err)
	}
	return err
}

func unreadable(path string, why any) error {
	return &counts.InputError{File: path, Found: fmt.Sprintf("cannot be read (%v)", why), Advice: damaged}
}

// known tells errors that say enough: of the input, of memory, of the system.
func known(err error) bool {
	var (
		input  *counts.InputError
		memory *counts.MemoryError
		system *fs.PathError
	)
	return errors.As(err, &input) || errors.As(err, &memory) || errors.As(err, &system) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
