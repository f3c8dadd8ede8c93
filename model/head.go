package model

import "cellvi/model/kernel"

// head is the decoder's output: rho = softmax(W h + w), theta = exp(r), and the
// negative binomial's log-probability with mean l·rho. It is cut by blocks of
// genes; block k owns its rows of W, w and r, in all slabs.
type head[T kernel.Float] struct {
	scale  *param[T] // W (G, H)
	bias   *param[T] // w (G)
	r      *param[T] // log theta (G)
	bounds []int     // of the blocks
	h      int
	half   kernel.Half // nil: float32 products
}

// headPass is the head's numbers in a pass over B cells. Its matrices have a
// row for each gene and ld = kernel.Pad(B) cells in a row: so neither of the
// three matrix products needs an operand in another order, and what belongs to a
// gene is one number in the inner loops.
type headPass[T kernel.Float] struct {
	ld       int
	h, ht    []T               // (ld, H), (H, ld) the decoder's last activations, zero beyond B
	lib      []T               // (ld) library sizes, zero beyond B
	y, a     []T               // (G, ld): logits, then exponentials; counts, then gradient at the logits
	max, sum []T               // (blocks, ld) of the logits and their exponentials
	ll, s    []T               // (blocks, ld) log-probability; Σ mu dll/dmu
	scale    []T               // (blocks, ld) what turns exponentials into shares
	total    []T               // (ld) Σ s over blocks
	dh       []T               // (blocks, B, H) each block's part of the gradient at h
	tables   []T               // (blocks, TableSize of stripe genes) for NBCounts and NBBlock
	sorted   []kernel.Entry[T] // the minibatch's counts, block by block in the order of genes
	at       []int32           // (blocks) where each block's begin
	start    []int32           // (G + blocks) where each gene's begin, and the block's end, from there
	halves   halfPass
}

// stripe is the genes of a block whose counts are spread out at once: the
// spread counts stay in the first-level cache.
const stripe = 32

func (p *headPass[T]) resize(b, h int, bounds []int) {
	p.ld = kernel.Pad(b)
	blocks, g := len(bounds)-1, bounds[len(bounds)-1]
	p.h, p.ht, p.lib, p.total = resize(p.h, p.ld*h), resize(p.ht, p.ld*h), resize(p.lib, p.ld), resize(p.total, p.ld)
	p.y, p.a = resize(p.y, p.ld*g), resize(p.a, p.ld*g)
	for _, x := range []*[]T{&p.max, &p.sum, &p.ll, &p.s, &p.scale} {
		*x = resize(*x, blocks*p.ld)
	}
	p.dh, p.tables = resize(p.dh, blocks*b*h), resize(p.tables, blocks*kernel.TableSize(stripe))
	p.at, p.start = resize(p.at, blocks), resize(p.start, g+blocks)
}

// take copies the decoder's last activations h (B, H) in both orders.
func (d *head[T]) take(ops kernel.Ops[T], b int, train bool, h []T, p *headPass[T]) {
	clear(p.h[copy(p.h, h[:b*d.h]):])
	ops.Transpose(b, d.h, p.ld, h, p.ht)
	if f, ok := any(p).(*headPass[float32]); ok && train && d.half != nil {
		d.takeHalf(f)
	}
}

// logits does block k's share of W h.
func (d *head[T]) logits(ops kernel.Ops[T], k int, train bool, p *headPass[T]) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	if f, ok := any(p).(*headPass[float32]); ok && train && d.half != nil {
		d.logitsHalf(k, any(d.scale.w).([]float32), f)
		return
	}
	ops.Product(n, p.ld, d.h, d.scale.w[lo*d.h:], d.h, 1, p.ht, p.ld, p.y[lo*p.ld:], p.ld)
}

// exponentials turns block k's logits into exponentials.
func (d *head[T]) exponentials(ops kernel.Ops[T], k int, p *headPass[T]) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	ops.SoftmaxBlock(n, p.ld, p.y[lo*p.ld:], d.bias.w[lo:], p.max[k*p.ld:], p.sum[k*p.ld:])
}

// expect makes room for the minibatch's counts in the order of genes.
func (d *head[T]) expect(m *Minibatch[T], p *headPass[T]) {
	p.sorted = resize(p.sorted, int(m.Ptr[m.B]))
	n := 0
	for k := range p.at {
		p.at[k] = int32(n)
		n += m.block(k, d.bounds).Len()
	}
}

// sort brings block k's counts in the order of genes.
func (d *head[T]) sort(ops kernel.Ops[T], k int, m *Minibatch[T], p *headPass[T]) {
	ops.SortByGene(d.bounds[k+1]-d.bounds[k], m.block(k, d.bounds), p.start[d.bounds[k]+k:], p.sorted[p.at[k]:])
}

// likelihood does block k's log-probabilities and their gradient in mu, after
// sort; it leaves the gradient of r, of the sum over cells of ll, in r's slab.
func (d *head[T]) likelihood(ops kernel.Ops[T], k int, p *headPass[T], c *clock) {
	ll, s, size := p.ll[k*p.ld:(k+1)*p.ld], p.s[k*p.ld:(k+1)*p.ld], kernel.TableSize(stripe)
	clear(ll)
	clear(s)
	tables := p.tables[k*size : (k+1)*size]
	for lo := d.bounds[k]; lo < d.bounds[k+1]; lo += stripe {
		t := c.now()
		n, x := min(stripe, d.bounds[k+1]-lo), p.a[lo*p.ld:]
		ops.NBTables(n, d.r.w[lo:], tables)
		ops.NBCounts(n, p.ld, tables, p.start[lo+k:], p.sorted[p.at[k]:], x, d.r.g[lo:], ll)
		t = c.lap(Nonzeros, t)
		ops.NBBlock(n, p.ld, p.y[lo*p.ld:], p.scale[k*p.ld:], p.lib, tables, x, d.r.g[lo:], ll, s)
		c.lap(Likelihood, t)
	}
}

// sums adds up what the blocks left per cell: R = −Σ ll, and S.
func (d *head[T]) sums(p *headPass[T], rec []float64) {
	for i := range p.total {
		ll, s := 0.0, 0.0
		for k := range d.blocks() {
			ll += float64(p.ll[k*p.ld+i])
			s += float64(p.s[k*p.ld+i])
		}
		p.total[i] = T(s)
		if i < len(rec) {
			rec[i] = -ll
		}
	}
}

// slopes turns block k's gradients in mu into those of the logits, for the mean
// over B cells of R, and does those of w and r.
func (d *head[T]) slopes(ops kernel.Ops[T], k, b int, p *headPass[T]) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	ops.SoftmaxBackward(n, p.ld, p.y[lo*p.ld:], p.scale[k*p.ld:], p.a[lo*p.ld:], p.total, 1/T(b), d.bias.g[lo:])
	for j := lo; j < lo+n; j++ {
		d.r.g[j] /= -T(b)
	}
}

// backward does block k's gradient of W and its part of the gradient at h.
func (d *head[T]) backward(ops kernel.Ops[T], k, b int, p *headPass[T]) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	if f, ok := any(p).(*headPass[float32]); ok && d.half != nil {
		d.backwardHalf(k, b, any(d.scale.w).([]float32), any(d.scale.g).([]float32), f)
		return
	}
	a, w := p.a[lo*p.ld:], lo*d.h
	ops.Product(n, d.h, p.ld, a, p.ld, 1, p.h, d.h, d.scale.g[w:], d.h)
	ops.Product(b, d.h, n, a, 1, p.ld, d.scale.w[w:], d.h, p.dh[k*b*d.h:], d.h)
}

// gather writes the gradient at h (B, H): the blocks' parts, in order.
func (d *head[T]) gather(ops kernel.Ops[T], b int, p *headPass[T], dh []T) {
	ops.Sum(d.blocks(), b*d.h, p.dh, dh)
}

// shares gives rho (ld, G) from the blocks' exponentials, in the memory of a.
func (d *head[T]) shares(ops kernel.Ops[T], p *headPass[T]) []T {
	g := d.bounds[d.blocks()]
	ops.Transpose(g, p.ld, g, p.y, p.a)
	for b := range p.ld {
		for k := range d.blocks() {
			scale := p.scale[k*p.ld+b]
			row := p.a[b*g+d.bounds[k] : b*g+d.bounds[k+1]]
			for j := range row {
				row[j] *= scale
			}
		}
	}
	return p.a
}

func (d *head[T]) blocks() int { return len(d.bounds) - 1 }

// complete tells which gradients of block k are final.
func (d *head[T]) complete(k int, complete func(lo, hi int)) {
	lo, hi := d.bounds[k], d.bounds[k+1]
	complete(d.scale.lo+lo*d.h, d.scale.lo+hi*d.h)
	complete(d.bias.lo+lo, d.bias.lo+hi)
	complete(d.r.lo+lo, d.r.lo+hi)
}
