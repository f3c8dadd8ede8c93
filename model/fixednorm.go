package model

import "math"

// fixed normalizes the minibatch by the running statistics while training.
func (n *batchNorm[T]) fixed(b, h int, a *activations[T]) {
	n.affine(0, h, a.variance, a.mean)
	for i := range b {
		at := i * h
		for j := range h {
			x := a.x[at+j]
			a.y[at+j] = a.variance[j]*x + a.mean[j]
			a.xhat[at+j] = x - n.mean[j]
		}
	}
}

// fixedBackward turns a.dy into the gradient at a.x in place, and writes those of
// gamma and beta: dgamma = Σ dy (x − mean)/sqrt(var + eps), dbeta = Σ dy, dx = dy·scale.
func (n *batchNorm[T]) fixedBackward(b, h int, a *activations[T]) {
	clear(n.gamma.g)
	clear(n.beta.g)
	for i := range b {
		at := i * h
		for j := range h {
			d := a.dy[at+j]
			n.gamma.g[j] += d * a.xhat[at+j]
			n.beta.g[j] += d
			a.dy[at+j] = d * a.variance[j]
		}
	}
	for j := range h {
		n.gamma.g[j] /= T(math.Sqrt(float64(n.runvar[j] + n.eps)))
	}
}
