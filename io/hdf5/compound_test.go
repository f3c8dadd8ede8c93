//go:build cgo

package hdf5

import (
	"fmt"
	"strings"
	"testing"
)

// records opens the table that anndata before 0.7 would have written: see
// testdata/h5ad/make.py.
func records(t *testing.T) *Dataset {
	t.Helper()
	f, err := Open("../../testdata/h5ad/ancient.h5ad")
	if err != nil {
		t.Fatal(err)
	}
	root, err := f.Root()
	if err != nil {
		t.Fatal(err)
	}
	d, err := root.OpenDataset("obs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.Close()
		root.Close()
		if n := openObjects(f.f.ID()); n != 1 {
			t.Errorf("%d objects are open, 1 expected", n)
		}
		f.Close()
	})
	return d
}

// TestFields lists the fields with their types.
func TestFields(t *testing.T) {
	fields, err := records(t).Fields()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range fields {
		got = append(got, f.Name()+" "+f.Type().String())
	}
	want := "[index string batch int8 only int16 dose int8 plate int64 ascii string text string frac float32 flag bool big uint16 coords other]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	if p := fields[1].Place(); p != "/obs/batch" || fields[1].Len() != 40 {
		t.Errorf("%s of %d", p, fields[1].Len())
	}
}

// TestReadField reads ranges of each kind of field.
func TestReadField(t *testing.T) {
	fields, err := records(t).Fields()
	if err != nil {
		t.Fatal(err)
	}
	for range 50 { // what libhdf5 allocates for strings is given back
		names, err := fields[0].ReadTexts(37, 3)
		if err != nil || fmt.Sprint(names) != "[cell-37 cell-38 zelle-ü]" {
			t.Fatalf("names %q, %v", names, err)
		}
	}
	ascii, err := fields[5].ReadTexts(6, 3)
	if err != nil || fmt.Sprint(ascii) != "[s2 s3 s0]" {
		t.Errorf("ascii %q, %v", ascii, err)
	}
	ints, floats := make([]int64, 3), make([]float64, 3)
	for _, c := range []struct {
		field int
		want  string
	}{{1, "[-1 0 1]"}, {4, "[12 14 16]"}, {8, "[1 0 1]"}, {9, "[6000 7000 8000]"}} {
		if err := ReadField(fields[c.field], ints, 6); err != nil || fmt.Sprint(ints) != c.want {
			t.Errorf("%s: %v, %v, want %s", fields[c.field].Name(), ints, err, c.want)
		}
	}
	if err := ReadField(fields[7], floats, 6); err != nil || fmt.Sprint(floats) != "[1.5 1.75 2]" {
		t.Errorf("frac: %v, %v", floats, err)
	}
}

// TestFieldFaults holds what is refused, with its words.
func TestFieldFaults(t *testing.T) {
	fields, err := records(t).Fields()
	if err != nil {
		t.Fatal(err)
	}
	_, notText := fields[1].ReadTexts(0, 1)
	_, beyond := fields[0].ReadTexts(39, 2)
	for want, err := range map[string]error{
		"/obs/text: holds string values, numbers expected":                        ReadField(fields[6], make([]int64, 1), 0),
		"/obs/coords: holds other values, numbers expected":                       ReadField(fields[10], make([]int64, 1), 0),
		"/obs/batch: has 40 values, values 38 to 41 asked: the file is truncated": ReadField(fields[1], make([]int64, 3), 38),
		"/obs/batch: holds int8 values, text expected":                            notText,
		"/obs/index: has 40 values, values 39 to 41 asked: the file is truncated": beyond,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
