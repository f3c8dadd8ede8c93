package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// table is a small data set under construction.
type table struct {
	genes, cells []string
	rows         [][]float64 // dense
	obs          []counts.Column
}

// exampleTable has 4 genes, a batch of strings and a label.
func exampleTable(cells int) *table {
	t := &table{genes: []string{"g0", "g1", "g2", "g3"}}
	batch := counts.Column{Name: "sample", Kind: counts.String}
	label := counts.Column{Name: "type", Kind: counts.Categorical, Levels: []string{"T", "B", "unused"}}
	for i := range cells {
		t.cells = append(t.cells, fmt.Sprintf("cell%d", i))
		t.rows = append(t.rows, []float64{float64(i%3 + 1), float64(i * i % 7), 0, float64(i % 2)})
		batch.Strings = append(batch.Strings, []string{"s2", "s10"}[i%2])
		label.Codes = append(label.Codes, int32(i/2%2))
	}
	t.obs = []counts.Column{batch, label}
	return t
}

// frames are the table as counts has it.
func (x *table) frames() (*counts.Frame, *counts.Table) {
	t := &counts.Table{Obs: counts.Frame{Names: x.cells, Columns: x.obs}, Indptr: []int64{0}}
	for _, row := range x.rows {
		for g, v := range row {
			if v != 0 {
				t.Genes, t.Values = append(t.Genes, uint32(g)), append(t.Values, v)
			}
		}
		t.Indptr = append(t.Indptr, int64(len(t.Genes)))
	}
	return &counts.Frame{Names: x.genes}, t
}

// writeH5AD writes the table to a file; the test is skipped where there is no
// HDF5.
func writeH5AD(t *testing.T, x *table) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cells.h5ad")
	genes, whole := x.frames()
	w, err := h5ad.Create(path, genes, &whole.Obs, h5ad.DefaultWrite())
	if err != nil && strings.Contains(err.Error(), "without HDF5") {
		t.Skip("this build has no HDF5")
	}
	check(t, err)
	check(t, w.Write(whole))
	check(t, w.Close())
	return path
}

// writeStore writes the table as OUTDIR/store of a new run's folder.
func writeStore(t *testing.T, x *table) Layout {
	t.Helper()
	l := Layout{t.TempDir()}
	genes, whole := x.frames()
	check(t, os.Mkdir(l.Store(), 0o777))
	w, err := store.Create(l.Store(), genes, &whole.Obs, store.Options{Count: store.Uint32})
	check(t, err)
	check(t, w.Write(whole))
	check(t, w.Close())
	return l
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a stage and gives what it counted and warned of.
func run(stage pipeline.Stage) (*pipeline.Job, error) {
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, 0)
	return job, stage.Run(context.Background(), job)
}

// wantError fails unless err has the exit code and says all of the words, in
// one line.
func wantError(t *testing.T, err error, code int, words ...string) {
	t.Helper()
	if ExitCode(err) != code {
		t.Fatalf("exit code %d, want %d: %v", ExitCode(err), code, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("no %q in: %v", w, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than a line: %v", err)
	}
}

func wantCounts(t *testing.T, job *pipeline.Job, want map[string]int64) {
	t.Helper()
	for name, n := range want {
		if got, ok := job.Counts()[name]; !ok || got != n {
			t.Errorf("count %s is %d, want %d (all: %v)", name, got, n, job.Counts())
		}
	}
}

func wantWarning(t *testing.T, job *pipeline.Job, words string) {
	t.Helper()
	if all := strings.Join(job.Warnings(), "\n"); !strings.Contains(all, words) {
		t.Errorf("no warning %q in:\n%s", words, all)
	}
}

// shared is a path in the shared folder, or the test is skipped.
func shared(t *testing.T, path ...string) string {
	t.Helper()
	root := os.Getenv("CELLVI_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	full := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("%s is not there: set CELLVI_SHARED to the shared folder", full)
	}
	return full
}

func fromJSON(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
