package stages

import (
	"context"
	"slices"

	"cellvi/io/store"
	"cellvi/pipeline"
)

// rawStats are sums over raw counts of the model's genes, of each group that is
// compared by its name and, at the end, of all other cells together.
type rawStats struct {
	genes int
	slots []int32 // of each level, its place among the next
	sizes []int   // cells
	sums  []rawSums
}

// rawSums are of one group, each (G).
type rawSums struct {
	counts, normalized []float64 // normalized: of counts scaled to 10,000 a cell
	nonzero            []int32   // cells
}

// rawBytes is what a gene of a group takes.
const rawBytes = 8 + 8 + 4

// normalizedTotal is what a cell's counts are scaled to (scvi-tools 1.4.2,
// scrna_raw_counts_properties). The totals are those of the model's genes. A cell
// without counts adds nothing.
const normalizedTotal = 1e4

// newRawStats makes room for the groups of comparisons.
func newRawStats(genes int, g *grouping, list []comparison) *rawStats {
	named := namedGroups(list)
	r := &rawStats{genes: genes, slots: make([]int32, len(g.levels)), sizes: make([]int, len(named)+1), sums: make([]rawSums, len(named)+1)}
	for k := range g.levels {
		at, known := slices.BinarySearch(named, int32(k))
		if !known {
			at = len(named)
		}
		r.slots[k] = int32(at)
		r.sizes[at] += g.sizes[k]
	}
	r.sizes[len(named)] += g.missing
	for i := range r.sums {
		r.sums[i] = rawSums{make([]float64, genes), make([]float64, genes), make([]int32, genes)}
	}
	return r
}

// namedGroups are the levels that comparisons name, ascending.
func namedGroups(list []comparison) (levels []int32) {
	for _, c := range list {
		levels = append(levels, c.one)
		if c.two != rest {
			levels = append(levels, c.two)
		}
	}
	slices.Sort(levels)
	return slices.Compact(levels)
}

// readRaw reads the counts of all kept cells once.
func readRaw(ctx context.Context, job *pipeline.Job, f *fitted, g *grouping, list []comparison) (*rawStats, error) {
	r := newRawStats(f.pick.genes, g, list)
	job.Progress.Begin("reading counts", "cells", int64(len(f.p.Row)))
	defer job.Progress.End()
	return r, inOrder(ctx, job.Threads, f.st.Batches(), func(i int, into *store.Rows) error {
		return f.st.Read(i, into)
	}, func(_ int, rows *store.Rows) error {
		first, last := f.p.kept(rows.First, rows.First+rows.Cells())
		for c := first; c < last; c++ {
			r.add(g.of[c], f.pick, rows, int(f.p.Row[c])-rows.First)
		}
		job.Progress.Add(int64(last - first))
		return nil
	})
}

// add takes in cell i of rows, which is of group level.
func (r *rawStats) add(level int32, pick picker, rows *store.Rows, i int) {
	slot := int32(len(r.sums) - 1)
	if level != noGroup {
		slot = r.slots[level]
	}
	genes, values := rows.Genes[rows.Indptr[i]:rows.Indptr[i+1]], rows.Counts[rows.Indptr[i]:rows.Indptr[i+1]]
	total := 0.0
	for k, gene := range genes {
		if pick.index[gene] >= 0 {
			total += float64(values[k])
		}
	}
	s := &r.sums[slot]
	for k, gene := range genes {
		if at := pick.index[gene]; at >= 0 {
			s.counts[at] += float64(values[k])
			s.normalized[at] += float64(values[k]) / total * normalizedTotal
			s.nonzero[at]++
		}
	}
}

// rawMeans are of a group or of all but one, each (G).
type rawMeans struct{ mean, nonzero, normalized []float64 }

// of are the means over cells of group k; of the others where it is all but k.
func (r *rawStats) of(k int32, others bool) rawMeans {
	m := rawMeans{make([]float64, r.genes), make([]float64, r.genes), make([]float64, r.genes)}
	cells := 0
	for i, s := range r.sums {
		if (int32(i) == r.slots[k]) == others {
			continue
		}
		cells += r.sizes[i]
		for g := range r.genes {
			m.mean[g] += s.counts[g]
			m.nonzero[g] += float64(s.nonzero[g])
			m.normalized[g] += s.normalized[g]
		}
	}
	for g := range r.genes {
		m.mean[g] /= float64(cells)
		m.nonzero[g] /= float64(cells)
		m.normalized[g] /= float64(cells)
	}
	return m
}

// groups are the means of a comparison's two groups.
func (r *rawStats) groups(c comparison) (one, two rawMeans) {
	if c.two == rest {
		return r.of(c.one, false), r.of(c.one, true)
	}
	return r.of(c.one, false), r.of(c.two, false)
}
