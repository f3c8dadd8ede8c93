package stages

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// ingest runs the stage over inputs.
func ingest(t *testing.T, o IngestOptions, keys ...string) (Layout, *pipeline.Job, error) {
	t.Helper()
	if o.Layer == "" {
		o.Layer = "X"
	}
	s := &Ingest{Layout: Layout{t.TempDir()}, Options: o, Keys: keys}
	job, err := run(s)
	return s.Layout, job, err
}

func openedStore(t *testing.T, l Layout) *store.Store {
	t.Helper()
	st, err := store.Open(l.Store())
	check(t, err)
	t.Cleanup(func() { check(t, st.Close()) })
	return st
}

// TestIngestWidths: the store's type is the narrowest that holds every count,
// wherever the widest one stands.
func TestIngestWidths(t *testing.T) {
	for largest, want := range map[float64]store.CountType{
		255: store.Uint8, 256: store.Uint16, 65535: store.Uint16, 65536: store.Uint32, 1<<32 - 256: store.Uint32, // the last that a float32 can hold
	} {
		x := exampleTable(1500)
		x.rows[1499][2] = largest
		l, _, err := ingest(t, IngestOptions{Input: []string{writeH5AD(t, x)}})
		check(t, err)
		if st := openedStore(t, l); st.Count() != want || st.Cells() != 1500 {
			t.Errorf("largest %v: %d cells as %v, want %v", largest, st.Cells(), st.Count(), want)
		}
	}
}

func TestIngestCounts(t *testing.T) {
	x := exampleTable(20)
	x.rows[3], x.rows[7] = make([]float64, 4), make([]float64, 4)
	_, job, err := ingest(t, IngestOptions{Input: []string{writeH5AD(t, x)}}, "sample", "type")
	check(t, err)
	wantCounts(t, job, map[string]int64{"cells": 20, "genes": 4, "cells_without_counts": 2})
}

// What a later stage needs as numbers is held to that before the store is written.
func TestIngestRefusesNumbers(t *testing.T) {
	x := exampleTable(20)
	dose := counts.Column{Name: "dose", Kind: counts.Float, Floats: make([]float64, 20)}
	dose.Floats[4] = math.Inf(1)
	x.obs = append(x.obs, dose)
	file := writeH5AD(t, x)
	for words, s := range map[string]*Ingest{
		"column sample: it holds":                                 {Keys: []string{"sample"}, Numbers: []string{"sample"}},
		"column dose: 1 cell has not a finite number, the first":  {Keys: []string{"dose"}, Numbers: []string{"dose"}},
		"column dose: 20 cells have not a finite number above 0,": {Keys: []string{"dose"}, Factor: "dose"},
	} {
		s.Layout, s.Options = Layout{t.TempDir()}, DefaultIngestOptions()
		s.Options.Input = []string{file}
		_, err := run(s)
		wantError(t, err, pipeline.ExitBadInput, words, file)
		if _, err := os.Stat(s.Store()); err == nil {
			t.Errorf("%s: wrote the store all the same", words)
		}
	}
}

func TestIngestRefuses(t *testing.T) {
	cases := map[string]struct {
		spoil   func(x *table)
		options IngestOptions
		keys    []string
		words   []string
	}{
		"fractions":       {func(x *table) { x.rows[4][1], x.rows[9][1] = 0.5, 1.5 }, IngestOptions{}, nil, []string{"2 of ", "0.5", "cell4", "g1", "no other matrix"}},
		"negative":        {func(x *table) { x.rows[4][1] = -2 }, IngestOptions{ReadOptions: ReadOptions{AllowNonInteger: true}}, nil, []string{"negative", "-2", "cell4"}},
		"not finite":      {func(x *table) { x.rows[4][1] = math.NaN() }, IngestOptions{ReadOptions: ReadOptions{AllowNonInteger: true}}, nil, []string{"not finite", "cell4"}},
		"no column":       {func(*table) {}, IngestOptions{}, []string{"smaple"}, []string{"no column smaple", "sample, type"}},
		"missing value":   {func(x *table) { x.obs[1].Codes[5], x.obs[1].Codes[6] = -1, -1 }, IngestOptions{}, []string{"type"}, []string{"obs column type", "2 cells have no value", "cell5"}},
		"repeated cells":  {func(x *table) { x.cells[8], x.cells[9] = "cell1", "cell1" }, IngestOptions{}, nil, []string{"2 cells have names", "cell1", "--make-unique"}},
		"another layer":   {func(*table) {}, IngestOptions{ReadOptions: ReadOptions{Layer: "counts"}}, nil, []string{"counts"}},
		"nothing in it":   {func(x *table) { *x = *exampleTable(0) }, IngestOptions{}, nil, []string{"0 cells"}},
		"genes are lists": {func(x *table) { x.genes = nil; x.rows = make([][]float64, len(x.rows)) }, IngestOptions{}, nil, []string{"no genes"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			x := exampleTable(12)
			c.spoil(x)
			path := writeH5AD(t, x)
			c.options.Input = []string{path}
			l, _, err := ingest(t, c.options, c.keys...)
			wantError(t, err, pipeline.ExitBadInput, append(c.words, path)...)
			entries, err := os.ReadDir(l.Dir)
			if err != nil || len(entries) > 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

func TestIngestFractionsAllowed(t *testing.T) {
	x := exampleTable(12)
	x.rows[4][1] = 0.5
	l, job, err := ingest(t, IngestOptions{Input: []string{writeH5AD(t, x)}, ReadOptions: ReadOptions{AllowNonInteger: true}})
	check(t, err)
	if st := openedStore(t, l); st.Count() != store.Float32 {
		t.Errorf("stored as %v", st.Count())
	}
	wantWarning(t, job, "1 value is not a count, the first 0.5 at cell cell4, gene g1")
}

func TestIngestRepeatedGenes(t *testing.T) {
	x := exampleTable(12)
	x.genes = []string{"a", "b", "a", "a"}
	l, job, err := ingest(t, IngestOptions{Input: []string{writeH5AD(t, x)}})
	check(t, err)
	if got := strings.Join(openedStore(t, l).Genes().Names, " "); got != "a b a-1 a-2" {
		t.Errorf("genes %s", got)
	}
	wantWarning(t, job, "made unique by a suffix -1, -2, …: 2")
}

func TestIngestMakeUnique(t *testing.T) {
	x := exampleTable(1300)
	x.cells[1299] = "cell1"
	l, job, err := ingest(t, IngestOptions{Input: []string{writeH5AD(t, x)}, ReadOptions: ReadOptions{MakeUnique: true}})
	check(t, err)
	obs, err := openedStore(t, l).Obs()
	check(t, err)
	if obs.Names[1299] != "cell1-1" || obs.Names[1298] != "cell1298" {
		t.Errorf("the last cells are %v", obs.Names[1297:])
	}
	wantWarning(t, job, "1 cell name occurred before")
}

func TestIngestJoins(t *testing.T) {
	one, two := exampleTable(3), exampleTable(2)
	two.genes = []string{"g3", "g1", "other", "g0"}
	for join, genes := range map[string]string{"inner": "g0 g1 g3", "outer": "g0 g1 g2 g3 other"} {
		l, job, err := ingest(t, IngestOptions{Input: []string{writeH5AD(t, one), writeStore(t, two).Store()}, ReadOptions: ReadOptions{Join: join}})
		check(t, err)
		st := openedStore(t, l)
		obs, err := st.Obs()
		check(t, err)
		if got := strings.Join(st.Genes().Names, " "); got != genes || st.Cells() != 5 {
			t.Errorf("%s: genes %s of %d cells", join, got, st.Cells())
		}
		if !strings.HasPrefix(obs.Names[0], "cells:cell0") || obs.Column("input") == nil {
			t.Errorf("%s: cells %v, columns %v", join, obs.Names, obs.ColumnNames())
		}
		wantWarning(t, job, "every cell is named INPUT:name")
		if join == "inner" {
			wantWarning(t, job, "1 gene is not in every input and is left out (--join outer keeps them)")
		}
	}
}

// TestIngestStoreOfStore: a store ingested is the same store.
func TestIngestStoreOfStore(t *testing.T) {
	l, _, err := ingest(t, IngestOptions{Input: []string{writeH5AD(t, exampleTable(2000))}})
	check(t, err)
	for _, input := range []string{l.Store(), filepath.Join(l.Store(), store.CellsFile)} {
		again, _, err := ingest(t, IngestOptions{Input: []string{input}})
		check(t, err)
		for _, name := range []string{store.CellsFile, store.GenesFile} {
			if string(readFile(t, filepath.Join(l.Store(), name))) != string(readFile(t, filepath.Join(again.Store(), name))) {
				t.Errorf("%s of %s: other bytes", name, input)
			}
		}
	}
}

func TestIngestUnknownFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cells.bam")
	check(t, os.WriteFile(path, []byte("BAM\x01\x00"), 0o666))
	_, _, err := ingest(t, IngestOptions{Input: []string{path}})
	wantError(t, err, pipeline.ExitBadInput, path, ".h5ad")
}

// TestIngestFailureKeepsOld: a failed try leaves the store of before.
func TestIngestFailureKeepsOld(t *testing.T) {
	s := &Ingest{Layout: Layout{t.TempDir()}, Options: IngestOptions{Input: []string{writeH5AD(t, exampleTable(5))}, ReadOptions: ReadOptions{Layer: "X"}}}
	_, err := run(s)
	check(t, err)
	bad := exampleTable(5)
	bad.rows[2][0] = 0.5
	s.Options.Input = []string{writeH5AD(t, bad)}
	_, err = run(s)
	wantError(t, err, pipeline.ExitBadInput)
	if openedStore(t, s.Layout).Cells() != 5 {
		t.Error("the store of before is gone")
	}
	if _, err := os.Stat(filepath.Join(s.Dir, ".store.cellvi-part")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the temporary is left")
	}
}

// TestIngestTooLargeAllowed: the offender named is one there is.
func TestIngestTooLargeAllowed(t *testing.T) {
	x := exampleTable(12)
	x.rows[4][1] = 1 << 33
	_, job, err := ingest(t, IngestOptions{Input: []string{writeH5AD(t, x)}, ReadOptions: ReadOptions{AllowNonInteger: true}})
	check(t, err)
	wantWarning(t, job, "1 value is not a count, the first 8589934592 at cell cell4, gene g1")
}

func TestIngestFolder(t *testing.T) {
	dir := t.TempDir()
	_, _, err := ingest(t, IngestOptions{Input: []string{dir}})
	wantError(t, err, pipeline.ExitBadInput, dir+": a folder, but no cells store, no mtx folder")
}
