//go:build cgo

package hdf5

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"cellvi/io/counts"
)

// created runs fill on the root of a new file and opens the file again.
func created(t *testing.T, fill func(root *Group)) *Group {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.h5")
	f, err := Create(path)
	must(t, err)
	root, err := f.Root()
	must(t, err)
	fill(root)
	must(t, root.Close())
	if n := openObjects(f.f.ID()); n != 1 {
		t.Errorf("%d objects are open before Close, want the file alone", n)
	}
	must(t, f.Close())
	f, err = Open(path)
	must(t, err)
	root, err = f.Root()
	must(t, err)
	t.Cleanup(func() {
		must(t, root.Close())
		if n := openObjects(f.f.ID()); n != 1 {
			t.Errorf("%d objects are open before Close, want the file alone", n)
		}
		must(t, f.Close())
	})
	return root
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// done closes what a write gave.
func done(d *Dataset, err error) func(testing.TB) {
	return func(t testing.TB) {
		t.Helper()
		must(t, err)
		must(t, d.Close())
	}
}

func opened(t *testing.T, g *Group, name string) *Dataset {
	t.Helper()
	d, err := g.OpenDataset(name)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// TestNumbers writes each type and reads it as each other.
func TestNumbers(t *testing.T) {
	root := created(t, func(root *Group) {
		n := []int64{4}
		done(WriteArray(root, "int8", n, []int8{1, -2, 3, 127}, Layout{}))(t)
		done(WriteArray(root, "int16", n, []int16{1, -2, 3, 127}, Layout{Chunk: 3}))(t)
		done(WriteArray(root, "int32", n, []int32{1, -2, 3, 127}, Layout{Chunk: 2, Gzip: 9}))(t)
		done(WriteArray(root, "int64", n, []int64{1, -2, 3, 127}, Layout{}))(t)
		done(WriteArray(root, "float32", n, []float32{1, -2, 3, 127}, Layout{}))(t)
		done(WriteArray(root, "float64", n, []float64{1, -2, 3, 127}, Layout{Chunk: 4, Gzip: 1}))(t)
	})
	for _, name := range []string{"int8", "int16", "int32", "int64", "float32", "float64"} {
		d := opened(t, root, name)
		if d.Type().String() != name || !d.Type().Numeric() || d.Len() != 4 || !slices.Equal(d.Shape(), []int64{4}) {
			t.Errorf("%s: %s, shape %v", name, d.Type(), d.Shape())
		}
		same(t, d, []float64{1, -2, 3, 127})
		same(t, d, []float32{1, -2, 3, 127})
		same(t, d, []int64{1, -2, 3, 127})
		same(t, d, []int32{1, -2, 3, 127})
	}
	if f := opened(t, root, "int32").Filters(); len(f) != 1 || f[0].String() != "gzip" || !f[0].Available {
		t.Errorf("filters %v", f)
	}
	if c := opened(t, root, "int32").Chunk(); !slices.Equal(c, []int64{2}) {
		t.Errorf("chunk %v", c)
	}
}

func same[T Number](t *testing.T, d *Dataset, want []T) {
	t.Helper()
	got, err := ReadAll[T](d)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: got %v %v, want %v", d.Place(), got, err, want)
	}
}

// TestBlocks reads parts of a matrix; what is outside is refused.
func TestBlocks(t *testing.T) {
	root := created(t, func(root *Group) {
		v := make([]float64, 6*5)
		for i := range v {
			v[i] = float64(i)
		}
		done(WriteArray(root, "m", []int64{6, 5}, v, Layout{Chunk: 4, Gzip: 1}))(t)
	})
	m := opened(t, root, "m")
	got := make([]float64, 4)
	must(t, Read(m, got, []int64{3, 2}, []int64{2, 2}))
	if !slices.Equal(got, []float64{17, 18, 22, 23}) {
		t.Errorf("got %v", got)
	}
	must(t, Read(m, got[:0], []int64{6, 0}, []int64{0, 5}))
	for _, c := range [][2][]int64{{{5, 0}, {2, 2}}, {{-1, 0}, {2, 2}}, {{0}, {4}}, {{math.MaxInt64, 0}, {2, 2}}} {
		var input *counts.InputError
		if err := Read(m, got, c[0], c[1]); !errors.As(err, &input) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// TestTexts writes and reads strings, attributes and booleans.
func TestTexts(t *testing.T) {
	texts := []string{"", "a", "größe", strings.Repeat("long ", 1000), "日本"}
	root := created(t, func(root *Group) {
		done(root.WriteTexts("s", texts, Layout{}))(t)
		done(root.WriteTexts("z", texts, Layout{Chunk: 2, Gzip: 3}))(t)
		done(root.WriteTexts("none", nil, Layout{}))(t)
		done(root.WriteBools("b", []bool{true, false, true}, Layout{}))(t)
		g, err := root.CreateGroup("g")
		must(t, err)
		must(t, g.SetText("text", texts[2]))
		must(t, g.SetTexts("texts", texts))
		must(t, g.SetTexts("none", nil))
		must(t, g.SetInts("ints", []int64{3, -4}))
		must(t, g.SetBool("yes", true))
		must(t, g.Close())
		if d, err := root.WriteTexts("nul", []string{"a\x00b"}, Layout{}); err == nil {
			d.Close()
			t.Error("a text with NUL was written")
		}
	})
	for _, name := range []string{"s", "z"} {
		got, err := opened(t, root, name).ReadTexts(0, int64(len(texts)))
		if err != nil || !slices.Equal(got, texts) {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	some, err := opened(t, root, "z").ReadTexts(1, 2)
	if err != nil || !slices.Equal(some, texts[1:3]) {
		t.Errorf("%q %v", some, err)
	}
	b := opened(t, root, "b")
	if ty := b.Type(); ty.Class != Bool || ty.False != 0 || ty.True != 1 {
		t.Errorf("type %+v", ty)
	}
	same(t, b, []int64{1, 0, 1})
	same(t, b, []float64{1, 0, 1})
	checkAttrs(t, root, texts)
}

func checkAttrs(t *testing.T, root *Group, texts []string) {
	g, err := root.OpenGroup("g")
	must(t, err)
	defer g.Close()
	text, err1 := g.AttrText("text")
	all, err2 := g.AttrTexts("texts")
	none, err3 := g.AttrTexts("none")
	ints, err4 := g.AttrInts("ints")
	yes, err5 := g.AttrInts("yes")
	must(t, errors.Join(err1, err2, err3, err4, err5))
	got := []any{text, all, none, ints, yes}
	want := []any{texts[2], texts, []string(nil), []int64{3, -4}, []int64{1}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, err := range []error{second(g.AttrText("ints")), second(g.AttrInts("text")), second(g.AttrText("texts")), second(g.AttrText("absent")), second(g.AttrTarget("text"))} {
		if err == nil || !strings.Contains(err.Error(), "t.h5: /g: attribute ") {
			t.Errorf("got %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestAppend makes a dataset longer and longer.
func TestAppend(t *testing.T) {
	root := created(t, func(root *Group) {
		d, err := CreateArray[float32](root, "v", Layout{Chunk: 3, Gzip: 1})
		must(t, err)
		for i := range 10 {
			must(t, Append(d, []float32{float32(2 * i), float32(2*i + 1)}))
			must(t, Append[float32](d, nil))
		}
		must(t, d.Close())
	})
	want := make([]int32, 20)
	for i := range want {
		want[i] = int32(i)
	}
	same(t, opened(t, root, "v"), want)
}

// TestMembers lists names and kinds.
func TestMembers(t *testing.T) {
	root := created(t, func(root *Group) {
		for _, name := range []string{"b", "ä", "a"} {
			g, err := root.CreateGroup(name)
			must(t, err)
			must(t, g.Close())
		}
		done(WriteArray(root, "d", []int64{1}, []int8{1}, Layout{}))(t)
	})
	names, err := root.Names()
	if err != nil || !slices.Equal(names, []string{"a", "b", "d", "ä"}) {
		t.Errorf("%q %v", names, err)
	}
	for name, want := range map[string]Kind{"a": IsGroup, "d": IsDataset, "no": Absent} {
		if k, err := root.Kind(name); k != want || err != nil {
			t.Errorf("%s: %v %v", name, k, err)
		}
	}
	if _, err := root.OpenDataset("no"); err == nil || !strings.Contains(err.Error(), "t.h5: /no: HDF5 cannot read it (") {
		t.Errorf("got %v", err)
	}
	if _, err := opened(t, root, "d").ReadTexts(0, 1); err == nil || !strings.Contains(err.Error(), "/d: holds int8 values, text expected") {
		t.Errorf("got %v", err)
	}
}

// TestTogether has goroutines share the library; run it with -race.
func TestTogether(t *testing.T) {
	root := created(t, func(root *Group) {
		texts := make([]string, 500)
		for i := range texts {
			texts[i] = fmt.Sprint("text ", i)
		}
		done(root.WriteTexts("s", texts, Layout{Chunk: 64, Gzip: 1}))(t)
	})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				d, err := root.OpenDataset("s")
				if err != nil {
					t.Error(err)
					return
				}
				if v, err := d.ReadTexts(0, 500); err != nil || v[499] != "text 499" {
					t.Error(v, err)
				}
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}
