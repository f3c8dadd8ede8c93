//go:build cgo

package h5ad

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"cellvi/io/counts"

	"pgregory.net/rapid"
)

// text draws names as users have them: any characters but NUL, perhaps none.
func text() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.ReplaceAll(rapid.StringN(0, 8, 24).Draw(t, "text"), "\x00", "0")
	})
}

// columnOf draws one annotation of n rows.
func columnOf(t *rapid.T, name string, n int) counts.Column {
	c := counts.Column{Name: name, Kind: counts.Kind(rapid.IntRange(0, 4).Draw(t, "kind"))}
	switch c.Kind {
	case counts.Categorical:
		c.Levels = rapid.SliceOfNDistinct(text(), 1, 200, rapid.ID[string]).Draw(t, "levels")
		c.Ordered = rapid.Bool().Draw(t, "ordered")
		c.Codes = drawn(t, rapid.Int32Range(-1, int32(len(c.Levels)-1)), n)
		return c
	case counts.String:
		c.Strings = drawn(t, text(), n)
	case counts.Int:
		c.Ints = drawn(t, rapid.Int64(), n)
	case counts.Float:
		c.Floats = drawn(t, rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN())), n)
		return c
	case counts.Bool:
		c.Bools = drawn(t, rapid.Bool(), n)
	}
	if rapid.Bool().Draw(t, "nullable") {
		c.Missing = drawn(t, rapid.Bool(), n)
		zeroMissing(&c)
	}
	return c
}

func drawn[T any](t *rapid.T, g *rapid.Generator[T], n int) []T {
	return rapid.SliceOfN(g, n, n).Draw(t, "values")
}

// zeroMissing keeps Column's promise: a zero beside a missing mark, no marks
// where none is missing.
func zeroMissing(c *counts.Column) {
	some := false
	for i, m := range c.Missing {
		if !m {
			continue
		}
		some = true
		switch c.Kind {
		case counts.String:
			c.Strings[i] = ""
		case counts.Int:
			c.Ints[i] = 0
		case counts.Bool:
			c.Bools[i] = false
		}
	}
	if !some {
		c.Missing = nil
	}
}

func frameOf(t *rapid.T, n int) counts.Frame {
	f := counts.Frame{Names: drawn(t, text(), n)}
	for i := range rapid.IntRange(0, 4).Draw(t, "columns") {
		f.Columns = append(f.Columns, columnOf(t, fmt.Sprintf("c%d-ø", i), n))
	}
	return f
}

// tableOf draws cells in table form: rows may be empty, genes may be unused.
func tableOf(t *rapid.T, cells, genes int) counts.Table {
	tab := counts.Table{Obs: frameOf(t, cells), Indptr: []int64{0}}
	for range cells {
		for g := range genes {
			if rapid.IntRange(0, 2).Draw(t, "kept") == 0 {
				tab.Genes = append(tab.Genes, uint32(g))
				tab.Values = append(tab.Values, float64(rapid.Float32().Filter(func(v float32) bool { return v != 0 && v == v }).Draw(t, "v")))
			}
		}
		tab.Indptr = append(tab.Indptr, int64(len(tab.Genes)))
	}
	return tab
}

// part is cells [lo, hi) of a table.
func part(t *counts.Table, lo, hi int) *counts.Table {
	p := &counts.Table{Indptr: []int64{0}}
	p.Obs.Names = t.Obs.Names[lo:hi]
	for _, c := range t.Obs.Columns {
		p.Obs.Columns = append(p.Obs.Columns, rows(c, lo, hi))
	}
	for i := lo; i < hi; i++ {
		p.Indptr = append(p.Indptr, t.Indptr[i+1]-t.Indptr[lo])
	}
	p.Genes, p.Values = t.Genes[t.Indptr[lo]:t.Indptr[hi]], t.Values[t.Indptr[lo]:t.Indptr[hi]]
	return p
}

func rows(c counts.Column, lo, hi int) counts.Column {
	cut := reflect.ValueOf(&c).Elem()
	for _, name := range []string{"Codes", "Strings", "Ints", "Floats", "Bools", "Missing"} {
		if f := cut.FieldByName(name); !f.IsNil() {
			f.Set(f.Slice(lo, hi))
		}
	}
	zeroMissing(&c)
	return c
}

func writeTable(path string, genes *counts.Frame, tab *counts.Table, opt WriteOptions, step int) error {
	w, err := Create(path, genes, &tab.Obs, opt)
	if err != nil {
		return err
	}
	for lo := 0; lo < tab.Cells(); lo += step {
		if err := w.Write(part(tab, lo, min(lo+step, tab.Cells()))); err != nil {
			return errors.Join(w.Close(), err)
		}
	}
	latent := make([]float32, 2*tab.Cells())
	if err := w.WriteObsm("X_latent", 2, latent); err != nil {
		return errors.Join(w.Close(), err)
	}
	return w.Close()
}

// sameText compares without minding NaN and nil against empty.
func sameText(a, b any) bool { return asText(a) == asText(b) }

func asText(v any) string { return fmt.Sprintf("%+v", v) }

// TestRoundTrip: what Create writes, Open reads, for any table, any sizes of
// pieces on either side.
func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "round.h5ad")
	rapid.Check(t, func(t *rapid.T) {
		cells, genes := rapid.IntRange(0, 9).Draw(t, "cells"), rapid.IntRange(0, 6).Draw(t, "genes")
		vars, tab := frameOf(t, genes), tableOf(t, cells, genes)
		opt := WriteOptions{Gzip: rapid.SampledFrom([]int{0, 4}).Draw(t, "gzip")}
		if err := writeTable(path, &vars, &tab, opt, rapid.IntRange(1, 4).Draw(t, "step")); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path, Options{BatchCells: rapid.IntRange(1, 5).Draw(t, "batch")})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if !sameText(*r.Genes(), vars) {
			t.Fatalf("genes %+v, want %+v", *r.Genes(), vars)
		}
		first := 0
		err = eachTable(r, func(got *counts.Table) {
			want := part(&tab, first, first+got.Cells())
			if !sameText(*got, *want) {
				t.Fatalf("got  %+v\nwant %+v", *got, *want)
			}
			first += got.Cells()
		})
		if err != nil || first != cells {
			t.Fatalf("%d of %d cells, %v", first, cells, err)
		}
	})
}

// TestSameBytes: no time of day or memory garbage gets into a file.
func TestSameBytes(t *testing.T) {
	dir, files := t.TempDir(), [2][]byte{}
	tab := big(3000, 50)
	for i := range files {
		if i > 0 {
			time.Sleep(1100 * time.Millisecond) // HDF5 has times in seconds
		}
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := writeTable(path, &counts.Frame{Names: make([]string, 50)}, tab, WriteOptions{Gzip: 1}, 700+i*100); err != nil {
			t.Fatal(err)
		}
		files[i], _ = os.ReadFile(path)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two files of the same table differ")
	}
}

// big is a table that takes several chunks.
func big(cells, genes int) *counts.Table {
	tab := &counts.Table{Indptr: []int64{0}}
	for i := range cells {
		tab.Obs.Names = append(tab.Obs.Names, fmt.Sprint("cell", i))
		for g := range genes {
			tab.Genes, tab.Values = append(tab.Genes, uint32(g)), append(tab.Values, float64(1+(i+g)%5))
		}
		tab.Indptr = append(tab.Indptr, int64(len(tab.Genes)))
	}
	return tab
}

// TestWriterRefusals: what a file cannot hold is refused before it is lost.
func TestWriterRefusals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.h5ad")
	one := &counts.Frame{Names: []string{"g"}}
	for name, columns := range map[string][]string{"slash": {"a/b"}, "twice": {"a", "a"}, "index": {"_index"}, "empty": {""}} {
		f := &counts.Frame{}
		for _, c := range columns {
			f.Columns = append(f.Columns, counts.Column{Name: c, Kind: counts.Int})
		}
		if w, err := Create(path, one, f, WriteOptions{}); err == nil {
			w.Close()
			t.Errorf("%s: created", name)
		}
	}
	table := func(v float64, gene uint32) *counts.Table {
		return &counts.Table{Obs: counts.Frame{Names: []string{"c"}}, Indptr: []int64{0, 1}, Genes: []uint32{gene}, Values: []float64{v}}
	}
	for name, tab := range map[string]*counts.Table{"too exact": table(1<<24+1, 0), "no such gene": table(1, 1)} {
		w, err := Create(path, one, nil, WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(tab); err == nil {
			t.Errorf("%s: written", name)
		}
		if err := w.Close(); err == nil {
			t.Errorf("%s: closed as if whole", name)
		}
	}
	if _, err := Create(filepath.Join(t.TempDir(), "no", "such", "folder.h5ad"), one, nil, WriteOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}
