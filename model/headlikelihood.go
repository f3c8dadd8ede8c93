package model

import "cellvi/model/kernel"

// likelihood does block k's log-probabilities and their gradients in mu, r and the
// logits of zero inflation, after sort; in training it leaves the gradient of r, of
// the sum over cells of ll, in r's slab, which passes of evaluation share.
func (d *head[T]) likelihood(ops kernel.Ops[T], k int, train bool, p *headPass[T], c *clock) {
	s := &p.stripes[k]
	d.begin(s, k, p)
	for lo := d.bounds[k]; lo < d.bounds[k+1]; lo += stripeGenes {
		t := c.now()
		d.aim(ops, s, lo, min(lo+stripeGenes, d.bounds[k+1]), p.start[lo+k:], p)
		if p.leave != nil && p.leave(lo) {
			s.omit(d)
			continue
		}
		ops.Counts(d.kind, &s.Stripe)
		t = c.lap(Nonzeros, t)
		ops.Likelihood(d.kind, &s.Stripe)
		t = c.lap(Likelihood, t)
		if train && d.r != nil && !p.weights {
			p.r.scatter(d.r.codes, d.r.p.g, lo, s.N, s.dr)
		}
		if train && d.auto != nil {
			p.auto.codes.scatter(d.auto.alpha.codes, p.auto.ddelta, lo, s.N, s.ddelta)
		}
		c.lap(Nonzeros, t)
	}
}

// begin sets what is the same for all stripes of block k.
func (d *head[T]) begin(s *stripe[T], k int, p *headPass[T]) {
	s.LD, s.Cells, s.Sorted = p.ld, p.b, p.sorted[p.at[k]:]
	s.Scale, s.Lib, s.LL, s.S = p.scale[k*p.ld:(k+1)*p.ld], p.lib, p.ll[k*p.ld:(k+1)*p.ld], p.s[k*p.ld:(k+1)*p.ld]
	s.Late = resize(s.Late, 2*p.ld)
	clear(s.LL)
	clear(s.S)
	s.Codes, s.Code = p.r.n(), p.r.code
	n := stripeGenes * s.Codes
	s.r, s.dr, s.tables = resize(s.r, n), resize(s.dr, n), resize(s.tables, kernel.TableSize(n))
	if d.auto != nil {
		s.DeltaCodes, s.DeltaCode, s.MinDropout = p.auto.codes.n(), p.auto.codes.code, d.auto.floor
		n := stripeGenes * s.DeltaCodes
		s.delta, s.ddelta = resize(s.delta, n), resize(s.ddelta, n)
	}
}

// aim points the stripe at genes lo … hi−1.
func (d *head[T]) aim(ops kernel.Ops[T], s *stripe[T], lo, hi int, start []int32, p *headPass[T]) {
	at, end := lo*p.ld, hi*p.ld
	s.N, s.Start, s.Y, s.A = hi-lo, start, p.out[0].y[at:end], p.a[at:end]
	if d.dropout != nil {
		s.Pi, s.PiBias = p.dropout().y[at:end], d.dropout.shift(lo)
	}
	switch {
	case d.rates != nil:
		s.R, s.RBias, s.DR = p.rates().y[at:end], d.rates.shift(lo), p.dr[at:end]
	case d.r != nil:
		p.r.gather(d.r.codes, d.r.p.w, lo, s.N, s.r)
		if p.weights {
			s.R, s.RBias, s.DR = p.spreadR(s.r, s.Codes, at, end), nil, p.dr[at:end]
			return // AutoZI, which has more, has no weights
		}
		ops.Tables(s.N*s.Codes, s.r, s.tables)
		s.Tab, s.DR = s.tables, s.dr
	default:
		s.Tab, s.DR = s.tables, s.dr
	}
	if d.auto != nil {
		p.auto.codes.gather(d.auto.alpha.codes, p.auto.delta, lo, s.N, s.delta)
		s.Delta, s.DDelta = s.delta, s.ddelta
	}
}

// omit leaves the stripe out: it has no log-probability, nor gradients.
func (s *stripe[T]) omit(d *head[T]) {
	clear(s.A)
	if d.dropout != nil {
		clear(s.Pi)
	}
	if d.rates != nil {
		clear(s.R)
	}
}
