package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// storeOf is a store of cells with these names, of which those of kept rows are kept.
// inputs, where given, is the input of each.
func storeOf(t *testing.T, names []string, inputs []string, kept ...int32) *fitted {
	t.Helper()
	x := &table{genes: []string{"a", "b"}, cells: names, rows: make([][]float64, len(names))}
	if inputs != nil {
		c := counts.Column{Name: inputColumn, Kind: counts.Categorical, Levels: []string{"s1", "s2"}}
		for _, in := range inputs {
			c.Codes = append(c.Codes, int32(slices.Index(c.Levels, in)))
		}
		x.obs = []counts.Column{c}
	}
	st, err := store.Open(writeStore(t, x).Store())
	check(t, err)
	t.Cleanup(func() { _ = st.Close() })
	return &fitted{st: st, p: &prepared{Row: kept}}
}

// rowsOf shows, for each cell of a file, - (not in the store), o (not kept) or x.
func rowsOf(m *matched) string {
	var b strings.Builder
	for i := range m.N {
		b.WriteByte("-ox"[map[bool]int{true: 1}[m.stored.Has(i)]+map[bool]int{true: 1}[m.Has(i)]])
	}
	return b.String()
}

// TestMatch: which cells of a file are which of the store, or why that cannot be told.
func TestMatch(t *testing.T) {
	list := strings.Fields
	several := list("s1 s1 s2 s2")
	for name, c := range map[string]struct {
		store, inputs, file []string
		kept                []int32
		unique              bool
		want                string // of rowsOf, or words of the error
		from, to            int    // the kept cells that are the file's
	}{
		"the same":             {store: list("a b c"), file: list("a b c"), kept: []int32{0, 1, 2}, want: "xxx", to: 3},
		"left out by prepare":  {store: list("a b c"), file: list("a b c"), kept: []int32{0, 2}, want: "xox", to: 2},
		"left out by keep":     {store: list("b d"), file: list("a b c d e"), kept: []int32{1}, want: "-o-x-", to: 1},
		"another order":        {store: list("a b c"), file: list("a c b"), kept: []int32{0}, want: "cell c of the store is not in it, or stands elsewhere"},
		"another file":         {store: list("a b c"), file: list("x y"), kept: []int32{0}, want: "cell a of the store is not in it"},
		"repeated, all there":  {store: list("a a-1 b"), file: list("a a b"), kept: []int32{1, 2}, want: "oxx", to: 2},
		"repeated, some there": {store: list("a-1 b"), file: list("a a b c"), kept: []int32{0, 1}, want: "-xx-", to: 2},
		"repeated, which?":     {store: list("a b"), file: list("a a b c"), kept: []int32{0, 1}, want: "1 cell has a name that occurred before, the first a,"},
		"repeated, known":      {store: list("a b"), file: list("a a b c"), kept: []int32{0, 1}, unique: true, want: "x-x-", to: 2},
		"others repeated":      {store: list("a b"), file: list("a x x b"), kept: []int32{0, 1}, want: "x--x", to: 2},
		"one of two inputs":    {store: list("a b c d"), inputs: several, file: list("c d"), kept: []int32{0, 3}, want: "ox", from: 1, to: 2},
		"with prefix":          {store: list("s1:a s1:b s2:a s2:c"), inputs: several, file: list("a x c"), kept: []int32{0, 2, 3}, want: "x-x", from: 1, to: 3},
		"alike, told by name":  {store: list("s1:a s1:b s2:a s2:b"), inputs: several, file: list("a b"), kept: []int32{0, 2}, want: "xo", from: 1, to: 2},
		"neither input":        {store: list("s1:a s1:b s2:a s2:c"), inputs: several, file: list("a x"), kept: []int32{0}, want: "cell s1:a of the store is not in it"},
	} {
		t.Run(name, func(t *testing.T) {
			f := storeOf(t, c.store, c.inputs, c.kept...)
			m := &matching{f: f, source: &h5adSource{path: "dir/s2.h5ad", makeUnique: c.unique}, names: inPieces(c.file)}
			found, err := m.find(context.Background())
			if err != nil {
				wantError(t, err, pipeline.ExitBadInput, "dir/s2.h5ad: ", c.want)
				return
			}
			from, to := f.p.kept(found.first, found.end)
			if got := rowsOf(found); got != c.want || from != c.from || to != c.to {
				t.Errorf("got %s of kept cells %d to %d, want %s of %d to %d", got, from, to, c.want, c.from, c.to)
			}
		})
	}
	f := storeOf(t, list("s1:a s1:b s2:a s2:b"), several, 0)
	m := &matching{f: f, source: &h5adSource{path: "s3.h5ad"}, names: inPieces(list("a b"))}
	_, err := m.find(context.Background())
	wantError(t, err, pipeline.ExitBadInput, "the cells of the inputs s1 and s2 have the same names")
}

// inPieces gives names two at a time.
func inPieces(names []string) func(do func([]string) error) error {
	return func(do func([]string) error) error {
		for i := 0; i < len(names); i += 2 {
			if err := do(slices.Clone(names[i:min(i+2, len(names))])); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestMatchMany crosses the store's batches, with every third cell of the file left
// out of the store.
func TestMatchMany(t *testing.T) {
	var inStore, file []string
	var kept []int32
	for i := range 3 * store.BatchCells {
		file = append(file, fmt.Sprint("cell", i))
		if i%3 == 1 {
			continue
		}
		if i%2 == 0 {
			kept = append(kept, int32(len(inStore)))
		}
		inStore = append(inStore, file[i])
	}
	m := &matching{f: storeOf(t, inStore, nil, kept...), source: &h5adSource{}, names: inPieces(file)}
	found, err := m.find(context.Background())
	check(t, err)
	for i := range found.N {
		if found.stored.Has(i) != (i%3 != 1) || found.Has(i) != (i%3 != 1 && i%2 == 0) {
			t.Fatalf("cell %d: in the store %v, kept %v", i, found.stored.Has(i), found.Has(i))
		}
	}
}

// TestGeneColumns finds the model's genes, of which the store has the second first.
func TestGeneColumns(t *testing.T) {
	list := strings.Fields
	for name, c := range map[string]struct {
		store, old, file string // genes; old: as they were called before --gene-id
		want             string // columns of genes 0 and 2 of the store, or words of the error
	}{
		"the same":       {store: "a b c", file: "a b c", want: "[0 2]"},
		"some":           {store: "a b c", file: "x c b a", want: "[3 1]"},
		"repeated":       {store: "a b a-1", file: "a b a", want: "[0 2]"},
		"renamed":        {store: "E1 E2 E3", old: "a b c", file: "c b a", want: "[2 0]"},
		"renamed, alike": {store: "E1 E2 E3", old: "a b a", file: "a b a", want: "[0 2]"},
		"not there":      {store: "a b c", file: "a b", want: "the model's gene c is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			x := &table{genes: list(c.store), cells: list("x"), rows: [][]float64{{1, 2, 3}}}
			l := Layout{t.TempDir()}
			_, whole := x.frames()
			genes := &counts.Frame{Names: list(c.store)}
			if c.old != "" {
				genes.Columns = []counts.Column{{Name: "var_names", Kind: counts.String, Strings: list(c.old)}}
			}
			w, err := store.Create(l.Dir, genes, &whole.Obs, store.Options{Count: store.Uint32})
			check(t, err)
			check(t, w.Write(whole))
			check(t, w.Close())
			st, err := store.Open(l.Dir)
			check(t, err)
			defer st.Close()
			h := &h5adCopy{f: &fitted{st: st, pick: picker{index: []int32{0, -1, 1}, genes: 2}}}
			at, err := h.geneColumns("x.h5ad", list(c.file))
			if err != nil {
				wantError(t, err, pipeline.ExitBadInput, "x.h5ad: var: ", c.want)
			} else if got := fmt.Sprint(at); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
