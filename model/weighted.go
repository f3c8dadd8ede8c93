package model

import "cellvi/model/kernel"

// weighted is what a head's pass has where cells have weights in the gradient: the sums
// over cells that the likelihood's kernels take are of no use then, so every count has a
// dispersion of its own on its way through them.
type weighted[T kernel.Float] struct {
	weights bool
	weight  []T // (ld) of the cells, known after the likelihood
	each    []T // (G, ld) r = log theta of each count, then the derivative in it
	sums    []T // (G, codes present) of that, over cells
}

func (p *headPass[T]) resizeWeighted(d *head[T]) {
	p.weight = resize(p.weight, p.ld)
	if d.r != nil {
		g := d.bounds[d.blocks()]
		p.each, p.dr = resize(p.each, g*p.ld), resize(p.dr, g*p.ld)
	}
}

// spreadR writes each cell's r of a stripe's genes to each[at:end], from r (n, codes).
func (p *headPass[T]) spreadR(r []T, codes, at, end int) []T {
	out := p.each[at:end]
	for j := range len(out) / p.ld {
		row := out[j*p.ld : (j+1)*p.ld]
		if len(p.r.code) == 0 {
			for b := range row {
				row[b] = r[j]
			}
			continue
		}
		for b, code := range p.r.code {
			row[b] = r[j*codes+int(code)]
		}
	}
	return out
}

// weigh has the cells' weights in the derivatives of genes lo … hi−1, and writes the
// gradient of r, of the weighted sum over cells of ll.
func (d *head[T]) weigh(lo, hi int, p *headPass[T]) {
	for j := lo; j < hi; j++ {
		at, end := j*p.ld, (j+1)*p.ld
		times(p.weight, p.a[at:end])
		if d.dropout != nil {
			times(p.weight, p.dropout().y[at:end])
		}
		if d.rates != nil {
			times(p.weight, p.rates().y[at:end])
		}
	}
	if d.r != nil {
		n := p.r.n()
		clear(p.sums[lo*n : hi*n])
		for j := lo; j < hi; j++ {
			p.sumCodes(p.each[j*p.ld:(j+1)*p.ld], p.sums[j*n:(j+1)*n])
		}
		p.r.scatter(d.r.codes, d.r.p.g, lo, hi-lo, p.sums[lo*n:hi*n])
	}
}

// sumCodes adds a gene's weighted derivatives (ld) to the sums of their codes.
func (p *headPass[T]) sumCodes(x, sum []T) {
	if len(p.r.code) == 0 {
		for b, w := range p.weight {
			sum[0] += w * x[b]
		}
		return
	}
	for b, code := range p.r.code {
		sum[code] += p.weight[b] * x[b]
	}
}

// times is x *= by, element by element.
func times[T kernel.Float](by, x []T) {
	x = x[:len(by)]
	for i, w := range by {
		x[i] *= w
	}
}
