package model

import (
	"context"
	"errors"
	"math"
)

// Asking says how the genes of cells are asked for their responses.
type Asking struct {
	Samples     int     // draws of z from each cell's posterior, at least 1
	Seed        uint64  // names the draws; the same as Generation's
	Batches     []int   // cells are decoded as of each of these, averaged; nil: each cell as of its own
	Pseudocount float64 // c of log2(rho + c), a share
	// Direction is v (NLatent) of cell i of the rows, in the coordinates; nil: the cell
	// has none. Several goroutines may call it.
	Direction func(i int) []float32
}

// Responses are how the expected shares rho of a minibatch's cells move with the latent:
// of f_g(z) = log2(rho_g(z) + c), averaged over the batches decoded as. The way of a cell
// goes from z − v to z. Coordinates are those of z; of a logistic-normal latent, which is on the simplex,
// the centred logarithms of z, whose softmax z is. Its slices are the callee's until it
// returns.
type Responses struct {
	First, N int
	Z        []float64 // (N, L) mean of the draws
	Log      []float64 // (N, G) mean over the draws of f_g(z)
	Response []float64 // (N, G) mean of f_g(z) − f_g(z − v), the mean of ∇f_g·v along the way
	Square   []float64 // (N, G) mean of its square
	// ∇f_g (L, N, G) of the first draw at both ends of the way. They and the two before
	// them are open where no cell of the minibatch has a direction.
	Start, End []float32
}

// Respond calls do with the responses of every minibatch of rows of source: from
// several goroutines, but one minibatch at a time, in the rows' order, so that sums
// are the same for any number of threads. Its first error ends the work. A cell's
// numbers are a function of the model, the cell and a alone.
func (e *Evaluator) Respond(ctx context.Context, source Source, rows []int32, a Asking, do func(*Responses) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	q := newQueue(ctx)
	makers := make(chan *responder, len(e.passes))
	for range e.passes {
		makers <- &responder{generator: generator{vae: e.vae}, ask: a}
	}
	err := e.each(ctx, &queued{source, q}, rows, func(t task) {
		x := <-makers
		defer func() { makers <- x }()
		served := false
		defer func() { // of a panic too: those behind must not wait for ever
			if !served {
				q.close()
			}
		}()
		err := x.minibatch(ctx, t)
		if err == nil {
			err = q.enter(t.first/evalBatch, func() error { return do(&x.sums) })
		}
		if served = err == nil; !served && !errors.Is(err, errClosed) {
			cancel(err)
		}
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// responder makes Responses of passes.
type responder struct {
	generator
	ask  Asking
	sums Responses

	z, v     []float32 // (B, L) coordinates of a draw; direction
	directed bool      // some cell has one
	rho      []float32 // (ld, G) shares
	now      []float64 // (N, G) a draw's response, over batches
	slope    []float32 // (N, G) df/d log rho
	tangents []float32 // (B, G) of the outputs
	unit     []float32 // (B, L) a direction in z
	tangent  tangent[float32]
}

// minibatch sums over the draws and batches.
func (x *responder) minibatch(ctx context.Context, t task) error {
	p, m, v := t.pass, t.mini, x.vae
	m.fill(t.cells, t.rows, v.frame)
	m.still(v.Config)
	p.open(m, false)
	x.at = -1
	x.begin(t)
	batches := Generation{Batch: -1, Batches: x.ask.Batches}.batches()
	for s := range x.ask.Samples {
		p.redraw(t, x.ask.Seed, s)
		x.take(t)
		for _, batch := range batches {
			if err := ctx.Err(); err != nil {
				return err
			}
			x.as(batch, t)
			x.respond(t, s == 0)
		}
		x.settle(float64(len(batches)))
	}
	x.finish(float64(x.ask.Samples), float64(len(batches)))
	return nil
}

// settle adds a draw's responses, which are sums over the batches.
func (x *responder) settle(batches float64) {
	for i, r := range x.now {
		r /= batches
		x.sums.Response[i] += r
		x.sums.Square[i] += r * r
	}
	clear(x.now)
}

// begin makes room for the minibatch, and takes the cells' directions.
func (x *responder) begin(t task) {
	g, l, b := x.vae.NInput, x.vae.NLatent, t.mini.B
	y := &x.sums
	y.First, y.N = t.first, t.n
	for _, s := range []*[]float64{&y.Log, &y.Response, &y.Square, &x.now} {
		*s = resize(*s, t.n*g)
		clear(*s)
	}
	y.Z = resize(y.Z, t.n*l)
	clear(y.Z)
	x.v, x.directed = resize(x.v, b*l), false
	clear(x.v)
	for i := 0; i < t.n && x.ask.Direction != nil; i++ {
		v := x.ask.Direction(t.first + i)
		x.directed = x.directed || v != nil
		copy(x.v[i*l:(i+1)*l], v)
	}
	if x.directed {
		y.Start, y.End = resize(y.Start, l*t.n*g), resize(y.End, l*t.n*g)
		clear(y.Start)
		clear(y.End)
	}
}

// take keeps the pass's draw of z, in coordinates.
func (x *responder) take(t task) {
	x.z = resize(x.z, len(t.pass.Z))
	copy(x.z, t.pass.Z)
	if x.vae.LatentDistribution == "ln" {
		Coordinates(x.vae.NLatent, x.z)
	}
	for i := range x.sums.Z {
		x.sums.Z[i] += float64(x.z[i])
	}
}

// least keeps the logarithm of a share that float32 holds no more.
const least = 1e-30

// Coordinates turns rows of z (n, l) on the simplex into their centred logarithms, as
// Responses has them.
func Coordinates(l int, z []float32) {
	for at := 0; at < len(z); at += l {
		mean := 0.0
		for i, s := range z[at : at+l] {
			y := math.Log(max(float64(s), least))
			z[at+i] = float32(y)
			mean += y / float64(l)
		}
		for i := range l {
			z[at+i] -= float32(mean)
		}
	}
}

// respond adds a draw decoded as of a batch.
func (x *responder) respond(t task, gradient bool) {
	p, y, size := t.pass, &x.sums, t.n*x.vae.NInput
	x.decodeAt(p, func(i int) float32 { return x.z[i] })
	for i, rho := range x.rho[:size] {
		f := log2(float64(rho) + x.ask.Pseudocount)
		y.Log[i] += f
		x.now[i] += f
	}
	if !x.directed {
		return
	}
	if gradient {
		x.gradient(p, t.n, y.End)
	}
	x.decodeAt(p, func(i int) float32 { return x.z[i] - x.v[i] })
	for i, rho := range x.rho[:size] {
		x.now[i] -= log2(float64(rho) + x.ask.Pseudocount)
	}
	if gradient {
		x.gradient(p, t.n, y.Start)
	}
}

// decodeAt decodes the coordinates that at gives, and takes the shares.
func (x *responder) decodeAt(p *Pass[float32], at func(i int) float32) {
	for i := range p.Z {
		p.Z[i] = at(i)
	}
	if x.vae.LatentDistribution == "ln" {
		softmaxRows(x.vae.NLatent, p.Z)
	}
	p.decode(false)
	x.rho = resize(x.rho, p.head.ld*x.vae.NInput)
	x.vae.head.shares(x.vae.ops, &p.head, x.rho)
}

// finish makes means of the sums.
func (x *responder) finish(samples, batches float64) {
	y := &x.sums
	for i := range y.Log {
		y.Log[i] /= samples * batches
		y.Response[i] /= samples
		y.Square[i] /= samples
	}
	for i := range y.Z {
		y.Z[i] /= samples
	}
	for i := 0; i < len(y.End) && x.directed; i++ {
		y.Start[i] /= float32(batches)
		y.End[i] /= float32(batches)
	}
}

// RespondBytes is about what Evaluator.Respond takes beside EvalBytes.
func RespondBytes(cfg Config, threads int) int64 {
	g, l := int64(cfg.NInput), int64(cfg.NLatent)
	return int64(threads) * evalBatch * (g*(4*8+3*4+8*l) + 16*l + 8*inputs(cfg))
}
