package hdf5

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cellvi/io/counts"
)

func TestErrno(t *testing.T) {
	for text, want := range map[string]syscall.Errno{
		"file write failed: time = Sat, filename = 'x', errno = 28, error message = 'No space left on device', buf = 0x1": syscall.ENOSPC,
		"unable to lock file, errno = 11, error message = 'Resource temporarily unavailable'":                             syscall.EAGAIN,
		"addr overflow, addr = 800": 0,
		"errno = none":              0,
		"memory allocation failed for deflate uncompression": syscall.ENOMEM,
	} {
		if got := errno(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestNotHDF5 says what a file is instead.
func TestNotHDF5(t *testing.T) {
	for content, want := range map[string]string{
		"":                        "the file is empty",
		"cell,gene\n1,2\n":        `not an HDF5 file but text, beginning "cell,gene"`,
		"zellgröße\n":             `but text, beginning "zellgröße"`,
		"\x1f\x8b\x08\x00":        "not an HDF5 file but a gzip file: unpack it",
		"PK\x03\x04":              "not an HDF5 file but a zip file",
		"\x00\x01\x02\xff\xfe123": "not an HDF5 file: give a file",
	} {
		path := filepath.Join(t.TempDir(), "x.h5ad")
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		head, err := readable(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := notHDF5(path, head); !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
}

func TestFailure(t *testing.T) {
	full := failure("write", "f.h5", "/X", errLibrary("file write failed: errno = 28, error message = 'x'"))
	if !errors.Is(full, syscall.ENOSPC) {
		t.Errorf("full disk: %v", full)
	}
	locked := failure("open", "f.h5", "", errLibrary("unable to lock file, errno = 11, error message = 'x'"))
	if !errors.Is(locked, syscall.EAGAIN) || !strings.Contains(locked.Error(), "HDF5_USE_FILE_LOCKING") {
		t.Errorf("locked: %v", locked)
	}
	var input *counts.InputError
	if err := failure("read", "f.h5", "/X", errLibrary("addr overflow")); !errors.As(err, &input) ||
		err.Error() != "f.h5: /X: HDF5 cannot read it (addr overflow): the file is truncated or damaged" {
		t.Errorf("damage: %v", err)
	}
	if other := errors.New("other"); failure("read", "f.h5", "", other) != other || failure("read", "f.h5", "", nil) != nil {
		t.Error("errors that are not libhdf5's must pass")
	}
}

// TestOpenMissing holds with and without cgo.
func TestOpenMissing(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
