//go:build cgo

package tenx

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/io/counts"
)

// shared finds a file that other tools made, or skips.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("CELLVI_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not here: set CELLVI_SHARED to the folder of shared fixtures", path)
	}
	return path
}

// facts is what expect.py records of one matrix.
type facts struct {
	Cells, Genes, Nnz int64
	Total             float64
	Fingerprint       string
}

func factsOf(path string, opt Options) (facts, error) {
	r, err := Open(path, opt)
	if err != nil {
		return facts{}, err
	}
	defer r.Close()
	var f counts.Fingerprint
	for {
		table, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return facts{f.Cells, int64(r.Genes().Len()), f.NNZ, f.Total, f.Sum()}, nil
		}
		if err != nil {
			return facts{}, err
		}
		if err := table.Validate(r.Genes().Len()); err != nil {
			return facts{}, err
		}
		f.Add(table, r.Genes())
	}
}

// TestFixtures reads files that Cell Ranger wrote, and compares with what scanpy
// found in them.
func TestFixtures(t *testing.T) {
	raw, err := os.ReadFile(shared(t, "fixtures/expected.json"))
	check(t, err)
	var expected map[string]map[string]facts
	check(t, json.Unmarshal(raw, &expected))
	read := 0
	for name, matrices := range expected {
		if !strings.HasPrefix(name, "tenx/") || filepath.Ext(name) != ".h5" {
			continue
		}
		for matrix, want := range matrices {
			opt := Options{Genome: matrix}
			if matrix == "matrix" {
				opt.Genome = ""
			}
			got, err := factsOf(shared(t, "fixtures/"+name), opt)
			check(t, err)
			if got != want {
				t.Errorf("%s, %s: got %+v, want %+v", name, matrix, got, want)
			}
			read++
		}
	}
	if read < 5 {
		t.Errorf("only %d matrices", read)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// closed checks that no handle keeps a file open, which libhdf5 would.
func closed(t testing.TB, path string) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // no /proc here to count open files in
	}
	for _, fd := range fds {
		if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); target == path {
			t.Errorf("%s is still open", path)
		}
	}
}
