package counts

import (
	"math/bits"
	"slices"
)

// Tidier makes each row of a table what Table promises: genes ascending
// without repeats, no zeros. Repeats are summed in the file's order. Its
// scratch has room for one cell with every gene; real files do hold cells whose
// genes are in no order, so that case is quick too. The zero Tidier is ready;
// one is for tables of the same genes.
type Tidier struct {
	sum  []float64 // one a gene, all zero between rows
	seen []uint64  // one bit a gene, all zero between rows
}

// Tidy works in place on a table of genes genes, whose Indptr is in order. Where
// a gene is not below genes it stops there, and gives the place of the first
// such in Genes; else -1.
func (d *Tidier) Tidy(t *Table, genes int64) int64 {
	w, lo := int64(0), int64(0)
	for i := 1; i < len(t.Indptr); i++ {
		hi := t.Indptr[i]
		row, values := t.Genes[lo:hi], t.Values[lo:hi]
		switch tidied(row, values, uint32(genes)) {
		case tidy:
			if w != lo {
				copy(t.Genes[w:], row)
				copy(t.Values[w:], values)
			}
			w += hi - lo
		case sparseZeros:
			w = pack(t, w, lo, hi)
		default:
			if at := slices.IndexFunc(row, func(g uint32) bool { return int64(g) >= genes }); at >= 0 {
				return lo + int64(at)
			}
			w = pack(t, w, lo, lo+d.sort(row, values, genes))
		}
		t.Indptr[i], lo = w, hi
	}
	t.Genes, t.Values = t.Genes[:w], t.Values[:w]
	return -1
}

// What a row is.
const (
	tidy        = iota
	sparseZeros // tidy, but for zeros
	untidy      // genes out of order, repeated, or too large
)

// tidied looks through a row once.
func tidied(row []uint32, values []float64, genes uint32) int {
	if len(row) == 0 {
		return tidy
	}
	values = values[:len(row)]
	next, nonzero := int64(0), 0
	for i, g := range row {
		if int64(g) < next {
			return untidy
		}
		next = int64(g) + 1
		if values[i] != 0 {
			nonzero++
		}
	}
	switch {
	case next > int64(genes):
		return untidy
	case nonzero < len(row):
		return sparseZeros
	}
	return tidy
}

// sort puts a row in order, repeats summed, and gives its length.
func (d *Tidier) sort(row []uint32, values []float64, genes int64) int64 {
	if d.sum == nil {
		d.sum, d.seen = make([]float64, genes), make([]uint64, (genes+63)/64)
	}
	for i, g := range row {
		d.sum[g] += values[i]
		d.seen[g/64] |= 1 << (g % 64)
	}
	n := int64(0)
	for word, mask := range d.seen {
		for d.seen[word] = 0; mask != 0; mask &= mask - 1 {
			g := word*64 + bits.TrailingZeros64(mask)
			row[n], values[n] = uint32(g), d.sum[g]
			d.sum[g] = 0
			n++
		}
	}
	return n
}

// pack moves the row [lo, hi) to w without its zeros, and gives the end.
func pack(t *Table, w, lo, hi int64) int64 {
	for ; lo < hi; lo++ {
		if v := t.Values[lo]; v != 0 {
			t.Genes[w], t.Values[w] = t.Genes[lo], v
			w++
		}
	}
	return w
}
