package model

import (
	"math"

	"cellvi/model/kernel"
)

// hidden is what follows the linear map of a hidden layer: batch normalization,
// ReLU, dropout.
type hidden[T kernel.Float] struct {
	name          string
	gamma, beta   *param[T]
	mean, runvar  []T // running statistics (H), used in evaluation
	momentum, eps T
}

func newHidden[T kernel.Float](s *slabs[T], name string, h int) *hidden[T] {
	n := &hidden[T]{name: name, gamma: s.add(name+".weight", false, h), beta: s.add(name+".bias", false, h),
		mean: make([]T, h), runvar: make([]T, h), momentum: normMomentum, eps: normEps}
	for i := range n.runvar {
		n.runvar[i] = 1
	}
	return n
}

// activations are one hidden layer's numbers in a pass over B cells.
type activations[T kernel.Float] struct {
	x, xhat, y, dy []T // (B, H) before normalization, normalized, after ReLU and dropout, gradient
	mean, variance []T // (H) of the minibatch
	mask           []T // (B, H), nil: no dropout
}

func (a *activations[T]) resize(b, h int) {
	a.x, a.xhat, a.y, a.dy = resize(a.x, b*h), resize(a.xhat, b*h), resize(a.y, b*h), resize(a.dy, b*h)
	a.mean, a.variance = resize(a.mean, h), resize(a.variance, h)
}

// forward turns a.x into a.y. mask nil means no dropout. In training the
// minibatch's statistics normalize and move the running ones (the variance by
// its unbiased estimate, as PyTorch does); in evaluation the running ones do.
func (n *hidden[T]) forward(ops kernel.Ops[T], b int, train bool, mask []T, a *activations[T]) {
	h := len(n.mean)
	if train {
		ops.BatchNorm(b, h, a.x, n.gamma.w, n.beta.w, n.eps, a.mean, a.variance, a.xhat, a.y)
		n.track(b, a)
	} else {
		n.frozen(ops, b, a)
	}
	a.mask = mask
	ops.ReLU(mask, a.y)
}

// track moves the running statistics.
func (n *hidden[T]) track(b int, a *activations[T]) {
	unbias := T(b) / T(max(b-1, 1))
	for i := range n.mean {
		n.mean[i] += n.momentum * (a.mean[i] - n.mean[i])
		n.runvar[i] += n.momentum * (a.variance[i]*unbias - n.runvar[i])
	}
}

// frozen normalizes by the running statistics: y = scale x + shift per unit.
func (n *hidden[T]) frozen(ops kernel.Ops[T], b int, a *activations[T]) {
	h := len(n.mean)
	for i := range h { // the minibatch's arrays hold scale and shift here
		a.variance[i] = n.gamma.w[i] / T(math.Sqrt(float64(n.runvar[i]+n.eps)))
		a.mean[i] = n.beta.w[i] - n.mean[i]*a.variance[i]
	}
	ops.Affine(b, h, a.variance, a.mean, a.x, a.y)
}

// backward turns a.dy, the gradient at a.y, into the gradient at a.x in place,
// and writes those of gamma and beta. It follows a forward in training.
func (n *hidden[T]) backward(ops kernel.Ops[T], b int, a *activations[T]) {
	h := len(n.mean)
	ops.ReLUBackward(a.y[:b*h], a.mask, a.dy[:b*h])
	ops.BatchNormBackward(b, h, a.xhat, n.gamma.w, a.variance, n.eps, a.dy, n.gamma.g, n.beta.g, a.dy)
}
