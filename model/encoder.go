package model

import (
	"fmt"

	"cellvi/model/kernel"
)

// encoder is q(z|x): hidden layers over log(1+x), then the posterior's mean
// q_m = A h + a and variance q_v = exp(B h + b) + 1e-4.
type encoder[T kernel.Float] struct {
	in       *param[T] // (H, G), kept (G, H): a block of genes is one stretch
	bias     *param[T] // (H)
	linears  []*linear[T]
	hiddens  []*hidden[T]
	mean     *linear[T]
	variance *linear[T]
}

// newEncoder names the layers as scvi-tools does; linears[0] is nil, its place
// taken by the sparse product.
func newEncoder[T kernel.Float](s *slabs[T], cfg Config) *encoder[T] {
	e := &encoder[T]{}
	for i := range cfg.NLayers {
		name := fmt.Sprintf("z_encoder.encoder.fc_layers.Layer %d", i)
		if i == 0 {
			e.bias = s.add(name+".0.bias", false, cfg.NHidden)
			e.linears = append(e.linears, nil)
		} else {
			e.linears = append(e.linears, newLinear(s, name+".0", cfg.NHidden, 0, cfg.NHidden))
		}
		e.hiddens = append(e.hiddens, newHidden(s, name+".1", cfg.NHidden))
	}
	e.mean = newLinear(s, "z_encoder.mean_encoder", cfg.NHidden, 0, cfg.NLatent)
	e.variance = newLinear(s, "z_encoder.var_encoder", cfg.NHidden, 0, cfg.NLatent)
	return e
}

// input writes the first hidden layer's x for cells lo … hi−1.
func (e *encoder[T]) input(ops kernel.Ops[T], lo, hi, blocks int, m *Minibatch[T], x []T) {
	ops.SparseForward(lo, hi, m.B, len(e.bias.w), blocks, m.Bound, m.Idx, m.Log, e.in.w, e.bias.w, x)
}

// forward goes from the first layer's x to the posterior's mean and log-variance input.
func (e *encoder[T]) forward(ops kernel.Ops[T], m *Minibatch[T], train bool, acts []activations[T], mean, raw []T) {
	for i, n := range e.hiddens {
		if i > 0 {
			e.linears[i].forward(ops, m.B, acts[i-1].y, nil, acts[i].x)
		}
		var mask []T
		if train && len(m.EncMasks) > 0 {
			mask = m.EncMasks[i]
		}
		n.forward(ops, m.B, train, mask, &acts[i])
	}
	last := &acts[len(acts)-1]
	e.mean.forward(ops, m.B, last.y, nil, mean)
	e.variance.forward(ops, m.B, last.y, nil, raw)
}

// backward goes from the gradients at mean and raw to the gradient at the first
// layer's x, left in acts[0].dy, and writes every gradient but the input weight's.
func (e *encoder[T]) backward(ops kernel.Ops[T], b int, acts []activations[T], dmean, draw, scratch []T) {
	last := len(acts) - 1
	e.mean.backward(ops, b, acts[last].y, nil, dmean, acts[last].dy)
	e.variance.backward(ops, b, acts[last].y, nil, draw, scratch)
	ops.Add(scratch, acts[last].dy[:len(scratch)])
	for i := last; i >= 0; i-- {
		e.hiddens[i].backward(ops, b, &acts[i])
		if i > 0 {
			e.linears[i].backward(ops, b, acts[i-1].y, nil, acts[i].dy, acts[i-1].dy)
		}
	}
	ops.ColumnSums(b, len(e.bias.w), acts[0].dy, e.bias.g)
}
