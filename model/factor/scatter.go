package factor

// scatterRanges is into how many ranges the genes are cut when cells are added to them.
const scatterRanges = 32

// scatterRange is the genes of range r: from … to−1.
func scatterRange(r, genes int) (from, to int) {
	return r * genes / scatterRanges, (r + 1) * genes / scatterRanges
}

// cut finds where each range of genes begins in each cell.
func (c *chunk) cut(f *Fit) {
	c.bound = resized(c.bound, len(c.rows)*(scatterRanges+1))
	for i := range c.rows {
		at, end := c.data.Ptr[i], c.data.Ptr[i+1]
		for r := range scatterRanges + 1 {
			first := int32(r * f.s.genes / scatterRanges)
			for at < end && c.data.Genes[at] < first {
				at++
			}
			c.bound[i*(scatterRanges+1)+r] = at
		}
	}
}

// scatter adds the cells to the statistics of range r of the genes.
func (c *chunk) scatter(f *Fit, r int, st *Statistics) {
	m := f.s.m
	from, to := scatterRange(r, f.s.genes)
	for i := range c.rows {
		x := c.x[i*m : (i+1)*m]
		bound := c.bound[i*(scatterRanges+1)+r:]
		for k := bound[0]; k < bound[1]; k++ {
			j, y := int(c.data.Genes[k]), c.data.Y[k]
			axpy(y, x, st.Y[j*m:(j+1)*m])
			st.YY[j] += y * y
		}
		lo, hi := c.heldOf(i)
		for _, j := range c.held[lo:hi] {
			if int(j) >= from && int(j) < to {
				c.leaveOut(f.s, i, st.Out[int(j)*triangle(m):][:triangle(m)])
			}
		}
	}
}

// leaveOut adds E[x xᵀ] of cell i to out, a lower triangle.
func (c *chunk) leaveOut(s size, i int, out []float64) {
	x, cov := c.x[i*s.m:(i+1)*s.m], c.cov[i*s.d*s.d:]
	for a, v := range x {
		axpy(v, x[:a+1], out)
		if a > 0 {
			axpy(1, cov[(a-1)*s.d:(a-1)*s.d+a], out[1:])
		}
		out = out[a+1:]
	}
}
