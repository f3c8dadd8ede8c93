package model

import (
	"math"

	"cellvi/model/kernel"
)

// decoded is what a pass decoded, in the order of cells: (ld, G) each.
type decoded[T kernel.Float] struct {
	scale   []T // shares rho
	theta   []T // exp(r); nil: there is none
	dropout []T // logits of zero inflation, as the likelihood takes them; nil: there is none
	table   []T // (codes, G) theta, where it is no output
}

// take copies them, before the likelihood takes their memory.
func (d *decoded[T]) take(p *Pass[T]) {
	v, q := p.vae, &p.head
	size := q.ld * v.NInput
	d.scale = resize(d.scale, size)
	v.head.shares(v.ops, q, d.scale)
	switch {
	case v.head.rates != nil:
		d.theta = resize(d.theta, size)
		v.head.rates.values(v.ops, q.rates(), q.ld, d.theta)
		expAll(d.theta)
	case v.head.r != nil:
		d.theta = resize(d.theta, size)
		d.thetas(p, v.head.r)
	}
	if v.head.dropout != nil {
		d.dropout = resize(d.dropout, size)
		v.head.dropout.values(v.ops, q.dropout(), q.ld, d.dropout)
		if a := v.head.auto; a != nil {
			a.rescale(d.dropout)
		}
	}
}

// thetas writes exp(r) of each cell's batch or label.
func (d *decoded[T]) thetas(p *Pass[T], c *coded[T]) {
	g := p.vae.NInput
	if d.table == nil {
		d.table = make([]T, c.codes*g)
		for i, r := range c.p.w {
			d.table[i%c.codes*g+i/c.codes] = T(math.Exp(float64(r)))
		}
	}
	of := p.m.Batch
	if c.label {
		of = p.m.Label
	}
	for b := range p.m.B {
		at := 0
		if c.codes > 1 {
			at = int(of[b])
		}
		copy(d.theta[b*g:(b+1)*g], d.table[at*g:])
	}
}
