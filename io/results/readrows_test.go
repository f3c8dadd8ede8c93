package results

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"cellvi/io/counts"
)

// ReadRows gives what was written, wherever it is put, text of several pages included.
func TestReadRows(t *testing.T) {
	path, n := filepath.Join(t.TempDir(), "x.parquet"), 90_000
	names, values := make([]string, n), make([]float32, n)
	for i := range n {
		names[i], values[i] = fmt.Sprintf("cell-%032d", i*i), float32(i)
	}
	if err := Write(path, "cell_id", nil, Column{Name: "cell_id", String: names}, Column{Name: "x", Float32: values}); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const before = 3
	cols := []Column{{Name: "cell_id", String: make([]string, before+n)}, {Name: "x", Float32: make([]float32, before+n)}}
	for g, at := 0, before; g < r.RowGroups(); g++ {
		if err := r.ReadRows(g, cols, at); err != nil {
			t.Fatal(err)
		}
		at += int(r.GroupRows(g))
	}
	if r.RowGroups() != 2 || cols[0].String[0] != "" || !slices.Equal(cols[0].String[before:], names) || !slices.Equal(cols[1].Float32[before:], values) {
		t.Errorf("%d row groups, and what was read is not what was written", r.RowGroups())
	}
}

// Another table than the one that is asked for is the file's fault.
func TestReadRowsOfAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := Write(path, "", nil, Column{Name: "a", String: []string{"x"}}, Column{Name: "b", Float64: []float64{1}}); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, number := Column{Name: "a", String: make([]string, 1)}, Column{Name: "b", Float32: make([]float32, 1)}
	for what, cols := range map[string][]Column{
		"fewer columns": {text}, "another name": {{Name: "c", String: text.String}, number}, "another type": {text, number},
		"numbers for text": {{Name: "a", Float32: number.Float32}, number},
	} {
		var input *counts.InputError
		if err := r.ReadRows(0, cols, 0); !errors.As(err, &input) || input.File != path {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

// An entry that is added at the end is read as any other; pandas' stays.
func TestAddMetadata(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	w, err := Create(path, Schema{Index: "id", Columns: []Field{{"id", String}}, Metadata: map[string]string{"first": "1"}})
	if err == nil {
		err = w.WriteRowGroup([]Column{{Name: "id", String: []string{"a"}}})
	}
	if err == nil {
		err = errors.Join(w.AddMetadata("second", `{"x":2}`), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil || got.Index != "id" || len(got.Metadata) != 2 || got.Metadata["first"] != "1" || got.Metadata["second"] != `{"x":2}` {
		t.Errorf("%v: index %q, %v", err, got.Index, got.Metadata)
	}
}
