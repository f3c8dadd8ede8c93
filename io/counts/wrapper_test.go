package counts_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// strict is a Reader in memory that uses the memory of each Table again, and
// whose Tables must not be changed by who reads it.
type strict struct {
	counts.Reader
	full   *countstest.FullTable
	last   *counts.Table
	lo, hi int
}

func strictly(full *countstest.FullTable, chunk int) counts.Reader {
	return &strict{Reader: countstest.Memory(full, chunk), full: full}
}

// Next spoils the Table before.
func (s *strict) Next(ctx context.Context) (*counts.Table, error) {
	if s.last != nil {
		if d := countstest.DiffTables(s.last, countstest.Cut(s.full.Table, s.lo, s.hi), s.full.Genes.Len()); d != "" {
			return nil, fmt.Errorf("the table read was changed: %s", d)
		}
		spoil(s.last)
	}
	t, err := s.Reader.Next(ctx)
	if s.last = t; err == nil {
		s.lo, s.hi = s.hi, s.hi+t.Cells()
	}
	return t, err
}

func spoil(t *counts.Table) {
	for i := range t.Obs.Names {
		t.Obs.Names[i] = "spoiled"
	}
	for i := range t.Values {
		t.Genes[i], t.Values[i] = 1<<31, -1
	}
	for i := range t.Indptr {
		t.Indptr[i] = -1
	}
	for i := range t.Obs.Columns {
		c := &t.Obs.Columns[i]
		fill(c.Codes, -9)
		fill(c.Strings, "spoiled")
		fill(c.Ints, -9)
		fill(c.Floats, -9)
		fill(c.Missing, true)
	}
}

func fill[T any](values []T, with T) {
	for i := range values {
		values[i] = with
	}
}

// sameCells compares cells of got with the cells of want that rows names, one by
// one; genes are those of got.
func sameCells(got, want *counts.Table, rows []int, genes int) string {
	if got.Cells() != len(rows) {
		return fmt.Sprintf("%d cells, want %d", got.Cells(), len(rows))
	}
	for i, row := range rows {
		if d := countstest.DiffTables(countstest.Cut(got, i, i+1), countstest.Cut(want, row, row+1), genes); d != "" {
			return fmt.Sprintf("cell %d: %s", i, d)
		}
	}
	return ""
}

// TestWrappersConform: what changes nothing passes tables through as they are,
// and is a Reader as any other.
func TestWrappersConform(t *testing.T) {
	for name, wrap := range map[string]func(r counts.Reader, full *countstest.FullTable) (counts.Reader, error){
		"keep cells": func(r counts.Reader, _ *countstest.FullTable) (counts.Reader, error) {
			return counts.KeepCells(r, keeps(t, "index is not missing"), "f")
		},
		"keep genes": func(r counts.Reader, _ *countstest.FullTable) (counts.Reader, error) {
			return counts.KeepGenes(r, keeps(t, "index is not missing"), "f")
		},
		"annotate cells": func(r counts.Reader, full *countstest.FullTable) (counts.Reader, error) {
			return counts.AnnotateCells(r, &full.Table.Obs, counts.AnnotateOptions{Overwrite: true})
		},
		"annotate genes": func(r counts.Reader, full *countstest.FullTable) (counts.Reader, error) {
			return counts.AnnotateGenes(r, &counts.Frame{Names: full.Genes.Names[:1]}, counts.AnnotateOptions{})
		},
		"rename genes": func(r counts.Reader, _ *countstest.FullTable) (counts.Reader, error) {
			return counts.RenameGenes(r, counts.GeneNames{StripVersion: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			countstest.Run(t, func(t *testing.T, want *countstest.FullTable) counts.Reader {
				r, err := wrap(strictly(want, 3), want)
				if err != nil {
					t.Fatal(err)
				}
				return r
			})
		})
	}
}

// TestWrappersPassNames: what changes no cells tells their names before reading.
func TestWrappersPassNames(t *testing.T) {
	full := table([]string{"c1", "c2"}, []string{"A", "B"})
	named := func() counts.Reader { return namer{countstest.Memory(full, 1), full.Table.Obs.Names} }
	kept, err := counts.KeepGenes(named(), keeps(t, "index == A"), "f")
	renamed, err2 := counts.RenameGenes(kept, counts.GeneNames{})
	cells, err3 := counts.AnnotateCells(renamed, &counts.Frame{Names: []string{"c1"}}, counts.AnnotateOptions{})
	genes, err4 := counts.AnnotateGenes(cells, &counts.Frame{Names: []string{"A"}}, counts.AnnotateOptions{})
	if err := errors.Join(err, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	names, err := counts.NamesOf(context.Background(), genes)
	if err != nil || !slices.Equal(names, []string{"c1", "c2"}) {
		t.Errorf("got %q, %v", names, err)
	}
	if all, err := countstest.ReadAll(genes); err != nil || all.Cells() != 2 {
		t.Errorf("after the names: %v", err)
	}
}

// namer is a Reader whose format tells the names.
type namer struct {
	counts.Reader
	names []string
}

func (n namer) CellNames(context.Context) ([]string, error) { return n.names, nil }
