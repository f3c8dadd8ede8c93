package model

import (
	"fmt"

	"cellvi/model/kernel"
)

// decoder is the hidden layers of p(x|z, s): the first sees z, continuous covariates
// and the batch's vector, and every one, or only the first, the one-hot covariates
// beside its input. Its outputs are head's. A linear decoder has no layer of its own:
// its outputs see z and the one-hot batch.
type decoder[T kernel.Float] struct {
	in, hot int // columns of the input, and one-hot columns beside them
	linears []*linear[T]
	hiddens []*hidden[T]
	flat    bool // linear
}

func newDecoder[T kernel.Float](s *slabs[T], cfg Config) *decoder[T] {
	d := &decoder[T]{in: cfg.NLatent + cfg.dense(), hot: columnsOf(cfg.hots()), flat: cfg.Model == LinearSCVI}
	if d.flat {
		return d
	}
	in := d.in
	for i := range cfg.NLayers {
		name, hot := fmt.Sprintf("decoder.px_decoder.fc_layers.Layer %d", i), d.hot
		if i > 0 && !cfg.DeeplyInject {
			hot = 0
		}
		d.linears = append(d.linears, newLinear(s, name+".0", in, hot, cfg.NHidden))
		d.hiddens = append(d.hiddens, newHidden(s, name+".1", cfg.NHidden, inDecoder(cfg.UseBatchNorm), inDecoder(cfg.UseLayerNorm)))
		in = cfg.NHidden
	}
	return d
}

// width is the numbers that a cell has at the outputs' input.
func (d *decoder[T]) width() int {
	if d.flat {
		return d.in + d.hot
	}
	return d.hiddens[len(d.hiddens)-1].h
}

// forward goes from the input u (B, in) to what the outputs see (B, width). The
// decoder has no dropout.
func (d *decoder[T]) forward(ops kernel.Ops[T], m *Minibatch[T], train bool, u []T, p *decoderPass[T]) []T {
	if d.flat {
		return d.spread(m, u, p)
	}
	x := u
	for i, n := range d.hiddens {
		d.linears[i].forward(ops, m.B, x, m.Hot, p.acts[i].x)
		n.forward(ops, m.B, train, nil, &p.acts[i])
		x = p.acts[i].y
	}
	return x
}

// decoderPass is the decoder's numbers in a pass over B cells.
type decoderPass[T kernel.Float] struct {
	acts []activations[T]
	wide []T // (B, in + hot) of a linear decoder: the input with its one-hot columns
	dh   []T // (B, width) gradient at the outputs' input, of a linear decoder
}

func (p *decoderPass[T]) resize(b int, d *decoder[T]) {
	for i, n := range d.hiddens {
		p.acts[i].resize(b, n)
	}
	if d.flat {
		p.wide, p.dh = resize(p.wide, b*d.width()), resize(p.dh, b*d.width())
	}
}

// gradient is where that at the outputs' input goes.
func (p *decoderPass[T]) gradient() []T {
	if n := len(p.acts); n > 0 {
		return p.acts[n-1].dy
	}
	return p.dh
}

// spread writes the one-hot columns out.
func (d *decoder[T]) spread(m *Minibatch[T], u []T, p *decoderPass[T]) []T {
	w := d.width()
	clear(p.wide)
	for b := range m.B {
		row := p.wide[b*w : (b+1)*w]
		copy(row, u[b*d.in:(b+1)*d.in])
		if d.hot > 0 {
			for _, c := range m.Hot.of(b) {
				row[d.in+int(c)] = 1
			}
		}
	}
	return p.wide
}

// backward goes from p.gradient to du (B, in).
func (d *decoder[T]) backward(ops kernel.Ops[T], m *Minibatch[T], u []T, p *decoderPass[T], du []T) {
	if d.flat {
		for b := range m.B {
			copy(du[b*d.in:(b+1)*d.in], p.dh[b*d.width():])
		}
		return
	}
	for i := len(p.acts) - 1; i >= 0; i-- {
		d.hiddens[i].backward(ops, m.B, &p.acts[i])
		x, dx := u, du
		if i > 0 {
			x, dx = p.acts[i-1].y, p.acts[i-1].dy
		}
		d.linears[i].backward(ops, m.B, x, m.Hot, p.acts[i].dy, dx)
	}
}
