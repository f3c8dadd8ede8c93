package stages

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"

	"cellvi/io/counts"
	"cellvi/model"
	"cellvi/model/de"
	"cellvi/pipeline"
)

// drawBatches say which batches draws are decoded as.
type drawBatches struct {
	one, two []int32 // codes of the model; nil: each cell as its own
	same     bool    // both lists hold the same: pairs are within a batch
}

// batches finds the batches of the options among the model's levels.
func (o DEOptions) batches(job *pipeline.Job, levels []string, dir string) (b drawBatches, err error) {
	if !o.BatchCorrection {
		return b, nil
	}
	if b.one, err = batchCodes("--batchid1", o.BatchID1, levels, dir); err != nil {
		return b, err
	}
	if b.two, err = batchCodes("--batchid2", o.BatchID2, levels, dir); err != nil {
		return b, err
	}
	if b.same = slices.Equal(b.one, b.two); b.same && o.NSamples < len(b.one) {
		return b, pipeline.Usage("--n-samples-overall is %d, fewer than the %d batches: give each a pair at least", o.NSamples, len(b.one))
	}
	if both := slices.ContainsFunc(b.one, func(k int32) bool { return slices.Contains(b.two, k) }); both && !b.same {
		job.Warn("--batchid1 and --batchid2 name some of the same batches and some others: pairs are drawn over all of them, and differences between batches are not taken out")
	}
	return b, nil
}

// batchCodes are the levels of names, ascending; all of them where there are none.
func batchCodes(flag string, names, levels []string, dir string) (codes []int32, err error) {
	for i := range levels {
		if len(names) == 0 || slices.Contains(names, levels[i]) {
			codes = append(codes, int32(i))
		}
	}
	for _, name := range names {
		if !slices.Contains(levels, name) {
			return nil, pipeline.BadInput("%s: was trained without batch %s (%s): there are %s", dir, counts.Printable(name), flag, some(printable(levels), 50))
		}
	}
	return codes, nil
}

// strata is the number of parts that the pairs lie in.
func (b drawBatches) strata() int {
	if b.same {
		return len(b.one)
	}
	return 1
}

// pairs is how many draws of each group samples make: as many of each batch.
func (b drawBatches) pairs(samples int) int { return samples / b.strata() * b.strata() }

// drawn are one group's draws: draw i is of kept cell cells[i], decoded as
// batches[i].
type drawn struct {
	design         *de.Design
	cells, batches []int32 // batches is nil: each cell as its own
}

// drawCells chooses the cells of n draws from members, and the batches they are
// decoded as: one to each stratum where draws are compared within a batch, or
// each at random from those of the group.
func drawCells(rng *rand.Rand, members, batches []int32, n int, b drawBatches) (d drawn) {
	d.design, d.cells = de.NewDesign(rng, members, n, b.strata())
	if batches != nil {
		d.batches = make([]int32, n)
		for i := range d.batches {
			d.batches[i] = batches[i*len(batches)/n]
			if !b.same {
				d.batches[i] = batches[rng.IntN(len(batches))]
			}
		}
	}
	return d
}

// seedOf is a comparison's own seed: its rows are the same whatever else is
// compared beside it.
func (c comparison) seedOf(seed uint64, key string) uint64 {
	h := fnv.New64a()
	for _, text := range []string{strconv.FormatUint(seed, 10), key, c.name1, c.name2} {
		_, _ = h.Write(append([]byte(text), 0)) // of a hash: cannot fail
	}
	return h.Sum64()
}

// drawSource gives draws as cells, in the order of the store. It implements
// model.Source; its rows are draws.
type drawSource struct {
	*cellSource
	cells []int32 // of each draw, its kept cell, ascending
	pairs []int32 // and its pair
	group int64   // 0 or 1
}

// newDrawSource is the draws that are decoded as batch, -1 for all.
func newDrawSource(source *cellSource, d drawn, batch int32, group int) *drawSource {
	s := &drawSource{cellSource: source, group: int64(group)}
	for i := range d.cells {
		if batch < 0 || d.batches[i] == batch {
			s.pairs = append(s.pairs, int32(i))
		}
	}
	slices.SortStableFunc(s.pairs, func(a, b int32) int { return int(d.cells[a]) - int(d.cells[b]) })
	for _, i := range s.pairs {
		s.cells = append(s.cells, d.cells[i])
	}
	return s
}

// Read appends the draws' cells to into. Each draw has a random stream of its own,
// so that a cell that is drawn twice has two draws of z.
func (s *drawSource) Read(rows []int32, into *model.Cells) error {
	first := into.Len()
	if err := s.cellSource.Read(s.kept(rows), into); err != nil {
		return err
	}
	for i, r := range rows {
		into.Item[first+i] = s.group<<32 | int64(s.pairs[r])
	}
	return nil
}

// Soon announces draws.
func (s *drawSource) Soon(rows []int32) { s.cellSource.Soon(s.kept(rows)) }

// kept are the cells of draws.
func (s *drawSource) kept(rows []int32) []int32 {
	cells := make([]int32, len(rows))
	for i, r := range rows {
		cells[i] = s.cells[r]
	}
	return cells
}

// decode calls do with the pairs and the shares (n, G) of draws of d, from several
// goroutines.
func (d drawn) decode(ctx context.Context, e *model.Evaluator, source *cellSource, seed uint64, group int, do func(pairs []int32, shares []float32)) error {
	batches := []int32{-1}
	if d.batches != nil {
		batches = slices.Compact(slices.Sorted(slices.Values(d.batches)))
	}
	for _, batch := range batches {
		s := newDrawSource(source, d, batch, group)
		g := model.Generation{Samples: 1, Seed: seed, Batch: int(batch)}
		err := e.Generate(ctx, s, span(0, len(s.cells)), g, func(x *model.Generated) error {
			do(s.pairs[x.First:x.First+x.N], x.Scale)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
