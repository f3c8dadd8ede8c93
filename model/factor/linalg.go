package factor

import "math"

// cholesky replaces the lower triangle of a, symmetric (d, d), by L with L·Lᵀ = a.
// logDet is log|a|; ok is false where a is not positive definite.
func cholesky(a []float64, d int) (logDet float64, ok bool) {
	for j := range d {
		row := a[j*d : j*d+j+1]
		x := row[j]
		for _, v := range row[:j] {
			x -= v * v
		}
		if !(x > 0) {
			return 0, false
		}
		l := math.Sqrt(x)
		row[j] = l
		logDet += 2 * math.Log(l)
		for i := j + 1; i < d; i++ {
			other := a[i*d : i*d+j+1]
			x := other[j]
			for k, v := range row[:j] {
				x -= v * other[k]
			}
			other[j] = x / l
		}
	}
	return logDet, true
}

// inverse makes out, (d, d), the inverse of L·Lᵀ; l is overwritten by L's inverse.
func inverse(l []float64, d int, out []float64) {
	for j := range d {
		l[j*d+j] = 1 / l[j*d+j]
		for i := j + 1; i < d; i++ {
			x := 0.0
			for k := j; k < i; k++ {
				x -= l[i*d+k] * l[k*d+j]
			}
			l[i*d+j] = x / l[i*d+i]
		}
	}
	for i := range d {
		for j := range i + 1 {
			x := 0.0
			for k := i; k < d; k++ {
				x += l[k*d+i] * l[k*d+j]
			}
			out[i*d+j], out[j*d+i] = x, x
		}
	}
}

// times makes out = a·x, a (d, d).
func times(a, x []float64, out []float64) {
	for i := range out {
		out[i] = dot(a[i*len(x):(i+1)*len(x)], x)
	}
}

func dot(a, b []float64) (sum float64) {
	b = b[:len(a)]
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// congruence gives t·a·tᵀ, all (d, d).
func congruence(t, a []float64, d int) []float64 {
	return product(t, product(a, transposed(t, d), d), d)
}

// product gives a·b, both (d, d).
func product(a, b []float64, d int) []float64 {
	out := make([]float64, d*d)
	for i := range d {
		row := out[i*d : (i+1)*d]
		for k, v := range a[i*d : (i+1)*d] {
			if v == 0 {
				continue
			}
			for j, w := range b[k*d : (k+1)*d] {
				row[j] += v * w
			}
		}
	}
	return out
}

func transposed(a []float64, d int) []float64 {
	out := make([]float64, d*d)
	for i := range d {
		for j := range d {
			out[j*d+i] = a[i*d+j]
		}
	}
	return out
}

func identity(d int) []float64 {
	out := make([]float64, d*d)
	for i := range d {
		out[i*d+i] = 1
	}
	return out
}
