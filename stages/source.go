package stages

import (
	"fmt"
	"sync"

	"cellvi/io/store"
	"cellvi/model"
)

// cellSource reads the counts of picked genes of kept cells from a store, which
// are its rows. It implements model.Source.
type cellSource struct {
	st      *store.Store
	p       *prepared
	pick    picker
	scratch sync.Pool // of *scratch
}

func newCellSource(st *store.Store, p *prepared, pick picker) *cellSource {
	return &cellSource{st: st, p: p, pick: pick, scratch: sync.Pool{New: func() any { return &scratch{} }}}
}

// scratch is one reader's memory.
type scratch struct {
	cut    store.Cut
	packed model.Packed
	cov    model.Covariates
}

// Read appends the cells of rows to into.
func (s *cellSource) Read(rows []int32, into *model.Cells) error {
	x := s.scratch.Get().(*scratch)
	defer s.scratch.Put(x)
	return s.stretches(rows, func(rows []int32, batch, from, to int) error {
		if err := s.st.ReadCut(batch, from, to, &x.cut); err != nil {
			return err
		}
		for _, r := range rows {
			x.pack(s, int(r))
			into.AppendPacked(&x.packed, s.p.covariatesOf(r, &x.cov), int64(s.p.Row[r]))
		}
		return nil
	})
}

// pack takes the picked genes' counts of kept cell r, which is among x.cut.
func (x *scratch) pack(s *cellSource, r int) {
	i := int(s.p.Row[r]) - x.cut.First
	lo, hi := x.cut.Indptr[i], x.cut.Indptr[i+1]
	if x.cut.Narrow != nil {
		packCounts(x, s.pick, x.cut.Narrow[lo:hi], lo, hi)
	} else {
		packCounts(x, s.pick, x.cut.Wide[lo:hi], lo, hi)
	}
	if s.pick.unsorted {
		x.packed.Sort()
	}
}

// packCounts packs the counts from lo to hi of x.cut, which are of these genes.
func packCounts[G uint16 | uint32](x *scratch, pick picker, genes []G, lo, hi int64) {
	switch p, c := &x.packed, &x.cut; {
	case c.Counts8 != nil:
		model.Pack(p, pick.genes, pick.index, genes, c.Counts8[lo:hi])
	case c.Counts16 != nil:
		model.Pack(p, pick.genes, pick.index, genes, c.Counts16[lo:hi])
	case c.Counts32 != nil:
		model.Pack(p, pick.genes, pick.index, genes, c.Counts32[lo:hi])
	default:
		model.Pack(p, pick.genes, pick.index, genes, c.Floats[lo:hi])
	}
}

// Soon announces rows to the store.
func (s *cellSource) Soon(rows []int32) {
	_ = s.stretches(rows, func(_ []int32, batch, from, to int) error {
		s.st.Soon(batch, from, to)
		return nil
	})
}

// stretches calls do for each batch of the store that has some of rows, which
// ascend, with the cells of the batch that they lie among.
func (s *cellSource) stretches(rows []int32, do func(rows []int32, batch, from, to int) error) error {
	for len(rows) > 0 {
		batch, n := s.batchOf(rows[0]), 1
		for n < len(rows) && s.batchOf(rows[n]) == batch {
			n++
		}
		base := batch * store.BatchCells
		from, to := int(s.p.Row[rows[0]])-base, int(s.p.Row[rows[n-1]])-base+1
		if err := do(rows[:n], batch, from, to); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// batchOf is the batch of the store that kept cell r lies in.
func (s *cellSource) batchOf(r int32) int { return int(s.p.Row[r]) / store.BatchCells }

// names are the names of kept cells from … to−1.
func (s *cellSource) names(from, to int) ([]string, error) { return s.namesOf(span(from, to)) }

// namesOf are those of kept cells, ascending.
func (s *cellSource) namesOf(rows []int32) ([]string, error) {
	names := make([]string, 0, len(rows))
	err := s.stretches(rows, func(rows []int32, batch, _, _ int) error {
		all, err := s.st.Names(batch)
		if err != nil {
			return err
		}
		for _, r := range rows {
			names = append(names, all[int(s.p.Row[r])-batch*store.BatchCells])
		}
		return nil
	})
	if err == nil && len(names) != len(rows) {
		err = fmt.Errorf("%d names for %d cells", len(names), len(rows))
	}
	return names, err
}
