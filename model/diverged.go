package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
)

// ErrDiverged says that training met a number that is not finite, and stopped
// there. The error that wraps it is a *Divergence.
var ErrDiverged = errors.New("training diverged")

// Divergence is the first number of a training that is not finite.
type Divergence struct {
	Epoch     int     // from 1
	Minibatch int     // of the epoch, from 1; 0: among the validation cells, after the epoch
	Tensor    string  // by scvi-tools' name where it has one
	Parameter bool    // Tensor is a parameter or running statistic, and this minibatch's step made it so
	Items     []int64 // cells at fault, by Cells.Item; of a parameter the minibatch's, those with most counts first
	Of        int     // cells that were looked at
}

// Error tells all but the cells, whose names the caller knows.
func (d *Divergence) Error() string {
	at := fmt.Sprintf("%v: epoch %d, ", ErrDiverged, d.Epoch)
	switch {
	case d.Minibatch == 0:
		return at + fmt.Sprintf("validation: %s is not finite for %d of %d cells", d.Tensor, len(d.Items), d.Of)
	case d.Parameter:
		return at + fmt.Sprintf("minibatch %d: %s is not finite after the step on these %d cells", d.Minibatch, d.Tensor, d.Of)
	}
	return at + fmt.Sprintf("minibatch %d: %s is not finite for %d of %d cells", d.Minibatch, d.Tensor, len(d.Items), d.Of)
}

// Unwrap is ErrDiverged.
func (*Divergence) Unwrap() error { return ErrDiverged }

// stepped is the minibatch of the last step, which the parameters now come from.
type stepped struct {
	epoch, minibatch int // from 1
	items            []int64
	library          []float32
}

// remember keeps which cells the step was on.
func (s *stepped) remember(at Position, m *Minibatch[float32]) {
	s.epoch, s.minibatch = at.Epoch+1, at.Batch+1
	s.items = append(s.items[:0], m.Item...)
	s.library = append(s.library[:0], m.Library[:m.B]...)
}

// broke says that the step left tensor not finite.
func (s *stepped) broke(tensor string) *Divergence {
	order := make([]int, len(s.items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.library[b], s.library[a]) })
	d := &Divergence{Epoch: s.epoch, Minibatch: s.minibatch, Tensor: tensor, Parameter: true, Of: len(order)}
	for _, i := range order {
		d.Items = append(d.Items, s.items[i])
	}
	return d
}

// Finite returns a *Divergence where a parameter is no longer a finite number.
func (t *Trainer) Finite() error {
	if name := t.vae.notFinite(); name != "" {
		return t.last.broke(name)
	}
	return nil
}

// diverged says where the number came from that made the present minibatch's loss
// not finite: a parameter that the step before broke, or this forward, which may
// have broken running statistics already.
func (t *Trainer) diverged() error {
	if name := t.vae.brokenParameter(); name != "" {
		return t.last.broke(name)
	}
	d := t.pass.notFinite(t.mini.B)
	d.Epoch, d.Minibatch = t.at.Epoch+1, t.at.Batch+1
	return d
}

// notFinite finds the first tensor of the forward, in the order in which they
// follow from each other, with a number that is not finite in the first n cells,
// and whose cells they are.
func (p *Pass[T]) notFinite(n int) *Divergence {
	for _, tensor := range p.tensors() {
		var items []int64
		for b := range n {
			if !tensor.finite(b) {
				items = append(items, p.m.Item[b])
			}
		}
		if len(items) > 0 {
			return &Divergence{Tensor: tensor.name, Items: items, Of: n}
		}
	}
	return &Divergence{Tensor: "the loss", Of: n} // of what belongs to no cell
}

// cellTensor is numbers of cells.
type cellTensor struct {
	name   string
	finite func(b int) bool // those of cell b
}

// tensors are a forward's, from the counts to the losses.
func (p *Pass[T]) tensors() (list []cellTensor) {
	add := func(name string, x []T, width int) {
		list = append(list, cellTensor{name, func(b int) bool { return finite(x[b*width : (b+1)*width]) }})
	}
	losses := func(name string, x []float64) {
		list = append(list, cellTensor{name, func(b int) bool { return !math.IsNaN(x[b]) && !math.IsInf(x[b], 0) }})
	}
	v := p.vae
	layers := func(name string, acts []activations[T], hiddens []*hidden[T]) {
		for i := range hiddens {
			add(fmt.Sprintf("the input of %s, layer %d,", name, i), acts[i].x, hiddens[i].h)
			add(fmt.Sprintf("the output of %s, layer %d,", name, i), acts[i].y, hiddens[i].h)
		}
	}
	layers("z_encoder", p.enc.acts, v.enc.hiddens)
	add("qz_m", p.enc.mean, v.NLatent)
	add("qz_v", p.enc.variance, v.NLatent)
	for i, l := range v.enc.more {
		add([]string{"the Cholesky factor of qz", "the flow of qz, outer triangles,", "the flow of qz, inner triangles,"}[i], p.enc.more[i], l.out)
	}
	add("z", p.Z, v.NLatent)
	if v.lib != nil {
		layers("l_encoder", p.lib.acts, v.lib.hiddens)
		add("ql_m", p.lib.mean, 1)
		add("ql_v", p.lib.variance, 1)
	}
	add("library", p.Library, 1)
	layers("decoder", p.dec.acts, v.dec.hiddens)
	list = append(list, cellTensor{"px_scale", func(b int) bool {
		ok := true
		for k := range v.head.blocks() {
			at := k*p.head.ld + b
			ok = ok && finite(p.head.max[at:at+1]) && finite(p.head.sum[at:at+1]) && finite(p.head.scale[at:at+1])
		}
		return ok
	}})
	losses("reconstruction_loss", p.Rec)
	losses("kl_local", p.KL)
	losses("kl_local of the library size", p.KLLibrary)
	return list
}

// diverged is Trainer.diverged for rows of source in evaluation.
func (e *Evaluator) diverged(ctx context.Context, source Source, rows []int32, d draws) (*Divergence, error) {
	var found *Divergence
	var mu sync.Mutex
	at := len(rows)
	err := e.each(ctx, source, rows, func(t task) {
		t.mini.fill(t.cells, t.rows, e.vae.frame)
		t.mini.draw(t.cells, t.rows, d)
		t.pass.forward(t.mini, false)
		one := t.pass.notFinite(t.n)
		mu.Lock()
		defer mu.Unlock()
		if len(one.Items) > 0 && t.first < at { // the first minibatch's, for any number of threads
			found, at = one, t.first
		}
	})
	if found == nil {
		found = &Divergence{Tensor: "the loss"}
	}
	found.Of = len(rows)
	return found, err
}
