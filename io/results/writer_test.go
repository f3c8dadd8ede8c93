package results

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawColumns draws columns of every type, equally long, the first of them text.
func drawColumns(t *rapid.T, rows int) []Column {
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z.é漢" -]{1,6}`), 1, 6, rapid.ID).Draw(t, "names")
	cols := make([]Column, len(names))
	for i, name := range names {
		cols[i].Name = name
		kind := rapid.IntRange(0, 5).Draw(t, "type")
		switch {
		case i == 0 || kind == 5:
			cols[i].String = rapid.SliceOfN(rapid.String(), rows, rows).Draw(t, "s")
		case kind == 0:
			cols[i].Float32 = rapid.SliceOfN(rapid.OneOf(rapid.Float32(), rapid.Just(float32(math.NaN()))), rows, rows).Draw(t, "f32")
		case kind == 1:
			cols[i].Float64 = rapid.SliceOfN(rapid.Float64(), rows, rows).Draw(t, "f64")
		case kind == 2:
			cols[i].Int64 = rapid.SliceOfN(rapid.Int64(), rows, rows).Draw(t, "i64")
		case kind == 3:
			cols[i].Int32 = rapid.SliceOfN(rapid.Int32(), rows, rows).Draw(t, "i32")
		default:
			cols[i].Bool = rapid.SliceOfN(rapid.Bool(), rows, rows).Draw(t, "b")
		}
	}
	return cols
}

// equal compares bit for bit, NaN included.
func equal(a, b *Column) bool {
	bits := func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }
	return a.Name == b.Name && slices.EqualFunc(a.Float32, b.Float32, bits) && slices.Equal(a.Float64, b.Float64) &&
		slices.Equal(a.Int64, b.Int64) && slices.Equal(a.Int32, b.Int32) && slices.Equal(a.Bool, b.Bool) &&
		slices.Equal(a.String, b.String) && a.Missing == nil && b.Missing == nil
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(0, 30).Draw(t, "rows")
		want := drawColumns(t, rows)
		meta := rapid.MapOfN(rapid.StringMatching("[a-z]{1,5}x"), rapid.String(), 0, 3).Draw(t, "meta")
		index := rapid.SampledFrom([]string{"", want[0].Name}).Draw(t, "index")
		if err := Write(path, index, meta, want...); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if got.Index != index || len(got.Columns) != len(want) || len(got.Skipped) > 0 || fmt.Sprint(got.Metadata) != fmt.Sprint(meta) {
			t.Fatalf("got %+v", got)
		}
		for i := range want {
			if c := got.Column(want[i].Name); c == nil || !equal(c, &want[i]) {
				t.Fatalf("column %s: got %+v, want %+v", want[i].Name, c, want[i])
			}
		}
	})
}

// wide is rows × columns of float32 with an index.
func wide(rows, columns int) (Schema, []Column) {
	s := Schema{Index: "cell_id", Columns: []Field{{"cell_id", String}}}
	cols := []Column{{Name: "cell_id", String: make([]string, rows)}}
	for i := range rows {
		cols[0].String[i] = fmt.Sprintf("ACGT-%d", i)
	}
	for j := range columns {
		name := fmt.Sprintf("RP11-%dP13.%d", j, j)
		x := make([]float32, rows)
		for i := range x {
			x[i] = float32(math.Exp(math.Sin(float64(i*7919 + j*104729))))
		}
		s.Columns = append(s.Columns, Field{name, Float32})
		cols = append(cols, Column{Name: name, Float32: x})
	}
	return s, cols
}

// writeGroups writes 1,000 rows in groups of 300.
func writeGroups(t *testing.T, path string, s Schema, cols []Column) {
	t.Helper()
	w, err := Create(path, s)
	if err != nil {
		t.Fatal(err)
	}
	for lo := 0; lo < 1000; lo += 300 {
		part := make([]Column, len(cols))
		for i := range cols {
			part[i] = cols[i].slice(lo, min(lo+300, 1000))
		}
		if err := w.WriteRowGroup(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRowGroupsAndSameBytes(t *testing.T) {
	s, cols := wide(1000, 50)
	write := func() []byte {
		path := filepath.Join(t.TempDir(), "x.parquet")
		writeGroups(t, path, s, cols)
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range cols {
			if !equal(&got.Columns[i], &cols[i]) {
				t.Fatalf("column %s differs", cols[i].Name)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(write(), write()) {
		t.Error("the same calls gave other bytes")
	}
}

func TestManyRows(t *testing.T) {
	x := make([]float64, rowGroup+5)
	for i := range x {
		x[i] = float64(i)
	}
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := Write(path, "", nil, Column{Name: "x", Float64: x}); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rows() != len(x) || !slices.Equal(got.Columns[0].Float64, x) {
		t.Fatal("rows differ")
	}
}

func TestProgramFaults(t *testing.T) {
	one := []float32{1}
	text := []string{"a"}
	cases := []struct {
		want  string
		index string
		cols  []Column
		meta  map[string]string
	}{
		{"must be the first column", "i", []Column{{Name: "x", Float32: one}, {Name: "i", String: text}}, nil},
		{"must be the first column", "i", nil, nil},
		{"of type string", "i", []Column{{Name: "i", Float32: one}}, nil},
		{"two columns are named x", "", []Column{{Name: "x", Float32: one}, {Name: "x", String: text}}, nil},
		{"exactly one", "", []Column{{Name: "x"}}, nil},
		{"exactly one", "", []Column{{Name: "x", Float32: one, Bool: []bool{true}}}, nil},
		{"has 2 rows, x has 1", "", []Column{{Name: "x", Float32: one}, {Name: "y", Bool: []bool{true, true}}}, nil},
		{"entry pandas", "", []Column{{Name: "x", Float32: one}}, map[string]string{"pandas": "{}"}},
		{"metadata entry k", "", []Column{{Name: "x", Float32: one}}, map[string]string{"k": "\xff"}},
	}
	for _, c := range cases {
		err := Write(filepath.Join(t.TempDir(), "x.parquet"), c.index, c.meta, c.cols...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
	w, err := Create(filepath.Join(t.TempDir(), "x.parquet"), Schema{Columns: []Field{{"x", Float32}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteRowGroup([]Column{{Name: "x", Float64: []float64{1}}}); err == nil {
		t.Error("a column of another type was taken")
	}
	if w.Close() == nil {
		t.Error("Close forgot the error")
	}
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this system")
	}
	_, cols := wide(20, 3)
	err := Write("/dev/full", "cell_id", nil, cols...)
	if disk := (*fs.PathError)(nil); !errors.As(err, &disk) || !strings.HasPrefix(err.Error(), "write /dev/full") {
		t.Errorf("got %v", err)
	}
}
