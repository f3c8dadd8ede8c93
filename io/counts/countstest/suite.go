package countstest

import (
	"context"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
)

// FullTable is a whole table: all cells in one Table, and its genes.
type FullTable struct {
	Genes *counts.Frame
	Table *counts.Table
}

// Limits tell what a format cannot hold; the zero Limits is everything.
type Limits struct {
	NoObs        bool          // no cell annotations
	NoVar        bool          // no gene annotations
	NeverMissing []counts.Kind // kinds of annotation without missing values
	WholeOnly    bool          // no fractions
	MaxCount     float64       // largest value; 0 for 2³²−1
}

// Run holds a reader to the contract of counts.Reader on random and on extreme
// tables: cells and genes without counts, repeated gene names, every kind of
// annotation with missing values, levels that no cell has, any Unicode.
// open writes want in the reader's format, under t.TempDir(), and opens it; the
// suite closes the reader.
func Run(t *testing.T, open func(t *testing.T, want *FullTable) counts.Reader) {
	RunWithin(t, Limits{}, open)
}

// RunWithin is Run for a format with limits.
func RunWithin(t *testing.T, limits Limits, open func(t *testing.T, want *FullTable) counts.Reader) {
	t.Run("random", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			want := Draw(rt, limits)
			check(rt, want, open(t, want))
		})
	})
	for name, want := range extremes(limits) {
		t.Run(name, func(t *testing.T) { check(t, want, open(t, want)) })
	}
	t.Run("cancelled", func(t *testing.T) {
		r := open(t, example(limits, 5, 4))
		defer r.Close() // nothing was written
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Next with a cancelled context: got error %v", err)
		}
	})
	t.Run("closed early", func(t *testing.T) {
		r := open(t, example(limits, 5, 4))
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// tb is what *testing.T and *rapid.T share.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

// check reads all of r, compares it with want and closes r.
func check(t tb, want *FullTable, r counts.Reader) {
	t.Helper()
	if d := DiffFrames(r.Genes(), want.Genes); d != "" {
		t.Fatalf("genes: %s", d)
	}
	header := want.Table.Obs.Header()
	if d := DiffFrames(r.Obs(), &header); d != "" {
		t.Fatalf("cell annotations: %s", d)
	}
	if r.Cells() != int64(want.Table.Cells()) {
		t.Fatalf("Cells() is %d, the table has %d", r.Cells(), want.Table.Cells())
	}
	got, err := ReadAll(r)
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	if d := DiffTables(got, want.Table, want.Genes.Len()); d != "" {
		t.Fatalf("%s", d)
	}
	if _, err := r.Next(context.Background()); !errors.Is(err, io.EOF) {
		t.Fatalf("Next after the end: got error %v, want io.EOF again", err)
	}
	if err := r.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
}

// ReadAll puts the Tables of r together, checking each by itself.
func ReadAll(r counts.Reader) (*counts.Table, error) {
	all := &counts.Table{Obs: r.Obs().Header(), Indptr: []int64{0}}
	for {
		t, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if t.Cells() == 0 {
			return nil, errors.New("Next gave a table without cells")
		}
		if err := t.Validate(r.Genes().Len()); err != nil {
			return nil, err
		}
		appendTable(all, t)
	}
}

// appendTable copies t to the end of all.
func appendTable(all, t *counts.Table) {
	base := all.Indptr[len(all.Indptr)-1]
	all.Obs.Append(&t.Obs)
	for _, p := range t.Indptr[1:] {
		all.Indptr = append(all.Indptr, base+p)
	}
	all.Genes = append(all.Genes, t.Genes...)
	all.Values = append(all.Values, t.Values...)
}
