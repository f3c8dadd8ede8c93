package countstest

import (
	"context"
	"io"

	"cellvi/io/counts"
)

// Memory is a Reader of a table in memory, in pieces of chunk cells: input for
// tests of what takes a Reader. It copies what it gives.
func Memory(full *FullTable, chunk int) counts.Reader {
	header := full.Table.Obs.Header()
	return &memory{full: full, chunk: chunk, header: &header}
}

type memory struct {
	full   *FullTable
	header *counts.Frame
	chunk  int
	at     int // the next cell
}

func (m *memory) Genes() *counts.Frame { return m.full.Genes }
func (m *memory) Obs() *counts.Frame   { return m.header }
func (m *memory) Cells() int64         { return int64(m.full.Table.Cells()) }
func (m *memory) Close() error         { return nil }

func (m *memory) Next(ctx context.Context) (*counts.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if m.at == m.full.Table.Cells() {
		return nil, io.EOF
	}
	to := min(m.at+m.chunk, m.full.Table.Cells())
	out := &counts.Table{Obs: m.header.Header(), Indptr: []int64{0}}
	part := Cut(m.full.Table, m.at, to)
	appendTable(out, part)
	m.at = to
	return out, nil
}

// Cut is cells lo to hi (excluded) of t as a table, whose counts alias t's.
func Cut(t *counts.Table, lo, hi int) *counts.Table {
	a, b := t.Indptr[lo], t.Indptr[hi]
	part := &counts.Table{Obs: t.Obs.Slice(lo, hi), Genes: t.Genes[a:b], Values: t.Values[a:b]}
	for _, p := range t.Indptr[lo : hi+1] {
		part.Indptr = append(part.Indptr, p-a)
	}
	return part
}
