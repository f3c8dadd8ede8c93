package kernel

import "math"

// SoftmaxBlock is described at Ops.
func (Reference[T]) SoftmaxBlock(n, ld int, y, bias, max, sum []T) {
	for c := range ld {
		m, s := T(math.Inf(-1)), T(0)
		for j := range n {
			y[j*ld+c] += bias[j]
			if y[j*ld+c] > m {
				m = y[j*ld+c]
			}
		}
		for j := range n {
			y[j*ld+c] = exp(y[j*ld+c] - m)
			s += y[j*ld+c]
		}
		max[c], sum[c] = m, s
	}
}

// SoftmaxJoin is described at Ops.
func (Reference[T]) SoftmaxJoin(blocks, ld int, top, sum, scale []T) {
	for c := range ld {
		m, total := math.Inf(-1), 0.0
		for k := range blocks {
			m = math.Max(m, float64(top[k*ld+c]))
		}
		for k := range blocks {
			total += float64(sum[k*ld+c]) * math.Exp(float64(top[k*ld+c])-m)
		}
		for k := range blocks {
			scale[k*ld+c] = T(math.Exp(float64(top[k*ld+c])-m) / total)
		}
	}
}

// SoftmaxBackward is described at Ops.
func (Reference[T]) SoftmaxBackward(n, ld int, y, scale, a, s []T, mean T, db []T) {
	for j := range n {
		db[j] = 0
		for c := range ld {
			g := (y[j*ld+c]*scale[c]*s[c] - a[j*ld+c]) * mean
			a[j*ld+c] = g
			db[j] += g
		}
	}
}
