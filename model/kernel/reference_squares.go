package kernel

// Squares is described at Ops.
func (Reference[T]) Squares(n, ld, l int, t, y, scale, w, sums, mean []T) {
	tangent := func(i, at int) T {
		if i == l {
			return 1
		}
		return t[i*n*ld+at]
	}
	for g := range n {
		for b := range ld {
			at := g*ld + b
			for i := range l + 1 {
				wt := w[at] * tangent(i, at)
				for j := range i + 1 {
					sums[(i*(i+1)/2+j)*ld+b] += wt * tangent(j, at)
				}
			}
			for i := range l {
				mean[i*ld+b] += y[at] * scale[b] * t[i*n*ld+at]
			}
		}
	}
}
