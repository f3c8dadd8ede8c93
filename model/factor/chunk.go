package factor

import "fmt"

// chunkCells is the cells that a worker takes at a time.
const chunkCells = 128

// RoundCells is the cells that are in memory together.
const RoundCells = 32 * chunkCells

// chunk is some cells on their way: their entries, what is held out, and q.
type chunk struct {
	rows   []int32
	data   Rows      // without what is held out
	heldAt []int32   // (cells+1)
	held   []int32   // genes that are held out, by cell
	heldY  []float64 // and their values
	bound  []int32   // (cells, scatterRanges+1) where each range of genes begins in data
	x      []float64 // (cells, M) E[x]
	cov    []float64 // (cells, D, D) of (a, A); empty: it is the same for all, f.local.cov
	logDet float64   // Σ log|precision|
	s      []float64 // (M, M) Σ E[x xᵀ]
	err    error
	p, h   []float64
}

// read takes the cells from the source and puts aside what is held out.
func (c *chunk) read(f *Fit) error {
	if err := f.source.Read(c.rows, &c.data); err != nil {
		return err
	}
	d := &c.data
	if len(d.Ptr) != len(c.rows)+1 || len(d.Item) != len(c.rows) {
		return fmt.Errorf("%d cells were read where %d were asked for", len(d.Item), len(c.rows))
	}
	c.heldAt, c.held, c.heldY = append(c.heldAt[:0], 0), c.held[:0], c.heldY[:0]
	to, from := int32(0), int32(0)
	for i := range c.rows {
		end := d.Ptr[i+1]
		first := len(c.held)
		c.held = heldOut(f.o.Seed, d.Item[i], f.s.genes, f.o.HoldOut, c.held)
		held := c.held[first:]
		for _, j := range held {
			for ; from < end && d.Genes[from] < j; from++ {
				d.Genes[to], d.Y[to] = d.Genes[from], d.Y[from]
				to++
			}
			y := 0.0
			if from < end && d.Genes[from] == j {
				y = d.Y[from]
				from++
			}
			c.heldY = append(c.heldY, y)
		}
		n := copy(d.Genes[to:], d.Genes[from:end])
		copy(d.Y[to:], d.Y[from:end])
		to, from = to+int32(n), end
		d.Ptr[i+1] = to
		c.heldAt = append(c.heldAt, int32(len(c.held)))
	}
	d.Genes, d.Y = d.Genes[:to], d.Y[:to]
	return nil
}

// heldOf is where the entries of cell i that are held out stand in held.
func (c *chunk) heldOf(i int) (from, to int) { return int(c.heldAt[i]), int(c.heldAt[i+1]) }

// infer makes q of the cells the best one for the genes.
func (c *chunk) infer(f *Fit) {
	s, l := f.s, &f.local
	c.x, c.s = resized(c.x, len(c.rows)*s.m), resized(c.s, s.m*s.m)
	c.p, c.h = resized(c.p, s.d*s.d), resized(c.h, s.d)
	clear(c.s)
	c.logDet, c.cov = 0, c.cov[:0]
	if len(c.held) > 0 {
		c.cov = resized(c.cov, len(c.rows)*s.d*s.d)
	}
	for i := range c.rows {
		copy(c.h, l.h)
		for k := c.data.Ptr[i]; k < c.data.Ptr[i+1]; k++ {
			axpy(c.data.Y[k], l.tw[int(c.data.Genes[k])*s.d:][:s.d], c.h)
		}
		x := c.x[i*s.m : (i+1)*s.m]
		x[0] = 1
		cov := l.cov
		if from, to := c.heldOf(i); from == to {
			times(l.cov, c.h, x[1:])
			c.logDet += l.logDet
			if len(c.cov) > 0 {
				copy(c.cov[i*s.d*s.d:], l.cov)
			}
		} else {
			cov = c.cov[i*s.d*s.d : (i+1)*s.d*s.d]
			copy(c.p, l.p)
			for _, j := range c.held[from:to] {
				f.without(int(j), c.p, c.h)
			}
			c.logDet += settle(c.p, c.h, x[1:], cov)
		}
		c.sum(s, x, cov)
	}
	c.cut(f)
}

// sum adds a cell's E[x xᵀ].
func (c *chunk) sum(s size, x, cov []float64) {
	for a, v := range x {
		axpy(v, x, c.s[a*s.m:(a+1)*s.m])
	}
	for r := range s.d {
		axpy(1, cov[r*s.d:(r+1)*s.d], c.s[(r+1)*s.m+1:(r+2)*s.m])
	}
}

// axpy adds a·x to y.
func axpy(a float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += a * v
	}
}

// resized is a slice of n elements whose values are left open, x where it is large
// enough.
func resized[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}
