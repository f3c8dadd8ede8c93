package model

// AppendRow appends the genes and counts of cell i to slices of the caller's: Row
// without garbage.
func (c *Cells) AppendRow(i int, genes []int32, counts []float32) ([]int32, []float32) {
	lo, hi := c.ptr[i], c.ptr[i+1]
	n := len(genes)
	genes = extend(genes, int(hi-lo))
	c.genes(i, genes[n:])
	large := c.large[c.more[i]:c.more[i+1]]
	for _, b := range c.small[lo:hi] {
		if b != escape {
			counts = append(counts, float32(b))
			continue
		}
		counts, large = append(counts, large[0]), large[1:]
	}
	return genes, counts
}
