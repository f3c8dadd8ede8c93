package stages

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// childFault is an error on its way from the child process that reads a file to
// its parent, as gob.
type childFault struct {
	Input  *counts.InputError  // a fault of the data
	Memory *counts.MemoryError // what the budget is too small for
	Errno  syscall.Errno       // else the system's error, with
	Path   string              // the file that it is about
	Text   string              // else any other
}

// tellParent writes err for readFault.
func tellParent(w io.Writer, err error) error {
	var f childFault
	var path *fs.PathError
	switch {
	case errors.As(err, &f.Input), errors.As(err, &f.Memory):
	case errors.As(err, &f.Errno):
		if errors.As(err, &path) {
			f.Path = path.Path
		}
	default:
		f.Text = err.Error()
	}
	return gob.NewEncoder(w).Encode(f)
}

// readFault is the error that the child told of; nil where it told none.
// Memory that HDF5 does not get is the child's limit, not the machine's.
func readFault(text []byte, file string) error {
	var f childFault
	switch gob.NewDecoder(bytes.NewReader(text)).Decode(&f) {
	case nil:
	default: // it said nothing, or died saying it
		return nil
	}
	switch {
	case f.Input != nil:
		if f.Input.File == "" {
			f.Input.File = file
		}
		return f.Input
	case f.Memory != nil:
		if f.Memory.File == "" {
			f.Memory.File = file
		}
		return f.Memory
	case f.Errno == syscall.ENOMEM:
		return pipeline.BadInput("%s: reading it needs more memory than the reader may take: raise --memory; where that does not help, %s", file, damagedAdvice)
	case f.Errno != 0:
		return &os.PathError{Op: "read", Path: f.Path, Err: f.Errno}
	}
	return fmt.Errorf("%s: %s", file, f.Text)
}

const damagedAdvice = "the file is damaged, or not what its name says: check it where it comes from, or write it again"
