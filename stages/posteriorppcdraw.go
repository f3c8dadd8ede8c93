package stages

import (
	"slices"

	"cellvi/model"
)

// begin gives a minibatch's draws.
func (b *checkBlock) begin(x *model.Generated) *checkDraws {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if x.Sample > 0 {
		return b.work[x.First]
	}
	d, ok := b.draws.Get().(*checkDraws)
	if !ok {
		d = &checkDraws{p: model.NewPredictive(b.vae.Config, b.options.Seed)}
	}
	d.row, d.each = resized(d.row, len(b.genes)), resized(d.each, x.N*len(b.genes)*b.checks.draws)
	if b.work == nil {
		b.work = map[int]*checkDraws{}
	}
	b.work[x.First] = d
	part := &geneChecks{}
	part.resize(len(b.genes), b.checks.draws, len(b.intervals))
	b.parts[x.First/evalCells] = part
	return d
}

// take takes in a draw of a minibatch.
func (b *checkBlock) take(x *model.Generated) error {
	d, part, n := b.begin(x), b.parts[x.First/evalCells], b.checks.draws
	for i := range x.N {
		at := x.First + i // of the group
		d.p.Draw(x, i, b.item(b.cells.from+at), b.genes, d.row)
		b.sums(part, at, x.Sample, 0, d.row)
		for k, v := range d.row {
			d.each[(i*len(b.genes)+k)*n+x.Sample] = v
		}
		if x.Sample == n-1 {
			for k, g := range b.genes {
				d.row[k] = x.Counts[i*b.vae.NInput+g]
			}
			b.sums(part, at, n, 1, d.row)
			b.cover(part, d, i)
		}
	}
	if x.Sample == n-1 {
		b.mutex.Lock()
		delete(b.work, x.First)
		b.mutex.Unlock()
		b.draws.Put(d)
	}
	return nil
}

// sums adds a row of counts: of draw sample, or last of the data. Genes are added one
// after the other to a cell's sums, whatever the blocks.
func (b *checkBlock) sums(part *geneChecks, cell, sample, kind int, row []float32) {
	n := b.checks.draws + 1
	sum, square := b.cells.sum[cell*n+sample], b.cells.square[cell*n+sample]
	geneSum, geneSquare := part.sum[sample*part.width:][:len(row)], part.square[sample*part.width:][:len(row)]
	zeros, geneZeros := int64(0), part.zeros[kind*part.width:][:len(row)]
	for k, x := range row {
		v := float64(x)
		sum += v
		square += v * v
		geneSum[k] += v
		geneSquare[k] += v * v
		if x == 0 {
			zeros++
			geneZeros[k]++
		}
	}
	b.cells.sum[cell*n+sample], b.cells.square[cell*n+sample] = sum, square
	b.cells.zeros[2*cell+kind] += zeros
}

// cover notes in which credible intervals of its draws each count of cell i lies; the
// counts are in d.row.
func (b *checkBlock) cover(part *geneChecks, d *checkDraws, i int) {
	n := b.checks.draws
	for k, x := range d.row {
		draws := d.each[(i*len(d.row)+k)*n:][:n]
		least, most := slices.Min(draws), slices.Max(draws)
		if least < most {
			slices.Sort(draws)
		}
		for j, in := range b.intervals {
			inside := x == least
			if least < most {
				v := float64(x)
				inside = v >= quantile(draws, in.lower) && v <= quantile(draws, in.upper)
			}
			if inside {
				part.inside[j*part.width+k]++
			}
		}
	}
}
