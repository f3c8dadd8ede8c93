package model

import (
	"slices"

	"cellvi/model/kernel"
)

// coded is a number for each gene, or for each gene and batch or label.
type coded[T kernel.Float] struct {
	p     *param[T] // (G) or (G, codes)
	codes int
	label bool // the code is the label's, not the batch's
}

// newCoded adds a parameter drawn from N(0, 1); of is gene, gene-batch or gene-label.
func newCoded[T kernel.Float](s *slabs[T], name string, cfg Config, of string) *coded[T] {
	c := &coded[T]{codes: cfg.codes(of), label: of == "gene-label"}
	if of == "gene" {
		c.p = s.add(name, false, cfg.NInput)
	} else {
		c.p = s.add(name, false, cfg.NInput, c.codes)
	}
	c.p.gauss = true
	return c
}

// codedPass is the codes that a minibatch has: of many batches only those present
// cost time.
type codedPass[T kernel.Float] struct {
	present []int32 // codes, ascending
	code    []int32 // (ld) each cell's place in present; empty where there is only one
	place   []int32 // (codes) of each code in present
}

// n is the number of codes present.
func (q *codedPass[T]) n() int { return max(1, len(q.present)) }

// take finds the codes of cells of these batches and labels; c may be nil.
func (q *codedPass[T]) take(c *coded[T], batch, label []int32, ld int) {
	q.present, q.code = q.present[:0], q.code[:0]
	if c == nil || c.codes == 1 {
		return
	}
	of := batch
	if c.label {
		of = label
	}
	q.present = append(q.present, of...)
	slices.Sort(q.present)
	q.present = slices.Compact(q.present)
	q.place, q.code = resize(q.place, c.codes), resize(q.code, ld)
	for i, code := range q.present {
		q.place[code] = int32(i)
	}
	clear(q.code)
	for i, code := range of {
		q.code[i] = q.place[code]
	}
	if len(q.present) == 1 {
		q.code = q.code[:0]
	}
}

// gather writes the values w (G, codes) of n genes from lo on, of the codes present:
// (n, present).
func (q *codedPass[T]) gather(codes int, w []T, lo, n int, out []T) {
	if len(q.present) == 0 {
		copy(out[:n], w[lo:])
		return
	}
	for j := range n {
		for i, code := range q.present {
			out[j*len(q.present)+i] = w[(lo+j)*codes+int(code)]
		}
	}
}

// scatter writes the gradient g (G, codes) of n genes from lo on, given that of the
// codes present (n, present).
func (q *codedPass[T]) scatter(codes int, g []T, lo, n int, from []T) {
	g = g[lo*codes : (lo+n)*codes]
	if len(q.present) == 0 {
		copy(g, from)
		return
	}
	clear(g)
	for j := range n {
		for i, code := range q.present {
			g[j*codes+int(code)] = from[j*len(q.present)+i]
		}
	}
}

// complete tells that the gradient of genes lo … hi−1 is final.
func (c *coded[T]) complete(lo, hi int, complete func(lo, hi int)) {
	complete(c.p.lo+lo*c.codes, c.p.lo+hi*c.codes)
}
