package model

// Packed is one cell's counts in the form that Cells holds them. It is reused
// from cell to cell.
type Packed struct {
	narrow []uint16 // genes, where two bytes hold their numbers, or
	wide   []uint32
	small  []uint8 // counts, see Cells
	large  []float32
}

// Pack makes p the counts of a cell: of each genes[k] that has a number among the
// model's genes, index[genes[k]] ≥ 0, the count beside it. genes of the model is
// their number. The loop has no branch that a processor could often guess wrong.
func Pack[G uint16 | uint32, C uint8 | uint16 | uint32 | float32](p *Packed, genes int, index []int32, of []G, counts []C) {
	p.room(len(of), genes)
	small, narrow, wide, n := p.small, p.narrow, p.wide, 0
	counts = counts[:len(of)]
	for k, g := range of {
		i, x := index[g], counts[k]
		b := uint8(x)
		if C(b) != x || b == escape {
			b = escape
			if i >= 0 {
				p.large = append(p.large, float32(x))
			}
		}
		small[n] = b
		if narrow != nil {
			narrow[n] = uint16(i)
		} else {
			wide[n] = uint32(i)
		}
		n += int(^uint32(i) >> 31) // 0 for −1
	}
	p.small = small[:n]
	if narrow != nil {
		p.narrow = narrow[:n]
	} else {
		p.wide = wide[:n]
	}
}

// room makes space for n counts of a model of so many genes.
func (p *Packed) room(n, genes int) {
	p.small, p.large = resize(p.small, n), p.large[:0]
	if genes > maxNarrow {
		p.wide = resize(p.wide, n)
	} else {
		if p.narrow = resize(p.narrow, n); p.narrow == nil {
			p.narrow = []uint16{}
		}
	}
}

// Extent is the room that the cell takes in Cells.
func (p *Packed) Extent() Extent { return Extent{int64(len(p.small)), int64(len(p.large))} }

// AppendPacked adds a cell: its counts, the code of its batch, and the number that
// names its random streams.
func (c *Cells) AppendPacked(p *Packed, batch int32, item int64) {
	if c.NGenes > maxNarrow {
		c.wide = append(c.wide, p.wide...)
	} else {
		c.narrow = append(c.narrow, p.narrow...)
	}
	c.small, c.large = append(c.small, p.small...), append(c.large, p.large...)
	c.ptr, c.more = append(c.ptr, int64(len(c.small))), append(c.more, int64(len(c.large)))
	c.Batch, c.Item = append(c.Batch, batch), append(c.Item, item)
}
