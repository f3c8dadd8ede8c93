package kernel

// BatchNorm is described at Ops.
func (Reference[T]) BatchNorm(b, h int, x, gamma, beta []T, eps T, mean, variance, xhat, y []T) {
	for j := range h {
		var m, v T
		for i := range b {
			m += x[i*h+j]
		}
		m /= T(b)
		for i := range b {
			d := x[i*h+j] - m
			v += d * d
		}
		v /= T(b)
		mean[j], variance[j] = m, v
		inv := 1 / sqrt(v+eps)
		for i := range b {
			xhat[i*h+j] = (x[i*h+j] - m) * inv
			y[i*h+j] = gamma[j]*xhat[i*h+j] + beta[j]
		}
	}
}

// BatchNormBackward is described at Ops. With N cells and c = gamma/sqrt(var+eps):
// dx = c (dy − (dbeta + xhat dgamma)/N).
func (Reference[T]) BatchNormBackward(b, h int, xhat, gamma, variance []T, eps T, dy, dgamma, dbeta, dx []T) {
	for j := range h {
		var dg, db T
		for i := range b {
			db += dy[i*h+j]
			dg += dy[i*h+j] * xhat[i*h+j]
		}
		dgamma[j], dbeta[j] = dg, db
		c := gamma[j] / sqrt(variance[j]+eps)
		for i := range b {
			dx[i*h+j] = c * (dy[i*h+j] - (db+xhat[i*h+j]*dg)/T(b))
		}
	}
}
