package model

import (
	"math"

	"cellvi/model/kernel"
)

// hidden is what follows the linear map of a hidden layer: batch normalization,
// layer normalization, either, both or none, then ReLU and dropout.
type hidden[T kernel.Float] struct {
	h     int
	norm  *batchNorm[T] // nil: none
	layer bool          // normalized over the cell's units, without parameters
}

// batchNorm normalizes each unit over the cells of a minibatch.
type batchNorm[T kernel.Float] struct {
	name          string
	gamma, beta   *param[T]
	mean, runvar  []T // running statistics (H), used in evaluation
	momentum, eps T
	still         bool // in training too the running statistics normalize, and stay: see Freeze
}

func newBatchNorm[T kernel.Float](s *slabs[T], name string, h int) *batchNorm[T] {
	n := &batchNorm[T]{name: name, gamma: s.add(name+".weight", false, h), beta: s.add(name+".bias", false, h),
		mean: make([]T, h), runvar: make([]T, h), momentum: normMomentum, eps: normEps}
	n.gamma.ones = true
	for i := range n.runvar {
		n.runvar[i] = 1
	}
	return n
}

func newHidden[T kernel.Float](s *slabs[T], name string, h int, batch, layer bool) *hidden[T] {
	n := &hidden[T]{h: h, layer: layer}
	if batch {
		n.norm = newBatchNorm(s, name, h)
	}
	return n
}

// activations are one hidden layer's numbers in a pass over B cells.
type activations[T kernel.Float] struct {
	x, xhat, y, dy []T // (B, H) before normalization, batch-normalized, after ReLU and dropout, gradient
	lhat, inv      []T // (B, H), (B) layer-normalized, and what it was multiplied by
	mean, variance []T // (H) of the minibatch
	mask           []T // (B, H), nil: no dropout
}

func (a *activations[T]) resize(b int, n *hidden[T]) {
	a.x, a.y, a.dy = resize(a.x, b*n.h), resize(a.y, b*n.h), resize(a.dy, b*n.h)
	if n.norm != nil {
		a.xhat, a.mean, a.variance = resize(a.xhat, b*n.h), resize(a.mean, n.h), resize(a.variance, n.h)
	}
	if n.layer {
		a.lhat, a.inv = resize(a.lhat, b*n.h), resize(a.inv, b)
	}
}

// forward turns a.x into a.y. mask nil means no dropout. In training the
// minibatch's statistics normalize and move the running ones; in evaluation the
// running ones do.
func (n *hidden[T]) forward(ops kernel.Ops[T], b int, train bool, mask []T, a *activations[T]) {
	switch {
	case n.norm == nil:
		copy(a.y, a.x)
	case train && n.norm.still:
		n.norm.fixed(b, n.h, a)
	case train:
		ops.BatchNorm(b, n.h, a.x, n.norm.gamma.w, n.norm.beta.w, n.norm.eps, a.mean, a.variance, a.xhat, a.y)
		n.norm.track(b, 0, a.mean, a.variance)
	default:
		n.norm.affine(0, n.h, a.variance, a.mean)
		ops.Affine(b, n.h, a.variance, a.mean, a.x, a.y)
	}
	if n.layer {
		ops.LayerNorm(b, n.h, a.y, layerNormEps, a.inv, a.lhat)
		copy(a.y, a.lhat)
	}
	a.mask = mask
	ops.ReLU(mask, a.y)
}

// track moves the running statistics of units from first on by those of a
// minibatch of b cells, the variance by its unbiased estimate, as PyTorch does.
func (n *batchNorm[T]) track(b, first int, mean, variance []T) {
	if n.momentum == 0 { // not even the sign of a zero changes
		return
	}
	unbias := T(b) / T(max(b-1, 1))
	for i := range mean {
		at := first + i
		n.mean[at] += n.momentum * (mean[i] - n.mean[at])
		n.runvar[at] += n.momentum * (variance[i]*unbias - n.runvar[at])
	}
}

// affine writes what normalizing units lo … hi−1 by the running statistics is:
// y = scale x + shift.
func (n *batchNorm[T]) affine(lo, hi int, scale, shift []T) {
	for i := lo; i < hi; i++ {
		scale[i-lo] = n.gamma.w[i] / T(math.Sqrt(float64(n.runvar[i]+n.eps)))
		shift[i-lo] = n.beta.w[i] - n.mean[i]*scale[i-lo]
	}
}

// backward turns a.dy, the gradient at a.y, into the gradient at a.x in place,
// and writes those of gamma and beta. It follows a forward in training.
func (n *hidden[T]) backward(ops kernel.Ops[T], b int, a *activations[T]) {
	ops.ReLUBackward(a.y[:b*n.h], a.mask, a.dy[:b*n.h])
	if n.layer {
		ops.LayerNormBackward(b, n.h, a.lhat, a.inv, a.dy, a.dy)
	}
	if m := n.norm; m != nil && m.still {
		m.fixedBackward(b, n.h, a)
	} else if m != nil {
		ops.BatchNormBackward(b, n.h, a.xhat, m.gamma.w, a.variance, m.eps, a.dy, m.gamma.g, m.beta.g, a.dy)
	}
}
