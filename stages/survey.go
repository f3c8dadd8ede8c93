package stages

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// survey reads the whole store once, with several threads, and measures the room
// that the cells of each piece take, to train on and to validate with. With it
// every record batch's checksum is verified before training begins. totals, where it is
// not nil, gets the total counts of every kept cell, of the picked genes.
func survey(ctx context.Context, job *pipeline.Job, source *cellSource, totals []float64) (*model.Dataset, error) {
	p := source.p
	d := &model.Dataset{Source: source, Width: p.width(source.pick.genes),
		Train: newSection(p.rows(toTrain)), Val: newSection(p.rows(toValidate))}
	ranks := rankOf(source)
	var next atomic.Int64
	var group sync.WaitGroup
	faults := make([]error, job.Threads)
	for w := range faults {
		group.Go(func() {
			faults[w] = pipeline.Guard(func() error {
				x := &scratch{}
				for ctx.Err() == nil {
					i := int(next.Add(1) - 1)
					if i >= source.st.Batches() {
						break
					}
					if err := x.survey(source, i, ranks[i], d, totals); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	group.Wait()
	return d, errors.Join(ctx.Err(), anyOf(faults))
}

// anyOf is one error of several, which may tell of the same damage.
func anyOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func newSection(rows []int32) model.Section {
	pieces := (len(rows) + model.PieceCells - 1) / model.PieceCells
	return model.Section{Rows: rows, Pieces: make([]model.Extent, pieces)}
}

// rank is how many cells of each part come before a batch of the store.
type rank struct{ train, val int }

func rankOf(s *cellSource) []rank {
	ranks := make([]rank, s.st.Batches()+1)
	for i, row := range s.p.Row {
		r := &ranks[int(row)/store.BatchCells+1]
		switch s.p.Split[i] {
		case toTrain:
			r.train++
		case toValidate:
			r.val++
		}
	}
	for i := 1; i < len(ranks); i++ {
		ranks[i].train += ranks[i-1].train
		ranks[i].val += ranks[i-1].val
	}
	return ranks
}

// survey measures the kept cells of batch i of the store.
func (x *scratch) survey(s *cellSource, i int, at rank, d *model.Dataset, totals []float64) error {
	base := i * store.BatchCells
	first, last := s.p.kept(base, base+store.BatchCells)
	if first == last {
		return nil
	}
	if err := s.st.ReadCut(i, 0, min(store.BatchCells, s.st.Cells()-base), &x.cut); err != nil {
		return err
	}
	for r := first; r < last; r++ {
		switch s.p.Split[r] {
		case toTrain:
			x.measure(s, r, &d.Train.Pieces[at.train/model.PieceCells])
			at.train++
		case toValidate:
			x.measure(s, r, &d.Val.Pieces[at.val/model.PieceCells])
			at.val++
		default:
			if totals != nil {
				x.pack(s, r)
			}
		}
		if totals != nil {
			totals[r] = x.packed.Total()
		}
	}
	return nil
}

// measure adds kept cell r, which is among x.cut, to the room of its piece.
// Pieces lie across batches: other goroutines add to them too.
func (x *scratch) measure(s *cellSource, r int, piece *model.Extent) {
	x.pack(s, r)
	e := x.packed.Extent()
	atomic.AddInt64(&piece.Nonzeros, e.Nonzeros)
	atomic.AddInt64(&piece.Large, e.Large)
}
