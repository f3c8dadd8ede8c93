package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"cellvi/io/counts"
)

// failure turns what libhdf5 said about a place in a file into an error: the
// operating system's error where it named one (disk full, input/output error, no memory),
// else an InputError. Errors that are not libhdf5's pass unchanged.
func failure(op, path, place string, err error) error {
	var lib errLibrary
	if !errors.As(err, &lib) {
		return err
	}
	if no := errno(string(lib)); no != 0 {
		err := &fs.PathError{Op: op, Path: path, Err: no}
		if strings.Contains(string(lib), "lock file") {
			return fmt.Errorf("%w: another program is writing the file, or its disk has no locks: then set HDF5_USE_FILE_LOCKING=FALSE", err)
		}
		return err
	}
	found := "HDF5 cannot " + op + " it"
	if lib != "" {
		found += " (" + string(lib) + ")"
	}
	if op == "write" {
		return &counts.InputError{File: path, Place: place, Found: found}
	}
	advice := Damaged
	if strings.Contains(string(lib), "version") {
		advice += ", or in a newer HDF5 format: write it again without libver='latest'"
	}
	return &counts.InputError{File: path, Place: place, Found: found, Advice: advice}
}

// errLibrary carries libhdf5's innermost message.
type errLibrary string

func (e errLibrary) Error() string { return string(e) }

// noMemory is what libhdf5 says where malloc failed.
const noMemory = "memory allocation failed"

// errno finds the system error number in a message of libhdf5's file driver:
// "... errno = 28, error message = 'No space left on device', ...". That memory
// could not be had is no damage of the file either.
func errno(text string) syscall.Errno {
	if strings.Contains(text, noMemory) {
		return syscall.ENOMEM
	}
	_, rest, found := strings.Cut(text, "errno = ")
	if !found {
		return 0
	}
	digits, _, _ := strings.Cut(rest, ",")
	n, err := strconv.Atoi(strings.TrimSpace(digits))
	if err != nil || n < 0 {
		return 0
	}
	return syscall.Errno(n)
}

// readable checks that path is a file that the operating system lets us read,
// and gives its first bytes. Errors are the operating system's.
func readable(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, &counts.InputError{File: path, Found: "is a folder, not an HDF5 file",
			Advice: "where it is a zarr store, write it as h5ad first"}
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return head[:n], nil
}

// notHDF5 says what a file that lacks HDF5's signature looks like instead.
func notHDF5(path string, head []byte) error {
	e := &counts.InputError{File: path, Found: "not an HDF5 file", Advice: "give a file that AnnData or another HDF5 writer made"}
	switch {
	case len(head) == 0:
		e.Found, e.Advice = "the file is empty", "was it copied or downloaded whole?"
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		e.Found, e.Advice = "not an HDF5 file but a gzip file", "unpack it with gunzip first"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		e.Found, e.Advice = "not an HDF5 file but a zip file", "unpack it first"
	case isText(head):
		e.Found = "not an HDF5 file but text, beginning " + strconv.Quote(firstLine(head))
	}
	return e
}

func isText(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && len(head) >= utf8.UTFMax || r < ' ' && !strings.ContainsRune("\t\r\n\f", r) {
			return false
		}
		head = head[n:]
	}
	return true
}

func firstLine(head []byte) string {
	line, _, _ := strings.Cut(string(head), "\n")
	if r := []rune(strings.TrimSpace(line)); len(r) > 40 {
		return string(r[:40]) + "..."
	}
	return strings.TrimSpace(line)
}
