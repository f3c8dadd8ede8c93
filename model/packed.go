package model

import "slices"

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

// AppendPacked adds a cell: its counts, its covariates, and the number that names
// its random streams.
func (c *Cells) AppendPacked(p *Packed, cov Covariates, item int64) {
	if c.Genes > maxNarrow {
		c.wide = append(c.wide, p.wide...)
	} else {
		c.narrow = append(c.narrow, p.narrow...)
	}
	c.small, c.large = append(c.small, p.small...), append(c.large, p.large...)
	c.end(cov, item)
}

// Sort brings the counts in the order of the model's genes, for data whose genes
// stand in another order: Cells have them ascending.
func (p *Packed) Sort() {
	if p.narrow != nil {
		sortPacked(p, p.narrow)
	} else {
		sortPacked(p, p.wide)
	}
}

func sortPacked[G uint16 | uint32](p *Packed, genes []G) {
	type entry struct {
		gene  G
		small uint8
		large float32
	}
	list, large := make([]entry, len(genes)), p.large
	for k, g := range genes {
		list[k] = entry{gene: g, small: p.small[k]}
		if p.small[k] == escape {
			list[k].large, large = large[0], large[1:]
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return int(a.gene) - int(b.gene) })
	p.large = p.large[:0]
	for k, e := range list {
		genes[k], p.small[k] = e.gene, e.small
		if e.small == escape {
			p.large = append(p.large, e.large)
		}
	}
}

// Total is the cell's total counts.
func (p *Packed) Total() float64 {
	total := 0.0
	for _, x := range p.small {
		if x != escape {
			total += float64(x)
		}
	}
	for _, x := range p.large {
		total += float64(x)
	}
	return total
}
