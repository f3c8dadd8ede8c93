package model

import (
	"fmt"

	"cellvi/model/kernel"
)

// decoder is the hidden layers of p(x|z, s): every one sees the one-hot batch
// beside its input (deep injection). Its output head is head.
type decoder[T kernel.Float] struct {
	linears []*linear[T]
	hiddens []*hidden[T]
}

func newDecoder[T kernel.Float](s *slabs[T], cfg Config) *decoder[T] {
	d := &decoder[T]{}
	codes := cfg.NBatch
	if codes == 1 {
		codes = 0 // a covariate of one level contributes no column
	}
	in := cfg.NLatent
	for i := range cfg.NLayers {
		name := fmt.Sprintf("decoder.px_decoder.fc_layers.Layer %d", i)
		d.linears = append(d.linears, newLinear(s, name+".0", in, codes, cfg.NHidden))
		d.hiddens = append(d.hiddens, newHidden(s, name+".1", cfg.NHidden))
		in = cfg.NHidden
	}
	return d
}

// forward goes from z (B, L) to the last layer's activations. The decoder has no dropout.
func (d *decoder[T]) forward(ops kernel.Ops[T], m *Minibatch[T], train bool, z []T, acts []activations[T]) {
	x := z
	for i, n := range d.hiddens {
		d.linears[i].forward(ops, m.B, x, m.Batch, acts[i].x)
		n.forward(ops, m.B, train, nil, &acts[i])
		x = acts[i].y
	}
}

// backward goes from the gradient at the last activations, in their dy, to dz.
func (d *decoder[T]) backward(ops kernel.Ops[T], m *Minibatch[T], z []T, acts []activations[T], dz []T) {
	for i := len(acts) - 1; i >= 0; i-- {
		d.hiddens[i].backward(ops, m.B, &acts[i])
		x, dx := z, dz
		if i > 0 {
			x, dx = acts[i-1].y, acts[i-1].dy
		}
		d.linears[i].backward(ops, m.B, x, m.Batch, acts[i].dy, dx)
	}
}
