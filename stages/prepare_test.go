package stages

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/model/hvg"
	"cellvi/pipeline"
)

// prepareRun runs the stage over a table.
func prepareRun(t *testing.T, x *table, o PrepareOptions) (*Prepare, *pipeline.Job, error) {
	t.Helper()
	if o.HVGSpan == 0 {
		o.HVGSpan = 0.3
	}
	o.ShuffleSetSplit = true
	s := &Prepare{Layout: writeStore(t, x), Options: o, Shared: DefaultShared()}
	job, err := run(s)
	return s, job, err
}

func preparedTable(t *testing.T, s *Prepare, name string) *results.Table {
	t.Helper()
	table, err := results.Read(filepath.Join(s.Prepared(), name))
	check(t, err)
	return table
}

func TestPrepareCells(t *testing.T) {
	x := exampleTable(0)
	x.cells = []string{"a", "b", "c", "d", "e"}
	x.rows = [][]float64{{1, 0, 0, 0}, {2, 2, 0, 0}, {0, 0, 0, 0}, {3, 0, 5, 0}, {0, 0, 0, 7}}
	x.obs[0].Strings = []string{"s2", "s10", "s2", "s2", "s10"}
	x.obs[1].Codes = []int32{0, 0, 1, 1, 0}
	s, job, err := prepareRun(t, x, PrepareOptions{BatchKey: "sample", LabelsKey: "type", TrainSize: share(1)})
	check(t, err)
	cells := preparedTable(t, s, "cells.parquet")
	for name, want := range map[string][]float64{
		"library_size": {1, 4, 0, 8, 7},
		"size_factor":  {1 / 5.5, 4 / 5.5, 0, 8 / 5.5, 7 / 5.5}, // the median is of 1, 4, 7, 8
	} {
		if got := cells.Column(name).Float64; !slices.Equal(got, want) {
			t.Errorf("%s %v, want %v", name, got, want)
		}
	}
	if got := cells.Column("n_genes").Int64; !slices.Equal(got, []int64{1, 2, 0, 2, 1}) {
		t.Errorf("n_genes %v", got)
	}
	if got := cells.Column("batch").Int32; !slices.Equal(got, []int32{1, 0, 1, 1, 0}) { // s10 sorts before s2
		t.Errorf("batch %v", got)
	}
	var levels covariates
	check(t, json.Unmarshal([]byte(cells.Metadata["cellvi"]), &levels))
	if strings.Join(levels.BatchLevels, " ") != "s10 s2" || strings.Join(levels.LabelLevels, " ") != "T B unused" || levels.BatchKey != "sample" {
		t.Errorf("levels %+v", levels)
	}
	wantCounts(t, job, map[string]int64{"cells": 5, "cells_without_counts": 1, "genes_selected": 4, "batch_levels": 2, "label_levels": 3})
	wantWarning(t, job, "1 cell has no counts: kept with size factor 0")
	wantWarning(t, job, "batch sample: 1 level with fewer than 3 cells: s10")
	genes := preparedTable(t, s, "genes.parquet")
	if got := genes.Column("mean").Float64; !slices.Equal(got, []float64{1.2, 0.4, 1, 1.4}) {
		t.Errorf("mean %v", got)
	}
	if got := genes.Column("variance").Float64; math.Abs(got[0]-1.7) > 1e-12 || math.Abs(got[2]-5) > 1e-12 {
		t.Errorf("variance %v", got)
	}
	if got := genes.Column("n_cells").Int64; !slices.Equal(got, []int64{3, 1, 1, 1}) {
		t.Errorf("n_cells %v", got)
	}
}

func TestPrepareFilters(t *testing.T) {
	x := exampleTable(40)
	x.rows[5], x.rows[6] = []float64{1, 0, 0, 0}, []float64{0, 0, 1, 0}
	list := filepath.Join(t.TempDir(), "genes.txt")
	check(t, os.WriteFile(list, []byte("\ufeffg0\r\n\n g3 \ng1\ng1\n"), 0o666))
	s, job, err := prepareRun(t, x, PrepareOptions{MinCounts: 2, MinCells: 25, Genes: list})
	check(t, err)
	cells, genes := preparedTable(t, s, "cells.parquet"), preparedTable(t, s, "genes.parquet")
	row := cells.Column("row").Int64
	if slices.Contains(row, 5) || slices.Contains(row, 6) || !slices.IsSorted(row) {
		t.Errorf("rows %v", row)
	}
	// g0 is in every kept cell, g1 in five of seven, g3 in every second, g2 not in the list
	if got := genes.Column("selected").Bool; !slices.Equal(got, []bool{true, true, false, false}) {
		t.Errorf("selected %v of genes in %v cells", got, genes.Column("n_cells").Int64)
	}
	wantWarning(t, job, "cells have fewer than 2 counts and are left out (--min-counts)")
	wantWarning(t, job, "1 gene is in fewer than 25 cells and is left out (--min-cells)")
	wantCounts(t, job, map[string]int64{"genes_left_out_genes": 1, "genes_left_out_min_cells": 1, "genes_selected": 2})
}

// variableTable has genes enough for a regression.
func variableTable(cells, genes int) *table {
	x := exampleTable(cells)
	x.genes = nil
	for g := range genes {
		x.genes = append(x.genes, "gene"+string(rune('A'+g%26))+string(rune('a'+g/26)))
	}
	state := uint32(1)
	for i := range x.rows {
		x.rows[i] = make([]float64, genes)
		for g := range genes {
			state = state*1664525 + 1013904223
			x.rows[i][g] = float64(state>>24) * float64(g%7+1) / 300
			x.rows[i][g] = math.Floor(x.rows[i][g])
		}
	}
	for i := range x.rows { // one gene far more variable than its mean explains
		x.rows[i][10] = float64(i % 2 * 6)
	}
	return x
}

func TestPrepareSelectsVariable(t *testing.T) {
	for _, key := range []string{"", "type"} {
		s, job, err := prepareRun(t, variableTable(300, 60), PrepareOptions{NTopGenes: 5, HVGBatchKey: key, MinCounts: 1})
		check(t, err)
		genes := preparedTable(t, s, "genes.parquet")
		if selected := genes.Column("selected").Bool; number(selected) != 5 || !selected[10] {
			t.Errorf("key %q: selected %v", key, selected)
		}
		if rank := genes.Column("highly_variable_rank").Float64; !(rank[10] < 5) {
			t.Errorf("key %q: ranks %v", key, rank)
		}
		if has := genes.Column("highly_variable_nbatches") != nil; has != (key != "") {
			t.Errorf("key %q: highly_variable_nbatches is there: %v", key, has)
		}
		wantCounts(t, job, map[string]int64{"genes_selected": 5, "genes_left_out_n_top_genes": 55})
	}
}

func TestPrepareRefuses(t *testing.T) {
	unknown := filepath.Join(t.TempDir(), "unknown.txt")
	check(t, os.WriteFile(unknown, []byte("g0\nnone1\x1b[2J\nnone2\n"), 0o666))
	binary := filepath.Join(t.TempDir(), "genes.gz")
	check(t, os.WriteFile(binary, []byte("g0\n\x1f\x8b\x08\n"), 0o666))
	one := filepath.Join(t.TempDir(), "one.txt")
	check(t, os.WriteFile(one, []byte("g1\n"), 0o666))
	oneGene := func(x *table) {
		x.genes = x.genes[:1]
		for i := range x.rows {
			x.rows[i] = x.rows[i][:1]
		}
	}
	nothing := filepath.Join(t.TempDir(), "nothing.txt")
	check(t, os.WriteFile(nothing, []byte("\n\n"), 0o666))
	cases := map[string]struct {
		options PrepareOptions
		spoil   func(x *table)
		words   []string
	}{
		"no column":       {PrepareOptions{BatchKey: "batch"}, nil, []string{"no column batch", "sample, type"}},
		"missing value":   {PrepareOptions{LabelsKey: "type"}, func(x *table) { x.obs[1].Codes[3] = -1 }, []string{"1 cell has no value", "cell3"}},
		"too few counts":  {PrepareOptions{MinCounts: 1e6}, nil, []string{"--min-counts"}},
		"too few cells":   {PrepareOptions{MinCells: 100}, nil, []string{"--min-cells"}},
		"unknown genes":   {PrepareOptions{Genes: unknown}, nil, []string{"2 of 3 genes", `"none1\x1b[2J"`}},
		"not a list":      {PrepareOptions{Genes: binary}, nil, []string{"line 2 is not text"}},
		"an empty list":   {PrepareOptions{Genes: nothing}, nil, []string{"no names"}},
		"too few genes":   {PrepareOptions{NTopGenes: 2}, func(x *table) { *x = *variableTable(50, 12) }, []string{"10 genes that vary", "raise --hvg-span"}},
		"no counts":       {PrepareOptions{}, func(x *table) { x.rows = make([][]float64, len(x.rows)) }, []string{"any counts"}},
		"one cell a part": {PrepareOptions{}, func(x *table) { *x = *exampleTable(1) }, []string{"it has 1 cell and 4 genes, too few to train on"}},
		"two cells":       {PrepareOptions{TrainSize: share(1)}, func(x *table) { *x = *exampleTable(2) }, []string{"2 cells and 4 genes, too few to train on"}},
		"one gene":        {PrepareOptions{}, oneGene, []string{"20 cells and 1 gene, too few to train on"}},
		"one gene left":   {PrepareOptions{Genes: one}, nil, []string{"1 gene is selected of 4", "at least 2"}},
		"few cells left":  {PrepareOptions{MinCounts: 8}, nil, []string{"--min-counts 8 keeps 1 of 20 cells", "lower it"}},
		"a small share":   {PrepareOptions{TrainSize: share(0.1)}, nil, []string{"2 of 20 cells are to train on", "larger --train-size"}},
		"no span helps":   {PrepareOptions{NTopGenes: 2}, nil, []string{"20 cells and 3 genes that vary", "leave --n-top-genes out"}},
		"one cell of a level": {PrepareOptions{NTopGenes: 5, HVGBatchKey: "sample"}, func(x *table) {
			*x = *variableTable(50, 60)
			x.obs[0].Strings[7] = "z\n"
		}, []string{`in sample "z\n": it has one cell`, "choose another --hvg-batch-key"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			x := exampleTable(20)
			if c.spoil != nil {
				c.spoil(x)
			}
			s, _, err := prepareRun(t, x, c.options)
			wantError(t, err, pipeline.ExitBadInput, c.words...)
			if _, err := os.Stat(s.Prepared()); err == nil {
				t.Error("something was written")
			}
		})
	}
}

func TestPrepareOverMemory(t *testing.T) {
	s := &Prepare{Layout: writeStore(t, exampleTable(20)), Options: DefaultPrepareOptions(), Shared: DefaultShared()}
	job, _ := run(&Prepare{Layout: s.Layout, Options: s.Options, Shared: s.Shared})
	job.Memory = 100
	wantError(t, s.Run(t.Context(), job), pipeline.ExitOverMemory, "--memory")
}

func TestPrepareSplitFiles(t *testing.T) {
	x := exampleTable(4)
	dir := t.TempDir()
	csv := filepath.Join(dir, "split.csv")
	check(t, os.WriteFile(csv, []byte("split,x,cell_id\ntrain,1,cell0\nvalidation,2,cell2\ntrain,3,cell1\ntrain,4,cell3\ntrain,5,other\n"), 0o666))
	parquet := filepath.Join(dir, "split.parquet")
	write(t, parquet, "cell_id", nil,
		results.Column{Name: "cell_id", String: []string{"cell3", "cell2", "cell1", "cell0"}},
		results.Column{Name: "split", String: []string{"train", "validation", "train", "train"}})
	for _, path := range []string{csv, parquet} {
		s, job, err := prepareRun(t, x, PrepareOptions{Split: path})
		check(t, err)
		got := preparedTable(t, s, "cells.parquet").Column("split").String
		if want := []string{"train", "train", "validation", "train"}; !slices.Equal(got, want) {
			t.Errorf("%s: %v", path, got)
		}
		wantCounts(t, job, map[string]int64{"cells_train": 3, "cells_validation": 1})
	}
}

func TestPrepareSplitRefuses(t *testing.T) {
	for text, words := range map[string][]string{
		"cell_id,split\ncell0,train\n":              {"3 of 4 cells", "cell1"},
		"cell_id,split\ncell0,training\n":           {"row 1", "cell0", `"training"`},
		"cell_id,part\ncell0,train\n":               {"cell_id and split"},
		"":                                          {"cell_id and split"},
		"cell_id,split\na,train\na,validation\n":    {"row 2", "validation here and train before"},
		"cell_id,split\ncell0,train\ncell1\n":       {"wrong number of fields"},
		"cell_id,split\n\"cell0,train\ncell1,t\n\"": {},
	} {
		path := filepath.Join(t.TempDir(), "split.csv")
		check(t, os.WriteFile(path, []byte(text), 0o666))
		_, _, err := prepareRun(t, exampleTable(4), PrepareOptions{Split: path})
		wantError(t, err, pipeline.ExitBadInput, append(words, path)...)
	}
}

// TestPrepareSplitDraws: cells of no part are for nothing, and said to be.
func TestPrepareSplitDraws(t *testing.T) {
	_, job, err := prepareRun(t, exampleTable(200), PrepareOptions{TrainSize: share(0.5), ValidationSize: share(0.25)})
	check(t, err)
	wantCounts(t, job, map[string]int64{"cells_train": 100, "cells_validation": 50, "cells_test": 50})
	_, job, err = prepareRun(t, exampleTable(1281), PrepareOptions{})
	check(t, err)
	wantCounts(t, job, map[string]int64{"cells_train": 1152, "cells_validation": 129})
}

func TestCodes(t *testing.T) {
	obs := &counts.Frame{Names: []string{"1", "2", "3"}, Columns: []counts.Column{
		{Name: "text", Kind: counts.String, Strings: []string{"b", "B", "a"}},
		{Name: "whole", Kind: counts.Int, Ints: []int64{10, 9, 10}},
		{Name: "real", Kind: counts.Float, Floats: []float64{2, 0.5, 2}},
		{Name: "yes", Kind: counts.Bool, Bools: []bool{true, true, false}},
		{Name: "kinds", Kind: counts.Categorical, Levels: []string{"z", "x", "y"}, Codes: []int32{2, 0, 0}},
	}}
	for key, want := range map[string]string{
		"text":  "B a b: 2 0 1",
		"whole": "9 10: 1 0 1",
		"real":  "0.5 2.0: 1 0 1",
		"yes":   "False True: 1 1 0",
		"kinds": "z x y: 2 0 0",
	} {
		coder := newCoder(obs.Column(key), obs.Len())
		for _, cut := range []int{0, 2} { // in two pieces
			part := obs.Column(key).Slice(cut, min(cut+2, obs.Len()))
			coder.add(&part)
		}
		c := coder.settle(false)
		got := strings.Join(c.levels, " ") + ":"
		for _, code := range c.of {
			got += " " + string('0'+code)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}

func TestMedianPositive(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{0, 0}, 0}, {[]float64{0, 3}, 3}, {[]float64{4, 0, 1}, 2.5}, {[]float64{3, 1, 2}, 2}} {
		if got := medianPositive(c.values); got != c.want {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

func share(v float64) *float64 { return &v }

// TestTies: genes of equal standing, of which the order decides.
func TestTies(t *testing.T) {
	nan := math.NaN()
	r := &hvg.Result{
		VariancesNorm: []float64{2, 1, 1, nan, 3},
		Rank:          []float64{1, nan, nan, nan, 1},
		NBatches:      []int32{2, 0, 0, 0, 1},
	}
	for _, c := range []struct {
		a, b     int
		oneBatch bool
		want     bool
	}{{1, 2, true, true}, {0, 1, true, false}, {3, 3, true, false}, {1, 2, false, true}, {3, 1, false, false}, {0, 4, false, false}, {0, 0, false, true}} {
		if got := ties(r, c.a, c.b, c.oneBatch); got != c.want {
			t.Errorf("genes %d and %d, one batch %v: %v", c.a, c.b, c.oneBatch, got)
		}
	}
}

func TestDescribeLevels(t *testing.T) {
	of := append(make([]int32, 2738), 1, 2, 2)
	rows := make([]int32, len(of))
	for i := range rows {
		rows[i] = int32(i)
	}
	c := &codes{levels: []string{"101", "s\n2", "b"}, of: of}
	if got, want := c.describe(c.sizes(rows)), `101 (2,738 cells), "s\n2" (1), b (2)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
