package model

import (
	"context"
	"math"

	"cellvi/model/kernel"
	"cellvi/model/vi"
)

// Conditional is log p(x, u) of the cells of a minibatch with the decoder fixed: a
// vi.Target whose problem i is cell First+i of the rows. Its coordinates u are z, before
// the softmax where the latent is logistic-normal, with prior N(0, I); and where the
// library size is latent one more, log l, with its batch's prior N(m_s, v_s).
// AutoZI's delta is held at its posterior's mean.
//
// A point's numbers are a function of its cell and u alone: passes are of 32, 64, 96 or 128
// rows, whole tiles of the kernels, and steady does the same for the products of layers.
type Conditional struct {
	First, N int // cells First … First+N−1 of the rows

	vae     *VAE[float32]
	cells   *Cells
	mini    *Minibatch[float32]
	pass    *Pass[float32]
	encoded []vi.Gaussian
	keys    []uint64
	points  []float64 // of simplexMoments; nil: not yet needed
	rows    []int     // of the pass, as they were last filled; nil: not at all
	spare   []float32 // sums over cells that nobody asks for
	sizes   []float32 // (N) library sizes in place of the cells'; nil: theirs
	decoded decoded[float32]
	out     Decoded
	curve   curve
	at      []float32 // (B, L) a direction in z
	tangent tangent[float32]
}

// Conditionals calls do, from several goroutines, with every minibatch of rows of source.
// Its first error ends the work. do may use its argument until it returns.
func (e *Evaluator) Conditionals(ctx context.Context, source Source, rows []int32, do func(*Conditional) error) error {
	points := e.vae.points(false)
	return e.eachUntil(ctx, source, rows, func(_ context.Context, t task) error {
		c := e.condition(t, points)
		defer c.LeaveOut(nil) // the pass is the next minibatch's
		return do(c)
	})
}

// condition encodes the minibatch's cells; points are what a flow's moments are taken over.
func (e *Evaluator) condition(t task, points []float64) *Conditional {
	p, m := t.pass, t.mini
	m.fill(t.cells, t.rows, e.vae.frame)
	m.still(e.vae.Config)
	p.encode(m, false, 0, nil)
	c := &Conditional{First: t.first, N: t.n, vae: e.vae, cells: t.cells, mini: m, pass: p}
	for i := range t.n {
		c.encoded = append(c.encoded, p.gaussian(i, points))
		c.keys = append(c.keys, uint64(m.Item[i]))
	}
	return c
}

// gaussian is the encoder's posterior of cell i; of a flow, the one of its mean and
// covariance.
func (p *Pass[T]) gaussian(i int, points []float64) vi.Gaussian {
	l, n := p.vae.NLatent, p.vae.coordinates()
	q := vi.Gaussian{Mean: make([]float64, n), Chol: make([]float64, n*n)}
	p.normal(i, points, q.Mean, q.Chol, n)
	if p.vae.lib != nil {
		q.Mean[l], q.Chol[l*n+l] = float64(p.lib.mean[i]), math.Sqrt(float64(p.lib.variance[i]))
	}
	return q
}

// coordinates is the number of what is latent in a cell.
func (v *VAE[T]) coordinates() int {
	if v.lib != nil {
		return v.NLatent + 1
	}
	return v.NLatent
}

// Dim is the number of coordinates.
func (c *Conditional) Dim() int { return c.vae.coordinates() }

// Curved is true: the curvature is that of Gauss and Newton.
func (c *Conditional) Curved() bool { return true }

// Encoded is the encoder's posterior of each cell, in the coordinates; of a flow the
// Gaussian with its mean and covariance.
func (c *Conditional) Encoded() []vi.Gaussian { return c.encoded }

// Keys name the cells' random streams: a cell's place among the prepared ones.
func (c *Conditional) Keys() []uint64 { return c.keys }

// StripeGenes is the number of neighbouring genes that LeaveOut leaves out together.
const StripeGenes = stripeGenes

// LeaveOut leaves the counts of genes out of log p: of those stripes of StripeGenes
// neighbouring genes for whose first gene leave says so; see Stripes. nil leaves none out. Shares are
// still among all genes, and the library size is the cell's.
func (c *Conditional) LeaveOut(leave func(gene int) bool) { c.pass.head.leave = leave }

// SetLibraries puts library sizes (N) in the place of the cells' own, where these are
// observed: of a cell whose genes are partly left out, what the others say of it. nil: its own.
func (c *Conditional) SetLibraries(sizes []float32) { c.sizes = sizes }

// Stripes gives the first gene of every stripe that LeaveOut asks for, ascending.
func (c *Conditional) Stripes() (first []int) {
	bounds := c.vae.head.bounds
	for k := range c.vae.head.blocks() {
		for lo := bounds[k]; lo < bounds[k+1]; lo += stripeGenes {
			first = append(first, lo)
		}
	}
	return first
}

// Evaluate is vi.Target's.
func (c *Conditional) Evaluate(problems []int, u []float64, v vi.Values) {
	n := c.Dim()
	for lo := 0; lo < len(problems); lo += evalBatch {
		hi := min(lo+evalBatch, len(problems))
		part := vi.Values{LogP: v.LogP[lo:hi]}
		if v.Grad != nil {
			part.Grad = v.Grad[lo*n : hi*n]
		}
		if v.Curvature != nil {
			part.Curvature = v.Curvature[lo*n*n : hi*n*n]
		}
		c.evaluate(problems[lo:hi], u[lo*n:hi*n], part)
	}
}

// evaluate does the points of one pass.
func (c *Conditional) evaluate(problems []int, u []float64, v vi.Values) {
	p := c.pass
	c.load(problems)
	c.set(u)
	p.decodeBy(steady{c.vae.ops}, false)
	if v.Curvature != nil { // before the likelihood takes the outputs' memory
		c.curvature(v.Curvature)
	}
	p.score(false)
	for i := range problems {
		v.LogP[i] = c.prior(i, u) - p.Rec[i]
	}
	if v.Grad != nil {
		c.gradient(u, v.Grad)
	}
}

// load brings the cells of these problems into the pass, unless they are there.
func (c *Conditional) load(problems []int) {
	if c.holds(problems) {
		return
	}
	c.rows = resize(c.rows, kernel.Pad(len(problems)))
	for i := range c.rows {
		c.rows[i] = nobody
	}
	copy(c.rows, problems)
	p, m, h := c.pass, c.mini, c.vae.head
	m.fill(c.cells, c.rows, c.vae.frame)
	p.resize(m)
	p.besides()
	p.head.resize(m.B, h)
	h.expect(m, &p.head)
	h.code(m, &p.head)
	for k := range h.blocks() {
		h.sort(c.vae.ops, k, m, &p.head)
	}
}

// holds says whether these problems are in the pass, in this order.
func (c *Conditional) holds(problems []int) bool {
	if len(c.rows) != kernel.Pad(len(problems)) || len(problems) < len(c.rows) && c.rows[len(problems)] != nobody {
		return false
	}
	for i, r := range problems {
		if c.rows[i] != r {
			return false
		}
	}
	return true
}

// set makes the points the pass's latents.
func (c *Conditional) set(u []float64) {
	p, l, n := c.pass, c.vae.NLatent, c.Dim()
	clear(p.Z)
	copy(p.Library, c.mini.Library)
	if c.sizes != nil {
		for i := range len(u) / n {
			p.Library[i] = c.sizes[c.rows[i]]
		}
	}
	for i := range len(u) / n {
		for k := range l {
			p.Z[i*l+k] = float32(u[i*n+k])
		}
		if n > l {
			p.Library[i] = float32(math.Exp(u[i*n+l]))
		}
	}
	if c.vae.LatentDistribution == "ln" {
		softmaxRows(l, p.Z)
	}
}

// prior is the log density of point i, in nats.
func (c *Conditional) prior(i int, u []float64) float64 {
	l, n := c.vae.NLatent, c.Dim()
	sum := -0.5 * float64(l) * math.Log(2*math.Pi)
	for _, x := range u[i*n : i*n+l] {
		sum -= 0.5 * x * x
	}
	if n > l {
		mean, variance := c.libraryPrior(i)
		d := u[i*n+l] - mean
		sum -= 0.5 * (d*d/variance + math.Log(2*math.Pi*variance))
	}
	return sum
}

// libraryPrior is that of log l in row i's batch.
func (c *Conditional) libraryPrior(i int) (mean, variance float64) {
	prior, code := c.vae.libPrior, c.mini.Batch[i]
	return float64(prior.mean[code]), float64(prior.variance[code])
}
