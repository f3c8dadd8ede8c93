package model

import (
	"math"

	"cellvi/model/kernel"
)

// head is the decoder's output: rho = softmax(W h + w), theta = exp(r), and the
// negative binomial's log-probability with mean l·rho. It is cut by blocks of
// genes; block k owns its rows of W, w and r, in all slabs.
type head[T kernel.Float] struct {
	scale  *param[T] // W (G, H)
	bias   *param[T] // w (G)
	r      *param[T] // log theta (G)
	bounds []int     // of the blocks
	h      int
}

// headPass is the head's numbers in a pass over B cells. Blocks lie one after
// another, block k being (B, n_k) row-major.
type headPass[T kernel.Float] struct {
	rho, a    []T       // (B, G) by blocks: shares; gradient at the logits
	max, sum  []T       // (blocks, B) of the logits and their exponentials
	ll, s     []T       // (blocks, B) log-probability; Σ mu dll/dmu
	scale     []T       // (blocks, B) what turns exponentials into shares
	total     []T       // (B) Σ s over blocks
	dh        []T       // (blocks, B, H) each block's part of the gradient at h
	tables    []T       // per block, for NBBlock
	logsumexp []float64 // (B)
}

func (p *headPass[T]) resize(b, h int, bounds []int) {
	blocks, g := len(bounds)-1, bounds[len(bounds)-1]
	p.rho, p.a = resize(p.rho, b*g), resize(p.a, b*g)
	for _, x := range []*[]T{&p.max, &p.sum, &p.ll, &p.s, &p.scale} {
		*x = resize(*x, blocks*b)
	}
	p.total, p.logsumexp = resize(p.total, b), resize(p.logsumexp, b)
	p.dh, p.tables = resize(p.dh, blocks*b*h), resize(p.tables, kernel.TableSize(g))
}

// logits does block k's share of W h + w and of the softmax's sums.
func (d *head[T]) logits(ops kernel.Ops[T], k, b int, h []T, p *headPass[T]) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	y := p.rho[lo*b : (lo+n)*b]
	ops.Gemm(false, true, b, n, d.h, 1, h, d.h, d.scale.w[lo*d.h:], d.h, 0, y, n)
	ops.SoftmaxBlock(b, n, y, d.bias.w[lo:], p.max[k*b:], p.sum[k*b:])
}

// normalize joins the blocks' sums: scale[k, b] = exp(max[k, b] − logsumexp[b]).
func (d *head[T]) normalize(b int, p *headPass[T]) {
	blocks := len(d.bounds) - 1
	for i := range b {
		top, sum := math.Inf(-1), 0.0
		for k := range blocks {
			top = math.Max(top, float64(p.max[k*b+i]))
		}
		for k := range blocks {
			sum += float64(p.sum[k*b+i]) * math.Exp(float64(p.max[k*b+i])-top)
		}
		p.logsumexp[i] = top + math.Log(sum)
		for k := range blocks {
			p.scale[k*b+i] = T(math.Exp(float64(p.max[k*b+i]) - p.logsumexp[i]))
		}
	}
}

// likelihood does block k's log-probabilities, shares and gradient in mu; it
// leaves the gradient of r, of the sum over cells of ll, in r's slab.
func (d *head[T]) likelihood(ops kernel.Ops[T], k int, m *Minibatch[T], p *headPass[T]) {
	lo, n, b := d.bounds[k], d.bounds[k+1]-d.bounds[k], m.B
	tables := p.tables[kernel.TableSize(lo):kernel.TableSize(lo+n)]
	ops.NBTables(n, d.r.w[lo:], tables)
	ops.NBBlock(b, n, p.rho[lo*b:], p.scale[k*b:], m.Library, tables, m.block(k, d.bounds, m.Val),
		p.a[lo*b:], d.r.g[lo:], p.ll[k*b:], p.s[k*b:])
}

// sums adds up what the blocks left per cell: R = −Σ ll, and S.
func (d *head[T]) sums(b int, p *headPass[T], rec []float64) {
	for i := range b {
		ll, s := 0.0, 0.0
		for k := range len(d.bounds) - 1 {
			ll += float64(p.ll[k*b+i])
			s += float64(p.s[k*b+i])
		}
		rec[i], p.total[i] = -ll, T(s)
	}
}

// backward does block k's gradients of W, w and r for the mean over cells of R,
// and its part of the gradient at h.
func (d *head[T]) backward(ops kernel.Ops[T], k, b int, h []T, p *headPass[T]) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	a, inv := p.a[lo*b:(lo+n)*b], 1/T(b)
	ops.SoftmaxBackward(b, n, p.rho[lo*b:], a, p.total, inv, d.bias.g[lo:])
	ops.Gemm(true, false, n, d.h, b, 1, a, n, h, d.h, 0, d.scale.g[lo*d.h:], d.h)
	ops.Gemm(false, false, b, d.h, n, 1, a, n, d.scale.w[lo*d.h:], d.h, 0, p.dh[k*b*d.h:], d.h)
	for j := lo; j < lo+n; j++ {
		d.r.g[j] *= -inv
	}
}

// gather writes the gradient at h for cells lo … hi−1: the blocks' parts, in order.
func (d *head[T]) gather(ops kernel.Ops[T], lo, hi, b int, p *headPass[T], dh []T) {
	copy(dh[lo*d.h:hi*d.h], p.dh[lo*d.h:hi*d.h])
	for k := 1; k < len(d.bounds)-1; k++ {
		ops.Add(p.dh[(k*b+lo)*d.h:(k*b+hi)*d.h], dh[lo*d.h:hi*d.h])
	}
}

// shares writes rho of one of b cells (G) from the blocks' exponentials, before
// likelihood has turned them into shares.
func (d *head[T]) shares(cell, b int, p *headPass[T], out []T) {
	for k := range len(d.bounds) - 1 {
		lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
		at := lo*b + cell*n
		for j := range n {
			out[lo+j] = p.rho[at+j] * p.scale[k*b+cell]
		}
	}
}

func (d *head[T]) blocks() int { return len(d.bounds) - 1 }

// complete tells which gradients of block k are final.
func (d *head[T]) complete(k int, complete func(lo, hi int)) {
	lo, hi := d.bounds[k], d.bounds[k+1]
	complete(d.scale.lo+lo*d.h, d.scale.lo+hi*d.h)
	complete(d.bias.lo+lo, d.bias.lo+hi)
	complete(d.r.lo+lo, d.r.lo+hi)
}
