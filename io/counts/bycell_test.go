package counts

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawn is a source in pieces of a few entries.
func drawn(e Entries, piece int) EntrySource {
	return func(context.Context) iter.Seq2[Entries, error] {
		return func(yield func(Entries, error) bool) {
			for i := 0; i < len(e.Cells); i += piece {
				to := min(i+piece, len(e.Cells))
				if !yield(Entries{e.Cells[i:to], e.Genes[i:to], e.Values[i:to]}, nil) {
					return
				}
			}
		}
	}
}

// TestByCell holds the cells against a dense table, for entries in any order and
// memory for one block, some, or all.
func TestByCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells, genes := rapid.IntRange(0, 400).Draw(t, "cells"), rapid.IntRange(1, 20).Draw(t, "genes")
		var e Entries
		want := make([]float64, cells*genes)
		if cells > 0 {
			for range rapid.IntRange(0, 3000).Draw(t, "entries") {
				c, g, v := rand.IntN(cells), rand.IntN(genes), float64(rand.IntN(4))
				e.Cells, e.Genes, e.Values = append(e.Cells, uint32(c)), append(e.Genes, uint32(g)), append(e.Values, v)
				want[c*genes+g] += v
			}
		}
		if rapid.Bool().Draw(t, "ordered") {
			slices.Sort(e.Cells)
			clear(want)
			for i, c := range e.Cells {
				want[int(c)*genes+int(e.Genes[i])] += e.Values[i]
			}
		}
		b := NewByCell(drawn(e, rapid.IntRange(1, 700).Draw(t, "piece")), int64(cells), int64(genes), int64(rapid.IntRange(0, 40000).Draw(t, "memory")))
		defer b.Close()
		got := make([]float64, cells*genes)
		var table Table
		for at := 0; at < cells; {
			n, err := b.Fill(context.Background(), int64(at), int64(min(rapid.IntRange(1, 300).Draw(t, "n"), cells-at)), &table)
			if err != nil || n < 1 {
				t.Fatal(n, err)
			}
			table.Obs.Names = make([]string, n)
			if err := table.Validate(genes); err != nil {
				t.Fatal(err)
			}
			for i := range int(n) {
				g, v := table.Row(i)
				for k := range g {
					got[(at+i)*genes+int(g[k])] = v[k]
				}
			}
			at += int(n)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// TestByCellTellsFaults: an error of the source comes out, from either pass.
func TestByCellTellsFaults(t *testing.T) {
	broken := errors.New("broken")
	for _, ordered := range []bool{true, false} {
		for _, pass := range []int{1, 2} {
			e := Entries{Cells: []uint32{100, 0}, Genes: []uint32{0, 1}, Values: []float64{1, 1}}
			if ordered {
				slices.Reverse(e.Cells)
			}
			asked := 0
			b := NewByCell(func(context.Context) iter.Seq2[Entries, error] {
				return func(yield func(Entries, error) bool) {
					if asked++; yield(e, nil) && asked == pass {
						yield(Entries{}, broken)
					}
				}
			}, 200, 2, 1<<20)
			var table Table
			err := error(nil)
			for at := int64(0); at < 200 && err == nil; {
				var n int64
				n, err = b.Fill(context.Background(), at, 200-at, &table)
				at += n
			}
			if !errors.Is(err, broken) {
				t.Errorf("ordered %v, pass %d: got %v", ordered, pass, err)
			}
			b.Close()
		}
	}
}

// TestByCellTellsChanges: a source that gives more or fewer entries than at first is
// an error of the input, wherever they are.
func TestByCellTellsChanges(t *testing.T) {
	e := Entries{Cells: []uint32{0, 0, 70, 199}, Genes: []uint32{0, 1, 0, 1}, Values: []float64{1, 2, 3, 4}}
	turned := Entries{Cells: []uint32{199, 70, 0, 0}, Genes: e.Genes, Values: e.Values}
	double := func(e Entries) Entries {
		return Entries{slices.Concat(e.Cells, e.Cells[3:]), slices.Concat(e.Genes, e.Genes[3:]), slices.Concat(e.Values, e.Values[3:])}
	}
	cut := func(e Entries, n int) Entries { return Entries{e.Cells[:n], e.Genes[:n], e.Values[:n]} }
	for name, now := range map[string][2]Entries{
		"none, in order": {e, cut(e, 0)}, "fewer, in order": {e, cut(e, 3)}, "more, in order": {e, double(e)},
		"none": {turned, cut(turned, 0)}, "fewer": {turned, cut(turned, 3)}, "more": {turned, double(turned)},
	} {
		passes := 0
		b := NewByCell(func(ctx context.Context) iter.Seq2[Entries, error] {
			passes++
			return drawn(now[min(passes, 2)-1], 2)(ctx)
		}, 200, 2, 1<<20)
		var table Table
		err := error(nil)
		for at := int64(0); at < 200 && err == nil; {
			var n int64
			n, err = b.Fill(context.Background(), at, 200-at, &table)
			at += n
		}
		input := (*InputError)(nil)
		if !errors.As(err, &input) || err.Error() != "the input changed while it was read: run again once nothing writes to it" {
			t.Errorf("%s: got %v", name, err)
		}
		b.Close()
	}
}
