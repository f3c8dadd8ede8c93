package stages

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/pipeline"
)

// inspect gives what is told of a file, as JSON read back.
func inspect(t *testing.T, path, layer string) (*Inspection, error) {
	t.Helper()
	return inspectWith(t, ReadOptions{Layer: layer}, path)
}

func inspectWith(t *testing.T, o ReadOptions, paths ...string) (*Inspection, error) {
	t.Helper()
	var out bytes.Buffer
	err := Inspect(context.Background(), quietJob(), InspectOptions{File: paths, ReadOptions: o, Format: "json"}, &out)
	found := &Inspection{}
	if out.Len() > 0 {
		fromJSON(t, out.Bytes(), found)
	}
	return found, err
}

func quietJob() *pipeline.Job {
	return pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, 0)
}

func TestInspectText(t *testing.T) {
	x := exampleTable(4)
	x.rows[2] = make([]float64, 4)
	x.genes[3] = "g0"
	x.obs[1].Codes[1] = -1
	path := writeH5AD(t, x)
	var out bytes.Buffer
	check(t, Inspect(context.Background(), quietJob(), InspectOptions{File: []string{path}, ReadOptions: DefaultReadOptions(), Format: "text"}, &out))
	want := path + `: 4 cells × 4 genes
  format       AnnData (.h5ad)
  counts       9 in all, 2.2 a cell on average
  zeros        56.2% (7 values are not zero)
  empty        1 cell, 1 gene
`
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	for _, line := range []string{
		"  sample: string, 2 levels: s10 (2), s2 (2)\n",
		"  type: categorical, 3 levels: T (1), B (2), unused (0), 1 cell without a value\n",
		"  1 cell has no counts (kept; --min-counts 1 leaves them out)\n",
		": gene names made unique by a suffix -1, -2, …: 1\n",
		"\nX can be trained on.\n",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in\n%s", line, out.String())
		}
	}
}

// TestInspectRefused: what was found is told, and why it would be refused.
func TestInspectRefused(t *testing.T) {
	x := exampleTable(5)
	x.rows[2][0] = 0.5
	path := writeH5AD(t, x)
	found, err := inspect(t, path, "X")
	wantError(t, err, pipeline.ExitBadInput, "0.5", "cell2")
	if found.Cells != 5 || found.Refuse == nil || !strings.Contains(*found.Refuse, "0.5") || len(found.Matrices) != 1 || found.NNZ != nil {
		t.Errorf("got %+v", found)
	}
	if len(found.Obs) != 2 || len(found.Obs[0].Levels) != 2 {
		t.Errorf("annotations %+v", found.Obs)
	}
}

func TestInspectStore(t *testing.T) {
	l := writeStore(t, exampleTable(5))
	found, err := inspect(t, l.Store(), "X")
	check(t, err)
	whole, err := inspect(t, writeH5AD(t, exampleTable(5)), "X")
	check(t, err)
	if *found.Fingerprint != *whole.Fingerprint || found.Matrices[0].Storage != "store" {
		t.Errorf("got %+v", found)
	}
}

func TestInspectHints(t *testing.T) {
	writeH5AD(t, exampleTable(1)) // skips without HDF5
	found, err := inspect(t, shared(t, "fixtures", "others", "counts-in-layer.h5ad"), "X")
	wantError(t, err, pipeline.ExitBadInput)
	if all := found.all(); !strings.Contains(all, "X holds normalized values; layers/counts holds counts: add --layer counts") {
		t.Errorf("problems:\n%s", all)
	}
}

func TestInspectMissing(t *testing.T) {
	_, err := inspect(t, filepath.Join(t.TempDir(), "none.h5ad"), "X")
	wantError(t, err, pipeline.ExitNoInput)
}

// TestColumnTallies: text of many values is not told value by value.
func TestColumnTallies(t *testing.T) {
	for cells, told := range map[int]bool{mostLevels: true, mostLevels + 1: false} {
		x := exampleTable(cells)
		copy(x.obs[0].Strings, x.cells)
		_, whole := x.frames()
		tallies := newColumnTallies(&whole.Obs)
		tallies.add(&whole.Obs)
		infos := tallies.infos([]ColumnInfo{{Name: "odd", Problem: "why"}, {Name: "sample"}})
		if len(infos) != 3 || (infos[0].Levels != nil) != told || infos[1].Levels[2].Cells != 0 || infos[2].Name != "odd" {
			t.Errorf("%d cells: %+v", cells, infos)
		}
	}
}

// TestInspectSmall: a file too small to train on alone is told, not refused:
// others may be joined to it.
func TestInspectSmall(t *testing.T) {
	for words, small := range map[string]*table{
		"it has 2 cells and 4 genes, too few to train on": exampleTable(2),
		"3 cells and 1 gene, too few to train on":         {genes: []string{"g"}, cells: []string{"a", "b", "c"}, rows: [][]float64{{1}, {2}, {0}}},
	} {
		found, err := inspect(t, writeH5AD(t, small), "X")
		check(t, err)
		if found.Refuse != nil || !strings.Contains(found.all(), words) || !strings.Contains(found.sentence(), "too few to train on alone") {
			t.Errorf("got %+v", found)
		}
	}
}

// TestInspectVerdict: what a run would refuse beyond the values is refused here
// in the same words, and the counts are told all the same.
func TestInspectVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		table *table
		words string
	}{
		"no cells":       {exampleTable(0), "none of its 0 cells has any counts"},
		"all zero":       {&table{genes: []string{"g", "h"}, cells: []string{"a", "b", "c"}, rows: make([][]float64, 3)}, "none of its 3 cells has any counts"},
		"repeated cells": {&table{genes: []string{"g", "h"}, cells: []string{"a\n", "b", "a\n"}, rows: [][]float64{{1}, {2}, {3}}}, `1 cell has a name that occurred before, the first "a\n": pass --make-unique`},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeH5AD(t, c.table)
			found, err := inspect(t, path, "X")
			wantError(t, err, pipeline.ExitBadInput, path, c.words)
			if found.Refuse == nil || !strings.Contains(found.all(), c.words) || found.Fingerprint == nil {
				t.Errorf("got %+v", found)
			}
		})
	}
}

// all is every problem, a line each.
func (n *Inspection) all() string {
	var lines []string
	for _, p := range n.Problems {
		lines = append(lines, p.text())
	}
	return strings.Join(lines, "\n")
}
