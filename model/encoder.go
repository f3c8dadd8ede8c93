package model

import (
	"fmt"

	"cellvi/model/kernel"
)

// encoder is a posterior given a cell: hidden layers over log(1+x) and perhaps
// covariates, then the posterior's mean A h + a and variance exp(B h + b) + 1e-4.
// There is one of z, and where the library size is latent one of its logarithm.
type encoder[T kernel.Float] struct {
	name     string
	genes, h int
	dense    int       // columns of the input after the genes: continuous covariates, the batch's vector
	hot      int       // one-hot columns after these
	in       *param[T] // (H, G + dense + hot), kept transposed: a block of genes is one stretch
	bias     *param[T] // (H)
	linears  []*linear[T]
	hiddens  []*hidden[T]
	mean     *linear[T]
	variance *linear[T]
	more     []*linear[T] // further outputs of the posterior: see Family
}

// newEncoder names the layers as scvi-tools does; linears[0] is nil, its place
// taken by the sparse product, whose weight addInput adds.
func newEncoder[T kernel.Float](s *slabs[T], cfg Config, name string, layers, out int) *encoder[T] {
	e := &encoder[T]{name: name, genes: cfg.NInput, h: cfg.NHidden}
	if cfg.EncodeCovariates {
		e.dense, e.hot = cfg.dense(), columnsOf(cfg.hots())
	}
	batch, layer := inEncoder(cfg.UseBatchNorm), inEncoder(cfg.UseLayerNorm)
	if cfg.Model == LinearSCVI { // whose own encoders are made without asking
		batch, layer = true, false
	}
	for i := range layers {
		layerName := fmt.Sprintf("%s.encoder.fc_layers.Layer %d", name, i)
		if i == 0 {
			e.bias = s.add(layerName+".0.bias", false, e.h)
			e.linears = append(e.linears, nil)
		} else {
			hot := e.hot
			if !cfg.DeeplyInject {
				hot = 0
			}
			e.linears = append(e.linears, newLinear(s, layerName+".0", e.h, hot, e.h))
		}
		e.hiddens = append(e.hiddens, newHidden(s, layerName+".1", e.h, batch, layer))
	}
	e.mean = newLinear(s, name+".mean_encoder", e.h, 0, out)
	e.variance = newLinear(s, name+".var_encoder", e.h, 0, out)
	return e
}

// addInput adds the weight of the input, which is cut by blocks of genes.
func (e *encoder[T]) addInput(s *slabs[T]) {
	in := e.genes + e.dense + e.hot
	e.in = s.add(e.name+".encoder.fc_layers.Layer 0.0.weight", true, e.h, in)
	e.in.fan, e.bias.fan = in, in
}

func inEncoder(where string) bool { return where == "both" || where == "encoder" }
func inDecoder(where string) bool { return where == "both" || where == "decoder" }

// columnsOf is the number of one-hot columns of covariates of so many levels.
func columnsOf(levels []int) (n int) {
	for _, l := range levels {
		if l > 1 { // a covariate of one level contributes no column
			n += l
		}
	}
	return n
}

// input writes the first hidden layer's x for cells lo … hi−1. dense (B, dense)
// is what stands beside the counts.
func (e *encoder[T]) input(ops kernel.Ops[T], lo, hi, blocks int, m *Minibatch[T], dense, x []T) {
	ops.SparseForward(lo, hi, m.B, e.h, blocks, m.Bound, m.Idx, m.Log, e.in.w, e.bias.w, x)
	for b := lo; b < hi; b++ { // cell by cell: the sums do not depend on where threads cut
		row := x[b*e.h : (b+1)*e.h]
		for k := range e.dense {
			axpy(dense[b*e.dense+k], e.column(e.in.w, k), row)
		}
		if e.hot > 0 {
			for _, c := range m.Hot.of(b) {
				ops.Add(e.column(e.in.w, e.dense+int(c)), row)
			}
		}
	}
}

// column is column k after the genes of the input's weight, or of its gradient.
func (e *encoder[T]) column(of []T, k int) []T {
	return of[(e.genes+k)*e.h : (e.genes+k+1)*e.h]
}

// axpy is y += a x.
func axpy[T kernel.Float](a T, x, y []T) {
	for i, v := range x {
		y[i] += a * v
	}
}

// forward goes from the first layer's x to the posterior's mean, log-variance input
// and further outputs, in q. masks are of dropout, nil in evaluation.
func (e *encoder[T]) forward(ops kernel.Ops[T], m *Minibatch[T], train bool, masks [][]T, q *posterior[T]) {
	acts := q.acts
	for i, n := range e.hiddens {
		if i > 0 {
			e.linears[i].forward(ops, m.B, acts[i-1].y, m.Hot, acts[i].x)
		}
		var mask []T
		if train && len(masks) > 0 {
			mask = masks[i]
		}
		n.forward(ops, m.B, train, mask, &acts[i])
	}
	last := &acts[len(acts)-1]
	e.mean.forward(ops, m.B, last.y, onehot{}, q.mean)
	e.variance.forward(ops, m.B, last.y, onehot{}, q.raw)
	for i, l := range e.more {
		l.forward(ops, m.B, last.y, onehot{}, q.more[i])
	}
}

// backward goes from the gradients at the outputs, in q, to the gradient at the first
// layer's x, left in its acts[0].dy, and writes every gradient but those of the input
// weight's genes. It adds to ddense (B, dense), where that is not nil, the gradient at
// what stands beside the counts.
func (e *encoder[T]) backward(ops kernel.Ops[T], m *Minibatch[T], q *posterior[T], dense, scratch, ddense []T) {
	acts := q.acts
	b, last := m.B, &acts[len(acts)-1]
	e.mean.backward(ops, b, last.y, onehot{}, q.dm, last.dy)
	e.variance.backward(ops, b, last.y, onehot{}, q.dra, scratch)
	ops.Add(scratch[:b*e.h], last.dy[:b*e.h])
	for i, l := range e.more {
		l.backward(ops, b, last.y, onehot{}, q.dmore[i], scratch)
		ops.Add(scratch[:b*e.h], last.dy[:b*e.h])
	}
	for i := len(acts) - 1; i >= 0; i-- {
		e.hiddens[i].backward(ops, b, &acts[i])
		if i > 0 {
			e.linears[i].backward(ops, b, acts[i-1].y, m.Hot, acts[i].dy, acts[i-1].dy)
		}
	}
	dx := acts[0].dy
	ops.ColumnSums(b, e.h, dx, e.bias.g)
	if e.dense > 0 {
		e.denseBackward(ops, b, dense, dx, ddense)
	}
	if e.hot > 0 {
		hotBackward(ops, m.Hot, b, e.h, dx, e.in.g[(e.genes+e.dense)*e.h:])
	}
}

// denseBackward does the columns after the genes.
func (e *encoder[T]) denseBackward(ops kernel.Ops[T], b int, dense, dx, ddense []T) {
	ops.Gemm(true, false, e.dense, e.h, b, 1, dense, e.dense, dx, e.h, 0, e.in.g[e.genes*e.h:], e.h)
	if ddense != nil {
		ops.Gemm(false, true, b, e.dense, e.h, 1, dx, e.h, e.in.w[e.genes*e.h:], e.h, 1, ddense, e.dense)
	}
}
