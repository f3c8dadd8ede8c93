package model

import (
	"context"
	"sync"
)

// Generation says how cells are put through the decoder.
type Generation struct {
	Samples int    // 0: once, at the posterior's mean; else so many draws of z, and of the latent library size
	First   int    // the number of the first draw
	Seed    uint64 // names the draws
	Batch   int    // all cells are decoded as of this batch; −1: each of its own
	Batches []int  // every draw is decoded as of each of these, one after the other; nil: as Batch says
	Latent  bool   // nothing is decoded, nor are Losses and Theta given: the posterior and its draws alone
	Losses  bool   // Rec, KL, KLLibrary and LogRatio too; of AutoZI without draws at the posterior's mean of delta
	Counts  bool   // Counts too
}

// Generated is a minibatch decoded from one draw. Its slices are the callee's until
// it returns.
type Generated struct {
	First, N int       // cells First … First+N−1 of the rows
	Sample   int       // the number of the draw, from Generation.First
	Batch    int       // decoded as of this batch; −1: each cell of its own
	Mean     []float32 // (N, L) of the posterior, before any softmax
	Variance []float32 // (N, L) each dimension's own
	Z        []float32 // (N, L) the draw; on the simplex where the latent is logistic-normal
	Library  []float32 // (N) l: total counts, size factor, or exp of the latent's draw
	Observed []float32 // (N) total counts, or size factors: what Library is where it is not latent
	// Of the latent log l, nil where the library size is observed.
	LibraryMean, LibraryVar []float32 // (N)

	Scale   []float32 // (N, G) expected shares rho, in a model of size factors their softplus; mu = l·rho
	Theta   []float32 // (N, G) inverse dispersion (variance mu + mu²/theta), or the normal's standard deviation; nil for poisson
	Dropout []float32 // (N, G) logits of zero inflation, AutoZI's rescaled; nil where there is none
	Counts  []float32 // (N, G), nil unless asked for

	Rec, KL, KLLibrary []float64 // (N) nil unless asked for: −log p(x|z, l), and the posterior's divergences
	LogRatio           []float64 // (N) nil unless Losses of draws: log p(z, l) − log q(z, l|x), see Pass.logRatio
}

// Generate calls do with every minibatch of rows of source and every draw, from
// several goroutines: all draws of a minibatch, in order, from the same one. Its
// first error ends the work. A cell's numbers are a function of the model, the
// cell and g alone.
func (e *Evaluator) Generate(ctx context.Context, source Source, rows []int32, g Generation, do func(*Generated) error) error {
	makers := sync.Pool{New: func() any { return &generator{vae: e.vae, of: g, points: e.vae.points(false)} }}
	return e.eachUntil(ctx, source, rows, func(ctx context.Context, t task) error {
		x := makers.Get().(*generator)
		defer makers.Put(x)
		return x.minibatch(ctx, t, do)
	})
}

// generator makes Generated of passes.
type generator struct {
	vae    *VAE[float32]
	of     Generation
	out    Generated
	d      decoded[float32]
	counts []float32
	ratio  []float64
	at     int // the batch that the pass decodes as
	points []float64
}

func (x *generator) minibatch(ctx context.Context, t task, do func(*Generated) error) error {
	v, p, m := x.vae, t.pass, t.mini
	m.fill(t.cells, t.rows, v.frame)
	m.still(v.Config)
	p.open(m, false)
	p.center(t.n, x.points)
	x.at = -1
	for s := x.of.First; s < x.of.First+max(1, x.of.Samples); s++ {
		if x.of.Samples > 0 {
			p.redraw(t, x.of.Seed, s)
		}
		for _, batch := range x.of.batches() {
			if err := ctx.Err(); err != nil {
				return err
			}
			x.as(batch, t)
			x.decode(t, s)
			if err := do(&x.out); err != nil {
				return err
			}
		}
	}
	return nil
}

// batches are those that a draw is decoded as.
func (g Generation) batches() []int {
	if g.Batches == nil {
		return []int{g.Batch}
	}
	return g.Batches
}

// as has the pass decode as of a batch; −1: each cell as of its own.
func (x *generator) as(batch int, t task) {
	if batch == x.at {
		return
	}
	x.at = batch
	for b, r := range t.rows {
		code := max(0, int32(batch))
		if batch < 0 && r != nobody {
			code = t.cells.Batch[r]
		}
		t.mini.asBatch(b, code, x.vae.frame)
	}
	t.pass.besides()
	x.vae.head.code(t.mini, &t.pass.head)
}

// decode decodes a draw, and makes Generated of it.
func (x *generator) decode(t task, sample int) {
	p := t.pass
	if !x.of.Latent {
		p.decode(false)
		x.d.take(p)
		if x.of.Losses {
			p.score(false)
		}
	}
	x.assemble(t, sample)
}

// redraw draws z anew, the latent library size, and AutoZI's delta, which is one for
// all cells.
func (p *Pass[T]) redraw(t task, seed uint64, sample int) {
	v, m := p.vae, p.m
	d := v.draws(seed, sample, 0)
	d.noise, d.rate = GenerateNoise, 0
	m.draw(t.cells, t.rows, d)
	p.sample()
	if a := v.head.auto; a != nil {
		a.draw(m.Key, 0, v.NInput, &p.head.auto)
	}
}

// assemble makes Generated of the minibatch's cells.
func (x *generator) assemble(t task, sample int) {
	p, v, n, l := t.pass, x.vae, t.n, x.vae.NLatent
	g := v.NInput
	x.out = Generated{First: t.first, N: n, Sample: sample, Batch: x.at, Mean: p.Mean[:n*l], Variance: p.Variance[:n*l],
		Z: p.Z[:n*l], Library: p.Library[:n], Observed: t.mini.Library[:n]}
	if !x.of.Latent {
		x.out.Scale = x.d.scale[:n*g]
	}
	if v.lib != nil {
		x.out.LibraryMean, x.out.LibraryVar = p.lib.mean[:n], p.lib.variance[:n]
	}
	if x.d.theta != nil {
		x.out.Theta = x.d.theta[:n*g]
	}
	if x.d.dropout != nil {
		x.out.Dropout = x.d.dropout[:n*g]
	}
	if x.of.Losses && !x.of.Latent {
		x.out.Rec, x.out.KL, x.out.KLLibrary = p.Rec[:n], p.KL[:n], p.KLLibrary[:n]
		if x.of.Samples > 0 {
			x.ratio = resize(x.ratio, n)
			p.logRatio(x.ratio)
			x.out.LogRatio = x.ratio
		}
	}
	if x.of.Counts {
		x.out.Counts = x.spread(t.mini, n)
	}
}

// spread writes the counts out.
func (x *generator) spread(m *Minibatch[float32], n int) []float32 {
	g := x.vae.NInput
	x.counts = resize(x.counts, n*g)
	clear(x.counts)
	for b := range n {
		for i := m.Ptr[b]; i < m.Ptr[b+1]; i++ {
			x.counts[b*g+int(m.Idx[i])] = m.Val[i]
		}
	}
	return x.counts
}
