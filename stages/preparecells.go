package stages

import (
	"context"
	"math"

	"cellvi/io/store"
	"cellvi/model/hvg"
	"cellvi/pipeline"
)

// measure is the first pass: library sizes and genes detected of each cell,
// which cells are kept, and the genes' moments over those.
func (d *decisions) measure(ctx context.Context) error {
	genes, levels := d.store.Genes().Len(), len(d.hvg.levels)
	if err := d.fits(genes, levels); err != nil {
		return err
	}
	d.rows, d.genesN = make([]int32, 0, d.store.Cells()), make([]int32, 0, d.store.Cells())
	d.total = make([]float64, 0, d.store.Cells())
	moments := hvg.NewMoments(genes, levels, d.job.Threads)
	err := d.each(ctx, "measuring cells", func(cells *measured) {
		moments.Add(cells.Indptr, cells.Genes, cells.Counts, d.weigh(cells))
	})
	if err != nil {
		return err
	}
	d.genes.moments = moments
	d.median = medianPositive(d.total)
	return d.checkKept()
}

// fits says before it happens that the moments do not fit the budget.
func (d *decisions) fits(genes, levels int) error {
	const bytesPerGene = 16 + 40                 // of hvg.Moments and hvg.Clipped, a batch
	const bytesPerCell = 3*4 + 4 + 8 + 4 + 1 + 4 // codes, decisions, and the permutation of the split
	cells := d.store.Cells()
	if cells > math.MaxInt32 {
		return pipeline.BadInput("%s: %d cells, of which cellvi takes %d at most", d.stage.Store(), cells, math.MaxInt32)
	}
	need := int64(genes)*int64(levels)*bytesPerGene + int64(cells)*(bytesPerCell+4*int64(len(d.cats)+len(d.numbers())))
	if d.stage.Options.Split != "" {
		need += int64(cells) * splitFileBytes
	}
	if d.job.Memory > 0 && need > d.job.Memory {
		return pipeline.OverMemory("prepare needs %s for %d genes in %d batches and %d cells, --memory allows %s: raise it, or choose an --hvg-batch-key with fewer levels",
			human(need), genes, levels, cells, human(d.job.Memory))
	}
	return nil
}

// measured is a batch of the store and the sum of each cell's counts.
type measured struct {
	store.Rows
	total []float64
}

// each calls do for every batch of the store, in order.
func (d *decisions) each(ctx context.Context, what string, do func(*measured)) error {
	d.job.Progress.Begin(what, "cells", int64(d.store.Cells()))
	defer d.job.Progress.End()
	return inOrder(ctx, d.job.Threads, d.store.Batches(), func(i int, into *measured) error {
		err := d.store.Read(i, &into.Rows)
		if err == nil {
			into.sum()
		}
		return err
	}, func(_ int, cells *measured) error {
		do(cells)
		d.job.Progress.Add(int64(cells.Cells()))
		return nil
	})
}

// sum adds up the counts of each cell.
func (m *measured) sum() {
	m.total = m.total[:0]
	for i := range m.Cells() {
		total := 0.0
		for _, v := range m.Counts[m.Indptr[i]:m.Indptr[i+1]] {
			total += float64(v)
		}
		m.total = append(m.total, total)
	}
}

// weigh notes a batch's cells and gives the kept ones' codes for the gene
// selection, -1 for the others.
func (d *decisions) weigh(cells *measured) []int32 {
	of := make([]int32, cells.Cells())
	for i, total := range cells.total {
		if total < d.stage.Options.MinCounts {
			of[i] = -1
			continue
		}
		of[i] = d.hvg.at(cells.First + i)
		d.rows = append(d.rows, int32(cells.First+i))
		d.total = append(d.total, total)
		d.genesN = append(d.genesN, int32(cells.Indptr[i+1]-cells.Indptr[i]))
	}
	return of
}

// medianPositive is the median of the values above zero, 0 where there are none.
// None is negative.
func medianPositive(values []float64) float64 {
	zeros := 0
	for _, v := range values {
		if v == 0 {
			zeros++
		}
	}
	n := len(values) - zeros
	if n == 0 {
		return 0
	}
	return (ranked(values, zeros+(n-1)/2) + ranked(values, zeros+n/2)) / 2
}

// ranked is the value of rank k, from 0, without sorting or a copy: values that
// are not negative ascend as their bits do, of which each pass settles sixteen.
func ranked(values []float64, k int) float64 {
	settled := uint64(0)
	for shift := 48; shift >= 0; shift -= 16 {
		var n [1 << 16]int
		for _, v := range values {
			if bits := math.Float64bits(v); bits>>(shift+16)<<(shift+16) == settled {
				n[bits>>shift&0xFFFF]++
			}
		}
		digit := 0
		for ; k >= n[digit]; digit++ {
			k -= n[digit]
		}
		settled |= uint64(digit) << shift
	}
	return math.Float64frombits(settled)
}
