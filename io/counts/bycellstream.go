package counts

import (
	"context"
	"iter"
)

// stream is the one pass over a source whose cells come in order.
type stream struct {
	next func() (Entries, error, bool)
	stop func()
	rest Entries // given, not yet taken
	left int64   // entries not yet given, of those that the first pass counted
}

// fillStream appends the next cells from the pass, which it begins.
func (b *ByCell) fillStream(ctx context.Context, first, n int64, t *Table) (int64, error) {
	if b.stream == nil {
		b.stream = &stream{left: b.entries}
		b.stream.next, b.stream.stop = iter.Pull2(b.source(ctx))
	}
	done := int64(0)
	for ; done < n && (done == 0 || len(t.Genes) < mostSorted); done++ {
		if err := b.stream.cell(uint32(first+done), t); err != nil {
			return 0, err
		}
		t.Indptr = append(t.Indptr, int64(len(t.Genes)))
	}
	b.tidier.Tidy(t, b.genes) // every gene is below
	return done, nil
}

// cell appends all entries of one cell.
func (s *stream) cell(cell uint32, t *Table) error {
	for {
		n := 0
		for n < len(s.rest.Cells) && s.rest.Cells[n] == cell {
			n++
		}
		t.Genes = append(t.Genes, s.rest.Genes[:n]...)
		t.Values = append(t.Values, s.rest.Values[:n]...)
		more := n < len(s.rest.Cells)
		s.rest = Entries{s.rest.Cells[n:], s.rest.Genes[n:], s.rest.Values[n:]}
		if more {
			if s.rest.Cells[0] < cell {
				return changed()
			}
			return nil
		}
		e, err, ok := s.next()
		if err != nil {
			return err
		}
		if s.left -= int64(len(e.Cells)); s.left < 0 || !ok && s.left > 0 {
			return changed()
		}
		if !ok {
			return nil
		}
		s.rest = e
	}
}
