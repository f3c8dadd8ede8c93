package counts

import "math/bits"

// SortRow makes one cell's entries canonical, in place and without allocating:
// genes ascending, entries of the same gene summed, zeros dropped. It returns
// how many entries are left, at the front of both slices, which are equally long.
func SortRow(genes []uint32, values []float64) int {
	values = values[:len(genes)]
	if !ascending(genes) {
		sortPairs(genes, values, 2*bits.Len(uint(len(genes))))
	}
	n := 0
	for i := 0; i < len(genes); {
		g, v := genes[i], values[i]
		for i++; i < len(genes) && genes[i] == g; i++ {
			v += values[i]
		}
		if v != 0 { // NaN stays, for Check to name it
			genes[n], values[n] = g, v
			n++
		}
	}
	return n
}

// Canonicalize makes every cell of the table canonical (see SortRow), in place.
// It returns how many entries went, being zero or a repeat of a gene.
func Canonicalize(t *Table) int64 {
	before := int64(len(t.Genes))
	at := int64(0)
	for i := 0; i+1 < len(t.Indptr); i++ {
		lo, hi := t.Indptr[i], t.Indptr[i+1]
		n := int64(SortRow(t.Genes[lo:hi], t.Values[lo:hi]))
		if at != lo {
			copy(t.Genes[at:], t.Genes[lo:lo+n])
			copy(t.Values[at:], t.Values[lo:lo+n])
		}
		t.Indptr[i] = at
		at += n
	}
	t.Indptr[len(t.Indptr)-1] = at
	t.Genes, t.Values = t.Genes[:at], t.Values[:at]
	return before - at
}

func ascending(genes []uint32) bool {
	for i := 1; i < len(genes); i++ {
		if genes[i] < genes[i-1] {
			return false
		}
	}
	return true
}

// sortPairs is quicksort by gene, carrying the values along; past depth levels
// it turns to heapsort, so that no order of genes is quadratic.
func sortPairs(genes []uint32, values []float64, depth int) {
	for len(genes) > 16 {
		if depth == 0 {
			heapPairs(genes, values)
			return
		}
		depth--
		cut := partition(genes, values)
		if cut < len(genes)/2 { // the shorter side by recursion: the stack stays short
			sortPairs(genes[:cut], values[:cut], depth)
			genes, values = genes[cut:], values[cut:]
		} else {
			sortPairs(genes[cut:], values[cut:], depth)
			genes, values = genes[:cut], values[:cut]
		}
	}
	for i := 1; i < len(genes); i++ {
		g, v := genes[i], values[i]
		j := i
		for ; j > 0 && genes[j-1] > g; j-- {
			genes[j], values[j] = genes[j-1], values[j-1]
		}
		genes[j], values[j] = g, v
	}
}

// partition is Hoare's: it returns cut, 0 < cut < len, with no gene before cut
// above one from cut on. The pivot is the median of the first, middle and last.
func partition(genes []uint32, values []float64) int {
	a, b, c := genes[0], genes[len(genes)/2], genes[len(genes)-1]
	pivot := max(min(a, b), min(max(a, b), c))
	i, j := 0, len(genes)-1
	for {
		for genes[i] < pivot {
			i++
		}
		for genes[j] > pivot {
			j--
		}
		if i >= j {
			return i
		}
		genes[i], genes[j] = genes[j], genes[i]
		values[i], values[j] = values[j], values[i]
		i++
		j--
	}
}

func heapPairs(genes []uint32, values []float64) {
	for i := len(genes)/2 - 1; i >= 0; i-- {
		sink(genes, values, i)
	}
	for n := len(genes) - 1; n > 0; n-- {
		genes[0], genes[n] = genes[n], genes[0]
		values[0], values[n] = values[n], values[0]
		sink(genes[:n], values[:n], 0)
	}
}

// sink moves entry i down until no child of it is larger.
func sink(genes []uint32, values []float64, i int) {
	for {
		child := 2*i + 1
		if child >= len(genes) {
			return
		}
		if child+1 < len(genes) && genes[child+1] > genes[child] {
			child++
		}
		if genes[i] >= genes[child] {
			return
		}
		genes[i], genes[child] = genes[child], genes[i]
		values[i], values[child] = values[child], values[i]
		i = child
	}
}
