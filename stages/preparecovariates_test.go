package stages

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// sixCells has annotations of every kind.
func sixCells() *table {
	x := exampleTable(6)
	x.obs = append(x.obs,
		counts.Column{Name: "run", Kind: counts.Int, Ints: []int64{10, 9, 10, 2, 9, 10}},
		counts.Column{Name: "who", Kind: counts.String, Strings: []string{"b", "B", "a", "b", "é", "a"}},
		counts.Column{Name: "kind", Kind: counts.Categorical, Levels: []string{"z", "y", "x"}, Codes: []int32{0, 2, 0, 0, 2, 0}},
		counts.Column{Name: "flag", Kind: counts.Bool, Bools: []bool{true, false, true, true, false, false}},
		counts.Column{Name: "dose", Kind: counts.Float, Floats: []float64{0.5, 10, 2, 0.5, 10, 2}},
	)
	return x
}

// Levels and codes are those that pandas' astype("category") gave of these columns.
func TestPrepareCovariates(t *testing.T) {
	o := PrepareOptions{BatchKey: "who", TrainSize: share(1), CategoricalCovariateKeys: []string{"run", "kind", "flag", "dose", "who"},
		ContinuousCovariateKeys: []string{"dose", "run", "flag"}, SizeFactorKey: "dose"}
	s, job, err := prepareRun(t, sixCells(), o)
	check(t, err)
	cells := preparedTable(t, s, "cells.parquet")
	for name, want := range map[string][]int32{
		"batch": {2, 0, 1, 2, 3, 1}, "categorical_0": {2, 1, 2, 0, 1, 2}, "categorical_1": {0, 2, 0, 0, 2, 0},
		"categorical_2": {1, 0, 1, 1, 0, 0}, "categorical_3": {0, 2, 1, 0, 2, 1}, "categorical_4": {2, 0, 1, 2, 3, 1},
	} {
		if got := cells.Column(name).Int32; !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string][]float32{
		"continuous_0": {0.5, 10, 2, 0.5, 10, 2}, "continuous_1": {10, 9, 10, 2, 9, 10}, "continuous_2": {1, 0, 1, 1, 0, 0},
		"model_size_factor": {0.5, 10, 2, 0.5, 10, 2},
	} {
		if got := cells.Column(name).Float32; !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	var got covariates
	check(t, json.Unmarshal([]byte(cells.Metadata["cellvi"]), &got))
	want := covariates{
		BatchKey: "who", BatchLevels: []string{"B", "a", "b", "é"}, LabelLevels: []string{"0"},
		CategoricalKeys: o.CategoricalCovariateKeys, ContinuousKeys: o.ContinuousCovariateKeys, SizeFactorKey: "dose",
		CategoricalLevels: [][]string{{"2", "9", "10"}, {"z", "y", "x"}, {"False", "True"}, {"0.5", "2.0", "10.0"}, {"B", "a", "b", "é"}},
		LevelKinds:        map[string]string{"run": "integer", "flag": "boolean", "dose": "float"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("metadata\n%+v, want\n%+v", got, want)
	}
	wantCounts(t, job, map[string]int64{"categorical_covariates": 5, "continuous_covariates": 3})
	p, err := readPreparedOf(s)
	check(t, err)
	if p.Conts[1][3] != 2 || p.Cats[3][1] != 2 || p.Factor[4] != 10 || p.Label != nil || !reflect.DeepEqual(p.covariates, want) {
		t.Errorf("read back as %+v", p)
	}
}

func TestPrepareRefusesNumbers(t *testing.T) {
	spoil := func(v float64) func(x *table) { return func(x *table) { x.obs[6].Floats[4] = v } }
	for name, c := range map[string]struct {
		options PrepareOptions
		spoil   func(x *table)
		words   []string
	}{
		"text":          {PrepareOptions{ContinuousCovariateKeys: []string{"who"}}, nil, []string{"obs column who: it holds string, not numbers", "--categorical-covariate-keys"}},
		"levels":        {PrepareOptions{SizeFactorKey: "kind"}, nil, []string{"obs column kind: it holds categorical"}},
		"absent":        {PrepareOptions{ContinuousCovariateKeys: []string{"age"}}, nil, []string{"no column age", "there are sample, type, run"}},
		"not a number":  {PrepareOptions{ContinuousCovariateKeys: []string{"run", "dose"}}, spoil(math.NaN()), []string{"column dose: 1 cell has not a finite number, the first cell4 with no value"}},
		"infinite":      {PrepareOptions{ContinuousCovariateKeys: []string{"dose"}}, spoil(math.Inf(-1)), []string{"cell4 with -Inf"}},
		"beyond float":  {PrepareOptions{ContinuousCovariateKeys: []string{"dose"}}, spoil(1e39), []string{"cell4 with 1e+39, which is beyond 32-bit floating point"}},
		"factor of 0":   {PrepareOptions{SizeFactorKey: "flag"}, nil, []string{"column flag: 3 cells have not a finite number above 0, the first cell1 with 0"}},
		"factor lost":   {PrepareOptions{SizeFactorKey: "dose"}, spoil(1e-60), []string{"cell4 with 1e-60, which is beyond 32-bit"}},
		"factor below":  {PrepareOptions{SizeFactorKey: "dose"}, spoil(-3), []string{"cell4 with -3"}},
		"missing level": {PrepareOptions{CategoricalCovariateKeys: []string{"kind"}}, func(x *table) { x.obs[4].Codes[2] = -1 }, []string{"column kind: 1 cell has no value, the first cell2"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := sixCells()
			if c.spoil != nil {
				c.spoil(x)
			}
			_, _, err := prepareRun(t, x, c.options)
			wantError(t, err, pipeline.ExitBadInput, c.words...)
		})
	}
}

// Without drawing, validation is the first of the file, as in scvi-tools.
func TestPrepareInOrder(t *testing.T) {
	s := &Prepare{Layout: writeStore(t, exampleTable(10)), Options: DefaultPrepareOptions(), Shared: DefaultShared()}
	s.Options.ShuffleSetSplit, s.Options.TrainSize = false, share(0.8)
	_, err := run(s)
	check(t, err)
	if got := preparedTable(t, s, "cells.parquet").Column("split").String; !slices.Equal(got, slices.Concat(slices.Repeat([]string{"validation"}, 2), slices.Repeat([]string{"train"}, 8))) {
		t.Errorf("split %v", got)
	}
}
