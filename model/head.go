package model

import "cellvi/model/kernel"

// head is the decoder's outputs and the likelihood: shares rho = softmax(W h + w), or
// softplus where mu is a size factor times it; the logits of zero inflation; and
// theta = exp(r), with r a parameter or an output. It is cut by blocks of genes;
// block k owns its rows of every parameter, in all slabs.
type head[T kernel.Float] struct {
	kind    kernel.Likelihood
	scale   *projection[T]
	dropout *projection[T] // nil: no zero inflation
	rates   *projection[T] // r of each gene and cell; nil: r is a parameter
	r       *coded[T]      // log theta; nil: rates, or no theta
	auto    *autoZI[T]     // nil: zero inflation is not in question
	bounds  []int          // of the blocks
	factor  bool           // softplus, not softmax
}

func newHead[T kernel.Float](s *slabs[T], cfg Config, k int) *head[T] {
	d := &head[T]{kind: likelihoodOf(cfg), bounds: kernel.Blocks(cfg.NInput), factor: cfg.UseSizeFactor}
	flat := cfg.Model == LinearSCVI
	output := func(name, linear string) *projection[T] {
		if !flat {
			return newProjection(s, "decoder."+name, cfg.NInput, k, true)
		}
		p := newProjection(s, "decoder."+linear+".fc_layers.Layer 0.0", cfg.NInput, k, cfg.Bias)
		if inDecoder(cfg.UseBatchNorm) {
			p.norm = newBatchNorm(s, "decoder."+linear+".fc_layers.Layer 0.1", cfg.NInput)
		}
		return p
	}
	d.scale = output("px_scale_decoder.0", "factor_regressor")
	if d.kind == kernel.ZINB || d.kind == kernel.AutoZI {
		d.dropout = output("px_dropout_decoder", "px_dropout_decoder")
	}
	switch {
	case d.kind == kernel.Poisson:
	case cfg.Dispersion == "gene-cell":
		d.rates = output("px_r_decoder", "")
	default:
		d.r = newCoded(s, "px_r", cfg, cfg.Dispersion)
	}
	if d.kind == kernel.AutoZI {
		d.auto = newAutoZI(s, cfg)
	}
	return d
}

func likelihoodOf(cfg Config) kernel.Likelihood {
	if cfg.Model == AutoZI {
		return kernel.AutoZI
	}
	return map[string]kernel.Likelihood{"nb": kernel.NB, "zinb": kernel.ZINB, "poisson": kernel.Poisson, "normal": kernel.Normal}[cfg.GeneLikelihood]
}

// projections are the outputs that there are.
func (d *head[T]) projections() []*projection[T] {
	list := []*projection[T]{d.scale}
	for _, p := range []*projection[T]{d.dropout, d.rates} {
		if p != nil {
			list = append(list, p)
		}
	}
	return list
}

// headPass is the head's numbers in a pass over B cells.
type headPass[T kernel.Float] struct {
	b, ld         int
	h, ht         []T         // (ld, K), (K, ld) what the outputs see, zero beyond B
	lib           []T         // (ld) library sizes, zero beyond B
	out           []output[T] // of each projection
	a             []T         // (G, ld): counts, then gradient at the logits
	max, sum      []T         // (blocks, ld) of the logits and their exponentials
	ll, s         []T         // (blocks, ld) log-probability; Σ mu dll/dmu
	scale         []T         // (blocks, ld) what turns exponentials into shares
	total         []T         // (ld) Σ s over blocks
	dh            []T         // (projections, blocks, B, K) each block's part of the gradient at h
	r             codedPass[T]
	auto          autoPass[T]
	key           uint64              // names the random streams of auto
	stripes       []stripe[T]         // of each block
	dr            []T                 // (G, ld) gradient of gamma terms, where r is an output
	sorted        []kernel.Entry[T]   // the minibatch's counts, block by block in the order of genes
	at            []int32             // (blocks) where each block's begin
	start         []int32             // (G + blocks) where each gene's begin, and the block's end, from there
	zeros         []T                 // (G) zeros
	hHalf, htHalf []uint32            // h, ht in bfloat16
	leave         func(gene int) bool // whether the stripe from gene on is left out of the likelihood; nil: none is
	weighted[T]                       // where cells have weights
}

// stripeGenes is the genes of a block whose counts are spread out at once: the
// spread counts stay in the first-level cache.
const stripeGenes = 32

// stripe is a block's workspace: the kernels' argument, and what is gathered for it.
type stripe[T kernel.Float] struct {
	kernel.Stripe[T]
	r, dr, tables []T // (stripeGenes, codes) and kernel.TableSize of as many
	delta, ddelta []T // (stripeGenes, codes)
	spare         []T // (BlockSize) sums that nobody asked for
}

func (p *headPass[T]) resize(b int, d *head[T]) {
	p.b, p.ld = b, kernel.Pad(b)
	k, blocks, g, list := d.scale.k, d.blocks(), d.bounds[d.blocks()], d.projections()
	p.h, p.ht, p.lib, p.total = resize(p.h, p.ld*k), resize(p.ht, p.ld*k), resize(p.lib, p.ld), resize(p.total, p.ld)
	p.a = resize(p.a, p.ld*g)
	for _, x := range []*[]T{&p.max, &p.sum, &p.ll, &p.s, &p.scale} {
		*x = resize(*x, blocks*p.ld)
	}
	p.dh = resize(p.dh, len(list)*blocks*b*k)
	if len(p.out) == 0 {
		p.out, p.stripes, p.zeros = make([]output[T], len(list)), make([]stripe[T], blocks), make([]T, g)
	}
	for i, q := range list {
		p.out[i].resize(q, p.ld)
		p.out[i].dh = p.dh[i*blocks*b*k : (i+1)*blocks*b*k]
	}
	if d.rates != nil {
		p.dr = resize(p.dr, g*p.ld)
	}
	if p.weights {
		p.resizeWeighted(d)
	}
	p.at, p.start = resize(p.at, blocks), resize(p.start, g+blocks)
}

// dropout and rates are the outputs of these projections.
func (p *headPass[T]) dropout() *output[T] { return &p.out[1] }
func (p *headPass[T]) rates() *output[T]   { return &p.out[len(p.out)-1] }

// take copies what the outputs see, h (B, K), in both orders.
func (d *head[T]) take(ops kernel.Ops[T], b int, train bool, h []T, p *headPass[T]) {
	clear(p.h[copy(p.h, h[:b*d.scale.k]):])
	ops.Transpose(b, d.scale.k, p.ld, h, p.ht)
	if f, ok := any(p).(*headPass[float32]); ok && train && d.scale.half != nil {
		d.takeHalf(f)
	}
}

// products does block k's share of the outputs.
func (d *head[T]) products(ops kernel.Ops[T], k int, train bool, p *headPass[T]) {
	for i, q := range d.projections() {
		q.product(ops, k, p.b, train, p, &p.out[i])
	}
}

// exponentials turns block k's logits into exponentials, or where there is a size
// factor into what stands for shares.
func (d *head[T]) exponentials(ops kernel.Ops[T], k int, p *headPass[T]) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	y, shift := p.out[0].y[lo*p.ld:], d.scale.shift(lo)
	if shift == nil {
		shift = p.zeros
	}
	if d.factor {
		ops.SoftplusBlock(n, p.ld, y, shift)
		return
	}
	ops.SoftmaxBlock(n, p.ld, y, shift, p.max[k*p.ld:], p.sum[k*p.ld:])
}

// join finds what turns exponentials into shares.
func (d *head[T]) join(ops kernel.Ops[T], p *headPass[T]) {
	if d.factor {
		for i := range p.scale {
			p.scale[i] = 1
		}
		return
	}
	ops.SoftmaxJoin(d.blocks(), p.ld, p.max, p.sum, p.scale)
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

// code finds the minibatch's codes, and makes room for AutoZI's draws.
func (d *head[T]) code(m *Minibatch[T], p *headPass[T]) {
	p.r.take(d.r, m.Batch, m.Label, p.ld)
	if d.auto != nil {
		p.auto.codes.take(d.auto.alpha, m.Batch, m.Label, p.ld)
		d.auto.resize(&p.auto, len(d.auto.alpha.p.w))
		p.key = m.Key
	}
}

// sort brings block k's counts in the order of genes, and draws what is drawn of them.
func (d *head[T]) sort(ops kernel.Ops[T], k int, m *Minibatch[T], p *headPass[T]) {
	ops.SortByGene(d.bounds[k+1]-d.bounds[k], m.block(k, d.bounds), p.start[d.bounds[k]+k:], p.sorted[p.at[k]:])
	if d.auto != nil {
		d.auto.draw(p.key, d.bounds[k], d.bounds[k+1], &p.auto)
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

// slopes turns block k's gradients in mu into those of the logits, for by times the
// sum over cells of R, and does those of w, of r and of zero inflation.
func (d *head[T]) slopes(ops kernel.Ops[T], k int, by T, p *headPass[T]) {
	lo, hi := d.bounds[k], d.bounds[k+1]
	if p.weights {
		d.weigh(lo, hi, p)
	}
	at, spare := lo*p.ld, resize(p.stripes[k].spare, kernel.BlockSize)
	p.stripes[k].spare = spare
	bias := d.scale.slope(lo, hi, spare)
	if d.factor {
		ops.SoftplusBackward(hi-lo, p.ld, p.out[0].y[at:], p.a[at:], by, bias)
	} else {
		ops.SoftmaxBackward(hi-lo, p.ld, p.out[0].y[at:], p.scale[k*p.ld:], p.a[at:], p.total, by, bias)
	}
	if d.dropout != nil {
		ops.ScaleRows(hi-lo, p.ld, -by, p.dropout().y[at:], d.dropout.slope(lo, hi, spare))
	}
	if d.rates != nil {
		ops.ScaleRows(hi-lo, p.ld, -by, p.rates().y[at:], d.rates.slope(lo, hi, spare))
	}
	if d.r != nil {
		g := d.r.p.g[lo*d.r.codes : hi*d.r.codes]
		for i := range g {
			g[i] *= -by
		}
	}
	if d.auto != nil {
		d.auto.slopes(lo, hi, -by, &p.auto)
	}
}

// backward does block k's gradients of the outputs' weights and its parts of the
// gradient at h.
func (d *head[T]) backward(ops kernel.Ops[T], k int, p *headPass[T]) {
	for i, q := range d.projections() {
		from := p.out[i].y
		if i == 0 {
			from = p.a
		}
		q.backward(ops, k, p.b, p, from, &p.out[i])
	}
}

// gather writes the gradient at h (B, K): the blocks' parts, in order.
func (d *head[T]) gather(ops kernel.Ops[T], p *headPass[T], dh []T) {
	n := p.b * d.scale.k
	ops.Sum(len(p.dh)/n, n, p.dh, dh)
}

// shares writes rho (ld, G) from the blocks' exponentials.
func (d *head[T]) shares(ops kernel.Ops[T], p *headPass[T], out []T) {
	g := d.bounds[d.blocks()]
	ops.Transpose(g, p.ld, g, p.out[0].y, out)
	for b := range p.ld {
		for k := range d.blocks() {
			scale := p.scale[k*p.ld+b]
			row := out[b*g+d.bounds[k] : b*g+d.bounds[k+1]]
			for j := range row {
				row[j] *= scale
			}
		}
	}
}

func (d *head[T]) blocks() int { return len(d.bounds) - 1 }

// complete tells which gradients of block k are final.
func (d *head[T]) complete(k int, complete func(lo, hi int)) {
	for _, q := range d.projections() {
		q.complete(k, complete)
	}
	lo, hi := d.bounds[k], d.bounds[k+1]
	if d.r != nil {
		d.r.complete(lo, hi, complete)
	}
	if d.auto != nil {
		d.auto.alpha.complete(lo, hi, complete)
		d.auto.beta.complete(lo, hi, complete)
	}
}
