package mtx

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cellvi/io/counts"
)

// facts is what expect.py found in a folder with scanpy.
type facts struct {
	Cells, Genes, Nnz int64
	Total             float64
	Fingerprint       string
}

// TestFixtures compares the folders of scanpy's test suite with what scanpy reads.
func TestFixtures(t *testing.T) {
	dir := os.Getenv("CELLVI_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	raw, err := os.ReadFile(filepath.Join(dir, "fixtures/expected.json"))
	if err != nil {
		t.Skip("the fixtures are not here: set CELLVI_SHARED to the folder of shared fixtures")
	}
	var expected map[string]map[string]json.RawMessage
	if err := json.Unmarshal(raw, &expected); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tenx/mtx-v2", "tenx/mtx-v3"} {
		t.Run(name, func(t *testing.T) {
			var want facts
			if err := json.Unmarshal(expected[name]["mtx"], &want); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "fixtures", name)
			if !Is(path) {
				t.Error("Is does not know it")
			}
			if got := factsOf(t, path); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// factsOf reads a folder whole.
func factsOf(t *testing.T, path string) facts {
	t.Helper()
	r, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	names, err := r.CellNames(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var print counts.Fingerprint
	var seen []string
	for {
		table, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		print.Add(table, r.Genes())
		seen = append(seen, table.Obs.Names...)
	}
	if !slices.Equal(names, seen) {
		t.Errorf("CellNames gave %q, Next %q", names, seen)
	}
	return facts{print.Cells, int64(r.Genes().Len()), print.NNZ, print.Total, print.Sum()}
}
