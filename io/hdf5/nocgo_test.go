//go:build !cgo

package hdf5

import (
	"os"
	"path/filepath"
	"testing"
)

// TestNotBuilt holds the sentence that a build without cgo gives.
func TestNotBuilt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.h5ad")
	if err := os.WriteFile(path, []byte("\x89HDF\r\n\x1a\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	want := path + ": this cellvi was built without HDF5 (CGO_ENABLED=0): convert the file with a full build: cellvi ingest, or give an Arrow store"
	if _, err := Open(path); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := Create(path); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
