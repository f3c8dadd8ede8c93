package kernel

import "math"

// SoftplusBlock is described at Ops.
func (Reference[T]) SoftplusBlock(n, ld int, y, bias []T) {
	for j := range n {
		for at := j * ld; at < (j+1)*ld; at++ {
			y[at] = T(softplus(float64(y[at]) + float64(bias[j])))
		}
	}
}

// SoftplusBackward is described at Ops. The sigmoid of a logit with softplus rho
// is 1 − exp(−rho); over rho, it is 1 where rho is 0.
func (Reference[T]) SoftplusBackward(n, ld int, y, a []T, mean T, db []T) {
	for j := range n {
		db[j] = 0
		for at := j * ld; at < (j+1)*ld; at++ {
			slope := 1.0
			if rho := float64(y[at]); rho > 0 {
				slope = -math.Expm1(-rho) / rho
			}
			a[at] *= -T(slope) * mean
			db[j] += a[at]
		}
	}
}

// ScaleRows is described at Ops.
func (Reference[T]) ScaleRows(n, ld int, by T, x, sum []T) {
	for j := range n {
		sum[j] = 0
		for at := j * ld; at < (j+1)*ld; at++ {
			x[at] *= by
			sum[j] += x[at]
		}
	}
}

// RowNorm is described at Ops.
func (Reference[T]) RowNorm(n, ld, b int, y, gamma, beta []T, eps T, mean, variance, xhat []T) {
	for j := range n {
		row, hat := y[j*ld:(j+1)*ld], xhat[j*ld:(j+1)*ld]
		mean[j], variance[j] = moments(row[:b])
		inv := 1 / sqrt(variance[j]+eps)
		for c, v := range row[:b] {
			hat[c] = (v - mean[j]) * inv
			row[c] = gamma[j]*hat[c] + beta[j]
		}
		clear(row[b:])
		clear(hat[b:])
	}
}

// moments is the mean and the biased variance.
func moments[T Float](x []T) (mean, variance T) {
	for _, v := range x {
		mean += v
	}
	mean /= T(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / T(len(x))
}

// RowNormBackward is described at Ops; the formula is BatchNormBackward's.
func (Reference[T]) RowNormBackward(n, ld, b int, xhat, gamma, variance []T, eps T, a, dgamma, dbeta []T) {
	for j := range n {
		row, hat := a[j*ld:(j+1)*ld], xhat[j*ld:(j+1)*ld]
		var dg, db T
		for c, d := range row[:b] {
			db += d
			dg += d * hat[c]
		}
		dgamma[j], dbeta[j] = dg, db
		c := gamma[j] / sqrt(variance[j]+eps)
		for i, d := range row[:b] {
			row[i] = c * (d - (db+hat[i]*dg)/T(b))
		}
		clear(row[b:])
	}
}

// RowAffine is described at Ops.
func (Reference[T]) RowAffine(n, ld int, scale, shift, y []T) {
	for j := range n {
		for at := j * ld; at < (j+1)*ld; at++ {
			y[at] = scale[j]*y[at] + shift[j]
		}
	}
}

// LayerNorm is described at Ops.
func (Reference[T]) LayerNorm(b, h int, x []T, eps T, inv, y []T) {
	for c := range b {
		mean, variance := moments(x[c*h : (c+1)*h])
		inv[c] = 1 / sqrt(variance+eps)
		for at := c * h; at < (c+1)*h; at++ {
			y[at] = (x[at] - mean) * inv[c]
		}
	}
}

// LayerNormBackward is described at Ops: dx = inv (dy − mean(dy) − y mean(y dy)).
func (Reference[T]) LayerNormBackward(b, h int, y, inv, dy, dx []T) {
	for c := range b {
		var d, g T
		for at := c * h; at < (c+1)*h; at++ {
			d += dy[at]
			g += dy[at] * y[at]
		}
		for at := c * h; at < (c+1)*h; at++ {
			dx[at] = inv[c] * (dy[at] - (d+y[at]*g)/T(h))
		}
	}
}
