package arrowtable

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// seed is a small table with every kind of annotation.
func seed() *countstest.FullTable {
	return &countstest.FullTable{
		Genes: &counts.Frame{Names: []string{"A", "B", "C"}},
		Table: &counts.Table{
			Obs: counts.Frame{Names: []string{"c1", "c2", "c3"}, Columns: []counts.Column{
				{Name: "sample", Kind: counts.Categorical, Levels: []string{"x", "y"}, Codes: []int32{1, -1, 0}},
				{Name: "note", Kind: counts.String, Strings: []string{"é", "", "z"}, Missing: []bool{false, true, false}},
				{Name: "ok", Kind: counts.Bool, Bools: []bool{true, false, true}},
			}},
			Indptr: []int64{0, 2, 2, 4}, Genes: []uint32{0, 2, 1, 2}, Values: []float64{1, 2, 3, 4},
		},
	}
}

// addSeeds adds a file of each layout in some storages.
func addSeeds(f *testing.F, ways ...string) {
	for _, way := range ways {
		for _, record := range []func(*countstest.FullTable) arrow.RecordBatch{wideRecord, listRecord, longRecord} {
			path := temporary(f, "x")
			storages[way](f, path, record(seed()), 2)
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b, false)
			f.Add(b, true)
		}
	}
}

func FuzzOpenIPC(f *testing.F) {
	addSeeds(f, "ipc", "ipc lz4", "ipc zstd", "ipc stream")
	f.Fuzz(readAny)
}

func FuzzOpenParquet(f *testing.F) {
	addSeeds(f, "parquet", "parquet v2", "parquet pages")
	f.Fuzz(readAny)
}

// readAny reads a file to its end, or to an error that is one line.
func readAny(t *testing.T, b []byte, genes bool) {
	path := temporary(t, "x")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	opt := Options{Memory: 4 << 20}
	if genes {
		opt.Genes = seed().Genes
	}
	r, err := Open(path, opt)
	if err != nil {
		expected(t, err)
		return
	}
	defer r.Close()
	for cells := 0; cells < 1<<16; {
		table, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			expected(t, err)
			return
		}
		if err := table.Validate(r.Genes().Len()); err != nil {
			t.Fatal(err)
		}
		cells += table.Cells()
	}
	r.Notes()
}

func expected(t *testing.T, err error) {
	var (
		input  *counts.InputError
		memory *counts.MemoryError
		system *fs.PathError
	)
	if !errors.As(err, &input) && !errors.As(err, &memory) && !errors.As(err, &system) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("%T: %v", err, err)
	}
}
