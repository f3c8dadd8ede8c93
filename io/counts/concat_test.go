package counts_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// byName lists a table's counts as "cell gene value", and the cells.
func byName(t *counts.Table, genes *counts.Frame) (all []string, cells []string) {
	for i := range t.Cells() {
		g, v := t.Row(i)
		for k := range g {
			all = append(all, fmt.Sprintf("%d %s %s %g", i, t.Obs.Names[i], genes.Names[g[k]], v[k]))
		}
	}
	slices.Sort(all)
	return all, t.Obs.Names
}

// small is a table of cells × genes by name with counts drawn by rapid.
func small(t *rapid.T, what string) *countstest.FullTable {
	full := countstest.Draw(t, countstest.Limits{})
	full.Genes.Names = rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B", "C", "D", "E"}), full.Genes.Len(), full.Genes.Len()).Draw(t, what)
	return full
}

// TestConcatCounts holds joined counts to be those of the inputs by name.
func TestConcatCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inputs := []*countstest.FullTable{small(t, "genes 1"), small(t, "genes 2"), small(t, "genes 3")}
		outer := rapid.Bool().Draw(t, "outer")
		var readers []counts.Reader
		for _, full := range inputs {
			readers = append(readers, countstest.Memory(full, 3))
		}
		j, err := counts.Concat(readers, counts.ConcatOptions{Labels: []string{"x", "y", "z"}, Outer: outer})
		if err != nil {
			if input := (*counts.InputError)(nil); outer || !errors.As(err, &input) {
				t.Fatal(err)
			}
			return
		}
		got, err := countstest.ReadAll(j)
		if err != nil {
			t.Fatal(err)
		}
		kept := map[string]bool{}
		for _, name := range j.Genes().Names {
			if kept[name] {
				t.Fatalf("gene %s twice", name)
			}
			kept[name] = true
		}
		var want, cells []string
		for _, full := range inputs {
			genes := slices.Clone(full.Genes.Names)
			counts.MakeUnique(genes)
			for i := range full.Table.Cells() {
				g, v := full.Table.Row(i)
				for k := range g {
					if kept[genes[g[k]]] {
						want = append(want, fmt.Sprintf("%d %s %s %g", len(cells)+i, full.Table.Obs.Names[i], genes[g[k]], v[k]))
					} else if outer {
						t.Fatalf("gene %s is lost", genes[g[k]])
					}
				}
			}
			cells = append(cells, full.Table.Obs.Names...)
		}
		slices.Sort(want)
		all, names := byName(got, j.Genes())
		if !slices.Equal(all, want) || !slices.Equal(names, cells) || j.Cells() != int64(len(cells)) {
			t.Fatalf("got %v, want %v", all, want)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// table is one cell a name, no counts, with the given columns.
func table(cells []string, genes []string, obs ...counts.Column) *countstest.FullTable {
	return &countstest.FullTable{
		Genes: &counts.Frame{Names: genes},
		Table: &counts.Table{Obs: counts.Frame{Names: cells, Columns: obs}, Indptr: make([]int64, len(cells)+1)},
	}
}

// join reads the concatenation of inputs labelled in1, in2, ….
func join(t *testing.T, opt counts.ConcatOptions, inputs ...*countstest.FullTable) (*counts.Joined, *counts.Table) {
	t.Helper()
	var readers []counts.Reader
	for i, full := range inputs {
		readers = append(readers, countstest.Memory(full, 10))
		opt.Labels = append(opt.Labels, fmt.Sprintf("in%d", i+1))
	}
	j, err := counts.Concat(readers, opt)
	if err != nil {
		t.Fatal(err)
	}
	all, err := countstest.ReadAll(j)
	if err != nil {
		t.Fatal(err)
	}
	return j, all
}

func TestConcatGeneOrder(t *testing.T) {
	a, b := table([]string{"c1"}, []string{"C", "A", "B", "A"}), table([]string{"c2"}, []string{"X", "B", "C", "A-1"})
	inner, _ := join(t, counts.ConcatOptions{}, a, b)
	if !slices.Equal(inner.Genes().Names, []string{"C", "B", "A-1"}) {
		t.Errorf("inner: %q", inner.Genes().Names)
	}
	outer, _ := join(t, counts.ConcatOptions{Outer: true}, a, b)
	if !slices.Equal(outer.Genes().Names, []string{"C", "A", "B", "A-1", "X"}) {
		t.Errorf("outer: %q", outer.Genes().Names)
	}
	if w := inner.Warnings(); len(w) != 1 || w[0] != "in1: gene names made unique by a suffix -1, -2, …: 1" {
		t.Errorf("warnings %q", w)
	}
	if !slices.Equal(a.Genes.Names, []string{"C", "A", "B", "A"}) {
		t.Error("the input's own names changed")
	}
}

func TestConcatAnnotations(t *testing.T) {
	nan := math.NaN()
	genes := []string{"G"}
	a := table([]string{"c1", "c2"}, genes,
		counts.Column{Name: "batch", Kind: counts.Categorical, Levels: []string{"p2", "p1"}, Codes: []int32{1, -1}},
		counts.Column{Name: "age", Kind: counts.Int, Ints: []int64{3, 0}, Missing: []bool{false, true}},
		counts.Column{Name: "mixed", Kind: counts.Bool, Bools: []bool{true, false}},
		counts.Column{Name: "only", Kind: counts.String, Strings: []string{"s", "t"}},
		counts.Column{Name: "stage", Kind: counts.Categorical, Ordered: true, Levels: []string{"lo", "hi"}, Codes: []int32{0, 1}},
	)
	b := table([]string{"c1"}, genes,
		counts.Column{Name: "age", Kind: counts.Float, Floats: []float64{0.5}},
		counts.Column{Name: "batch", Kind: counts.Categorical, Levels: []string{"p3", "p2"}, Codes: []int32{1}},
		counts.Column{Name: "mixed", Kind: counts.Int, Ints: []int64{7}},
		counts.Column{Name: "stage", Kind: counts.Categorical, Ordered: true, Levels: []string{"hi", "lo"}, Codes: []int32{0}},
	)
	j, got := join(t, counts.ConcatOptions{PrefixCells: true, InputColumn: "batch"}, a, b)
	want := counts.Frame{Names: []string{"in1:c1", "in1:c2", "in2:c1"}, Columns: []counts.Column{
		{Name: "batch", Kind: counts.Categorical, Levels: []string{"p2", "p1", "p3"}, Codes: []int32{1, -1, 0}},
		{Name: "age", Kind: counts.Float, Floats: []float64{3, nan, 0.5}},
		{Name: "mixed", Kind: counts.String, Strings: []string{"True", "False", "7"}},
		{Name: "only", Kind: counts.String, Strings: []string{"s", "t", ""}, Missing: []bool{false, false, true}},
		{Name: "stage", Kind: counts.Categorical, Levels: []string{"lo", "hi"}, Codes: []int32{0, 1, 1}},
		{Name: "batch-1", Kind: counts.Categorical, Levels: []string{"in1", "in2"}, Codes: []int32{0, 0, 1}},
	}}
	if d := countstest.DiffFrames(&got.Obs, &want); d != "" {
		t.Error(d)
	}
	warnings := []string{
		"cell annotation mixed: boolean in in1, integer in in2: joined as text",
		"cell annotation stage: its ordered levels differ between the inputs: joined without order",
		"the inputs have a cell annotation batch: the input is told in batch-1",
	}
	if !slices.Equal(j.Warnings(), warnings) {
		t.Errorf("warnings %q", j.Warnings())
	}
}

func TestConcatGeneAnnotations(t *testing.T) {
	a, b := table(nil, []string{"A", "B"}), table(nil, []string{"B", "C"})
	a.Genes.Columns = []counts.Column{{Name: "id", Kind: counts.String, Strings: []string{"ENSG1", ""}, Missing: []bool{false, true}}}
	b.Genes.Columns = []counts.Column{
		{Name: "id", Kind: counts.String, Strings: []string{"ENSG2", "ENSG3"}},
		{Name: "mt", Kind: counts.Bool, Bools: []bool{true, false}},
	}
	j, _ := join(t, counts.ConcatOptions{Outer: true}, a, b)
	want := counts.Frame{Names: []string{"A", "B", "C"}, Columns: []counts.Column{
		{Name: "id", Kind: counts.String, Strings: []string{"ENSG1", "ENSG2", "ENSG3"}},
		{Name: "mt", Kind: counts.Bool, Bools: []bool{false, true, false}, Missing: []bool{true, false, false}},
	}}
	if d := countstest.DiffFrames(j.Genes(), &want); d != "" {
		t.Error(d)
	}
}

// TestConcatOfOneConforms: a single input passes through unchanged.
func TestConcatOfOneConforms(t *testing.T) {
	countstest.Run(t, func(t *testing.T, want *countstest.FullTable) counts.Reader {
		counts.MakeUnique(want.Genes.Names)
		j, err := counts.Concat([]counts.Reader{countstest.Memory(want, 3)}, counts.ConcatOptions{Labels: []string{"in"}})
		if err != nil {
			t.Fatal(err)
		}
		return j
	})
}

func TestConcatRefuses(t *testing.T) {
	a, b := table(nil, []string{"CD3D"}), table(nil, []string{"ENSG00000167286"})
	readers := []counts.Reader{countstest.Memory(a, 1), countstest.Memory(b, 1)}
	cases := map[string]counts.ConcatOptions{
		"b: no gene name is in every input: its first is ENSG00000167286, that of a is CD3D": {Labels: []string{"a", "b"}},
		"1 labels for 2 inputs":              {Labels: []string{"a"}},
		`the label "a" is empty or repeated`: {Labels: []string{"a", "a"}},
	}
	for want, opt := range cases {
		if _, err := counts.Concat(readers, opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := counts.Concat(nil, counts.ConcatOptions{}); err == nil {
		t.Error("nothing was joined")
	}
	empty := []counts.Reader{countstest.Memory(table(nil, nil), 1), countstest.Memory(b, 1)}
	if _, err := counts.Concat(empty, counts.ConcatOptions{Labels: []string{"a", "b"}}); err == nil || err.Error() != "a: it has no genes" {
		t.Errorf("got %v", err)
	}
}

func TestNames(t *testing.T) {
	full := table([]string{"c1", "c2", "c3"}, []string{"G"})
	names, err := counts.NamesOf(context.Background(), countstest.Memory(full, 2))
	if err != nil || !slices.Equal(names, full.Table.Obs.Names) {
		t.Errorf("got %q, %v", names, err)
	}
	if name, clash := counts.NamesClash([]string{"a", "b", "b"}, []string{"c", "a"}); !clash || name != "a" {
		t.Errorf("got %q %v", name, clash)
	}
	if _, clash := counts.NamesClash([]string{"a", "a"}, []string{"b"}); clash {
		t.Error("repeats within one input are no clash between inputs")
	}
}
