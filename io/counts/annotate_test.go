package counts_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// annotate reads full with the annotations of file, its rows called as names.
func annotate(full *countstest.FullTable, opt counts.AnnotateOptions, names []string, columns ...counts.Column) (*counts.Table, *counts.Annotated, error) {
	opt.File, opt.Flag = "meta.csv", "--obs-overwrite"
	a, err := counts.AnnotateCells(strictly(full, 2), &counts.Frame{Names: names, Columns: columns}, opt)
	if err != nil {
		return nil, nil, err
	}
	got, err := countstest.ReadAll(a)
	return got, a, err
}

func TestAnnotateCells(t *testing.T) {
	full := table([]string{"c1", "c2", "c3"}, []string{"G"},
		counts.Column{Name: "sample", Kind: counts.String, Strings: []string{"a", "b", "c"}},
		counts.Column{Name: "n", Kind: counts.Int, Ints: []int64{1, 2, 3}})
	got, a, err := annotate(full, counts.AnnotateOptions{Overwrite: true}, []string{"c3", "x", "y", "c1"},
		counts.Column{Name: "type", Kind: counts.Categorical, Ordered: true, Levels: []string{"B", "T"}, Codes: []int32{1, 0, 0, -1}},
		counts.Column{Name: "sample", Kind: counts.Bool, Bools: []bool{true, false, false, false}})
	if err != nil {
		t.Fatal(err)
	}
	want := counts.Frame{Names: []string{"c1", "c2", "c3"}, Columns: []counts.Column{
		{Name: "sample", Kind: counts.Bool, Bools: []bool{false, false, true}, Missing: []bool{false, true, false}},
		{Name: "n", Kind: counts.Int, Ints: []int64{1, 2, 3}},
		{Name: "type", Kind: counts.Categorical, Ordered: true, Levels: []string{"B", "T"}, Codes: []int32{-1, -1, 1}},
	}}
	if d := countstest.DiffFrames(&got.Obs, &want); d != "" {
		t.Error(d)
	}
	if r := (counts.AnnotateReport{Matched: 2, Without: 1, FirstWithout: "c2", Unused: 2, FirstUnused: "x"}); a.Report() != r {
		t.Errorf("got %+v, want %+v", a.Report(), r)
	}
}

func TestAnnotateRefuses(t *testing.T) {
	text := func(name string, n int) counts.Column {
		return counts.Column{Name: name, Kind: counts.String, Strings: make([]string, n)}
	}
	full := table([]string{"AAAC-1", "AAAG-1"}, []string{"G"}, text("sample", 2), text("n", 2))
	for want, file := range map[string]counts.Frame{
		"meta.csv: columns: 2 of 3 are annotations of the counts as well: sample, n: rename or leave out what is in both, or pass --obs-overwrite to take the file's": {
			Names: []string{"AAAC-1"}, Columns: []counts.Column{text("n", 1), text("other", 1), text("sample", 1)}},
		"meta.csv: column b: the name stands over two columns: rename one": {
			Names: []string{"AAAC-1"}, Columns: []counts.Column{text("b", 1), text("a", 1), text("b", 1)}},
		"meta.csv: names repeat: 2 of 4 rows, the first q, which names the rows 2 and 3: every row needs a name of its own": {
			Names: []string{"p", "q", "q", "p"}, Columns: []counts.Column{text("b", 4)}},
		"meta.csv: no row is named as a cell of the counts: the counts' first cell is AAAC-1, the file's s1_AAAC: name the rows as the counts name their cells": {
			Names: []string{"s1_AAAC", "s1_AAAG"}, Columns: []counts.Column{text("b", 2)}},
		"meta.csv: it has no rows: give one row to a cell": {Columns: []counts.Column{text("b", 0)}},
	} {
		if _, _, err := annotate(full, counts.AnnotateOptions{}, file.Names, file.Columns...); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	_, err := counts.AnnotateGenes(countstest.Memory(full, 1), &counts.Frame{Names: []string{"ENSG1"}}, counts.AnnotateOptions{File: "genes.csv"})
	if want := "genes.csv: no row is named as a gene of the counts: the counts' first gene is G, the file's ENSG1: name the rows as the counts name their genes"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, _, err := annotate(table(nil, []string{"G"}), counts.AnnotateOptions{}, []string{"c"}); err != nil {
		t.Errorf("counts without cells: %v", err)
	}
}

// TestAnnotateManyColumns: that both have tens of thousands of columns takes no time
// that grows with their product.
func TestAnnotateManyColumns(t *testing.T) {
	const n = 100_000
	own, file := counts.Frame{Names: []string{"c"}}, counts.Frame{Names: []string{"c"}}
	for i := range n {
		own.Columns = append(own.Columns, counts.Column{Name: fmt.Sprint("own", i), Kind: counts.Int, Ints: []int64{1}})
		file.Columns = append(file.Columns, counts.Column{Name: fmt.Sprint("file", i), Kind: counts.Int, Ints: []int64{2}})
	}
	start := time.Now()
	got, _, err := annotate(table(own.Names, []string{"G"}, own.Columns...), counts.AnnotateOptions{}, file.Names, file.Columns...)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); len(got.Obs.Columns) != 2*n || got.Obs.Columns[n].Name != "file0" || took > 10*time.Second {
		t.Errorf("%d columns in %s", len(got.Obs.Columns), took)
	}
}

// drawnFile is a frame of annotations, some of its rows named as cells or genes.
func drawnFile(t *rapid.T, own *counts.Frame) *counts.Frame {
	file := &countstest.Draw(t, countstest.Limits{}).Table.Obs
	if own.Len() == 0 {
		return file
	}
	met := map[string]bool{}
	for _, name := range file.Names {
		met[name] = true
	}
	for i := range file.Names {
		if name := own.Names[rapid.IntRange(0, own.Len()-1).Draw(t, "row")]; !met[name] {
			file.Names[i], met[name] = name, true
		}
	}
	return file
}

// plainlyAnnotated looks every cell of every column up.
func plainlyAnnotated(own, file *counts.Frame, row int) (texts []string) {
	at := slices.Index(file.Names, own.Names[row])
	from := func(c *counts.Column) string {
		if at < 0 || c.IsMissing(at) {
			return c.Name + " missing"
		}
		return c.Name + "=" + c.Text(at)
	}
	for i := range own.Columns {
		c := &own.Columns[i]
		switch newer := file.Column(c.Name); {
		case newer != nil:
			texts = append(texts, from(newer))
		case c.IsMissing(row):
			texts = append(texts, c.Name+" missing")
		default:
			texts = append(texts, c.Name+"="+c.Text(row))
		}
	}
	for i := range file.Columns {
		if own.Column(file.Columns[i].Name) == nil {
			texts = append(texts, from(&file.Columns[i]))
		}
	}
	return texts
}

// textsOf are the values of a row.
func textsOf(f *counts.Frame, row int) (texts []string) {
	for i := range f.Columns {
		c := &f.Columns[i]
		if c.IsMissing(row) {
			texts = append(texts, c.Name+" missing")
		} else {
			texts = append(texts, c.Name+"="+c.Text(row))
		}
	}
	return texts
}

// plainReport counts names by looking each up in the other list.
func plainReport(own, file []string) counts.AnnotateReport {
	var r counts.AnnotateReport
	for _, name := range own {
		if slices.Contains(file, name) {
			r.Matched++
		} else if r.Without++; r.Without == 1 {
			r.FirstWithout = name
		}
	}
	for _, name := range file {
		if slices.Contains(own, name) {
			continue
		}
		if r.Unused++; r.Unused == 1 {
			r.FirstUnused = name
		}
	}
	return r
}

// sameAnnotated compares rows and the report with what looking up one by one gives.
func sameAnnotated(got, own, file *counts.Frame, report counts.AnnotateReport) error {
	for row := range own.Names {
		if texts, want := textsOf(got, row), plainlyAnnotated(own, file, row); !slices.Equal(texts, want) {
			return fmt.Errorf("row %d: got %q, want %q", row, texts, want)
		}
	}
	if want := plainReport(own.Names, file.Names); report != want {
		return fmt.Errorf("got %+v, want %+v", report, want)
	}
	return nil
}

func TestAnnotateNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		full := countstest.Draw(t, countstest.Limits{})
		file := drawnFile(t, &full.Table.Obs)
		opt := counts.AnnotateOptions{Overwrite: true}
		a, err := counts.AnnotateCells(strictly(full, rapid.IntRange(1, 9).Draw(t, "chunk")), file, opt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := countstest.ReadAll(a)
		if input := (*counts.InputError)(nil); errors.As(err, &input) && plainReport(full.Table.Obs.Names, file.Names).Matched == 0 {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := sameAnnotated(&got.Obs, &full.Table.Obs, file, a.Report()); err != nil {
			t.Fatal(err)
		}
		got.Obs = full.Table.Obs
		if d := countstest.DiffTables(got, full.Table, full.Genes.Len()); d != "" {
			t.Fatal(d)
		}
	})
}

func TestAnnotateGenesNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		full := countstest.Draw(t, countstest.Limits{})
		file := drawnFile(t, full.Genes)
		a, err := counts.AnnotateGenes(strictly(full, 3), file, counts.AnnotateOptions{Overwrite: true})
		if input := (*counts.InputError)(nil); errors.As(err, &input) && plainReport(full.Genes.Names, file.Names).Matched == 0 {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := sameAnnotated(a.Genes(), full.Genes, file, a.Report()); err != nil {
			t.Fatal(err)
		}
		got, err := countstest.ReadAll(a)
		if err != nil {
			t.Fatal(err)
		}
		if d := countstest.DiffTables(got, full.Table, full.Genes.Len()); d != "" {
			t.Fatal(d)
		}
	})
}
