package model

import "fmt"

// Cells is counts in memory, cell-major and sparse, of the genes that the model
// sees: about 3 bytes a nonzero count. A cell's genes are ascending without
// repeats, its counts above 0. Cells are appended, and read by minibatches.
type Cells struct {
	Width
	Batch  []int32   // code of each cell's batch, 0 … NBatch−1
	Label  []int32   // code of each cell's label
	Factor []float32 // size factor of each cell
	Cat    []int32   // (cells, Cats) codes of the categorical covariates
	Cont   []float32 // (cells, Conts) continuous covariates
	Item   []int64   // the number by which each cell's random streams are named

	ptr    []int64  // (cells+1) counts of cell i are ptr[i] … ptr[i+1]−1 of
	narrow []uint16 // genes, where NGenes ≤ 65,536, or
	wide   []uint32 // genes, where there are more, and of
	small  []uint8  // counts; escape: the cell's next one of
	more   []int64  // (cells+1) more[i] … more[i+1]−1 of
	large  []float32
}

// Width is the numbers that a cell has: counts of so many genes, and covariates
// beside batch and label.
type Width struct{ Genes, Cats, Conts int }

// Covariates is what a model may know of a cell beside its counts. Slices are the
// caller's.
type Covariates struct {
	Batch, Label int32
	SizeFactor   float32
	Cats         []int32
	Conts        []float32
}

// escape in small stands for a count that a byte does not hold: 255 and more,
// or with a fraction.
const escape = 255

// maxNarrow is the most genes whose numbers two bytes hold.
const maxNarrow = 1 << 16

// Extent is the room that counts take in Cells.
type Extent struct {
	Nonzeros int64
	Large    int64 // those of them that a byte does not hold
}

// Add adds another Extent.
func (e *Extent) Add(o Extent) { e.Nonzeros, e.Large = e.Nonzeros+o.Nonzeros, e.Large+o.Large }

// Bytes is the memory that an Extent in so many cells takes.
func (e Extent) Bytes(w Width, cells int64) int64 {
	gene := int64(2)
	if w.Genes > maxNarrow {
		gene = 4
	}
	return e.Nonzeros*(gene+1) + e.Large*4 + cells*int64(8+8+8+4+4+4+4*w.Cats+4*w.Conts)
}

// NewCells makes an empty Cells with room for cells of extent e in all; what is
// appended beyond it makes the room grow.
func NewCells(w Width, cells int, e Extent) *Cells {
	c := &Cells{Width: w, Batch: make([]int32, 0, cells), Label: make([]int32, 0, cells), Item: make([]int64, 0, cells),
		Factor: make([]float32, 0, cells), Cat: make([]int32, 0, cells*w.Cats), Cont: make([]float32, 0, cells*w.Conts),
		ptr: make([]int64, 1, cells+1), small: make([]uint8, 0, e.Nonzeros),
		more: make([]int64, 1, cells+1), large: make([]float32, 0, e.Large)}
	if w.Genes > maxNarrow {
		c.wide = make([]uint32, 0, e.Nonzeros)
	} else {
		c.narrow = make([]uint16, 0, e.Nonzeros)
	}
	return c
}

// Len is the number of cells.
func (c *Cells) Len() int { return len(c.Batch) }

// Extent is the room that the cells take.
func (c *Cells) Extent() Extent { return Extent{int64(len(c.small)), int64(len(c.large))} }

// Reset empties c and keeps its memory.
func (c *Cells) Reset() {
	c.Batch, c.Label, c.Factor, c.Cat, c.Cont = c.Batch[:0], c.Label[:0], c.Factor[:0], c.Cat[:0], c.Cont[:0]
	c.Item, c.ptr, c.more = c.Item[:0], c.ptr[:1], c.more[:1]
	c.narrow, c.wide, c.small, c.large = c.narrow[:0], c.wide[:0], c.small[:0], c.large[:0]
}

// Append adds a cell: its genes and the counts beside them, its covariates, and
// the number that names its random streams. It keeps no argument.
func (c *Cells) Append(genes []int32, counts []float32, cov Covariates, item int64) {
	if c.Genes > maxNarrow {
		for _, g := range genes {
			c.wide = append(c.wide, uint32(g))
		}
	} else {
		c.narrow = appendNarrow(c.narrow, genes)
	}
	c.appendCounts(counts)
	c.end(cov, item)
}

// end closes the cell whose counts were appended.
func (c *Cells) end(cov Covariates, item int64) {
	c.ptr, c.more = append(c.ptr, int64(len(c.small))), append(c.more, int64(len(c.large)))
	c.Batch, c.Label, c.Factor = append(c.Batch, cov.Batch), append(c.Label, cov.Label), append(c.Factor, cov.SizeFactor)
	c.Cat, c.Cont = append(c.Cat, cov.Cats...), append(c.Cont, cov.Conts...)
	c.Item = append(c.Item, item)
}

// Covariates gives those of cell i, in slices of c.
func (c *Cells) Covariates(i int) Covariates {
	return Covariates{Batch: c.Batch[i], Label: c.Label[i], SizeFactor: c.Factor[i],
		Cats: c.Cat[i*c.Cats : (i+1)*c.Cats], Conts: c.Cont[i*c.Conts : (i+1)*c.Conts]}
}

func appendNarrow(dst []uint16, genes []int32) []uint16 {
	n := len(dst)
	dst = extend(dst, len(genes))
	for k, g := range genes {
		dst[n+k] = uint16(g)
	}
	return dst
}

func (c *Cells) appendCounts(counts []float32) {
	n := len(c.small)
	c.small = extend(c.small, len(counts))
	small := c.small[n:]
	for k, x := range counts {
		b := uint8(int32(x))
		if !(x < escape) || float32(b) != x {
			b, c.large = escape, append(c.large, x)
		}
		small[k] = b
	}
}

// extend makes x longer by n elements, whose values are left open.
func extend[T any](x []T, n int) []T {
	if cap(x)-len(x) < n {
		return append(x, make([]T, n)...)
	}
	return x[:len(x)+n]
}

// Row gives the genes and counts of cell i, in slices of its own.
func (c *Cells) Row(i int) (genes []int32, counts []float32) {
	lo, hi := c.ptr[i], c.ptr[i+1]
	genes, counts = make([]int32, hi-lo), make([]float32, hi-lo)
	c.genes(i, genes)
	large := c.large[c.more[i]:c.more[i+1]]
	for k, b := range c.small[lo:hi] {
		counts[k] = float32(b)
		if b == escape {
			counts[k], large = large[0], large[1:]
		}
	}
	return genes, counts
}

// genes writes the genes of cell i.
func (c *Cells) genes(i int, out []int32) {
	lo, hi := c.ptr[i], c.ptr[i+1]
	out = out[:hi-lo]
	if c.Genes > maxNarrow {
		for k, g := range c.wide[lo:hi] {
			out[k] = int32(g)
		}
		return
	}
	for k, g := range c.narrow[lo:hi] {
		out[k] = int32(g)
	}
}

// Read appends rows of c to into: with it Cells is a Source.
func (c *Cells) Read(rows []int32, into *Cells) error {
	for _, r := range rows {
		lo, hi, first, last := c.ptr[r], c.ptr[r+1], c.more[r], c.more[r+1]
		if c.Genes > maxNarrow {
			into.wide = append(into.wide, c.wide[lo:hi]...)
		} else {
			into.narrow = append(into.narrow, c.narrow[lo:hi]...)
		}
		into.small, into.large = append(into.small, c.small[lo:hi]...), append(into.large, c.large[first:last]...)
		into.end(c.Covariates(int(r)), c.Item[r])
	}
	return nil
}

// Soon does nothing: cells in memory need no notice.
func (c *Cells) Soon([]int32) {}

// Check says whether the cells fit the configuration: a programmer's error if not.
func (c *Cells) Check(cfg Config) error {
	if w := cfg.Width(); c.Width != w {
		return fmt.Errorf("cells have %+v, the model %+v", c.Width, w)
	}
	for i := range c.Batch {
		cov := c.Covariates(i)
		for k, code := range append([]int32{cov.Batch, cov.Label}, cov.Cats...) {
			if levels := append([]int{cfg.NBatch, cfg.NLabels}, cfg.NCatsPerCov...)[k]; code < 0 || int(code) >= levels {
				return fmt.Errorf("cell %d: covariate %d (batch, label, others) has code %d of %d levels", i, k, code, levels)
			}
		}
	}
	return nil
}

// stretch makes c as long as n cells of extent e, whose values are left open:
// parts of it are to be appended to.
func (c *Cells) stretch(n int, e Extent) {
	c.Batch, c.Label, c.Factor, c.Item = c.Batch[:n], c.Label[:n], c.Factor[:n], c.Item[:n]
	c.Cat, c.Cont = c.Cat[:n*c.Cats], c.Cont[:n*c.Conts]
	c.ptr, c.more = c.ptr[:n+1], c.more[:n+1]
	c.small, c.large = c.small[:e.Nonzeros], c.large[:e.Large]
	if c.Genes > maxNarrow {
		c.wide = c.wide[:e.Nonzeros]
	} else {
		c.narrow = c.narrow[:e.Nonzeros]
	}
}

// part is c as if it ended before cell n, where counts of extent at come before:
// more cells of extent e appended to it land in c. Parts that do not overlap may
// be appended to at the same time.
func (c *Cells) part(n, more int, at, e Extent) Cells {
	last, end := n+more, at
	end.Add(e)
	p := Cells{Width: c.Width, Batch: c.Batch[:n:last], Label: c.Label[:n:last], Factor: c.Factor[:n:last], Item: c.Item[:n:last],
		Cat: c.Cat[: n*c.Cats : last*c.Cats], Cont: c.Cont[: n*c.Conts : last*c.Conts],
		ptr: c.ptr[: n+1 : last+1], more: c.more[: n+1 : last+1],
		small: c.small[:at.Nonzeros:end.Nonzeros], large: c.large[:at.Large:end.Large]}
	if c.Genes > maxNarrow {
		p.wide = c.wide[:at.Nonzeros:end.Nonzeros]
	} else {
		p.narrow = c.narrow[:at.Nonzeros:end.Nonzeros]
	}
	return p
}
