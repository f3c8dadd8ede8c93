package vi

import "math"

// The matrices here are some 10 × 10: loops of a few lines, whose calls cost less
// than those of a library. All are row-major; a triangle's other half is not read.

// cholesky writes the lower triangle c with c·cᵀ = a (n, n), and zeros above it; false
// if a pivot is not above floor, a's positive definiteness being in doubt.
func cholesky(c, a []float64, n int, floor float64) bool {
	for i := range n {
		ci := c[i*n : i*n+n]
		for j := range i {
			cj := c[j*n : j*n+n]
			s := a[i*n+j]
			for k := range j {
				s -= ci[k] * cj[k]
			}
			ci[j] = s / cj[j]
		}
		s := a[i*n+i]
		for k := range i {
			s -= ci[k] * ci[k]
		}
		if !(s > floor) || math.IsInf(s, 1) {
			return false
		}
		ci[i] = math.Sqrt(s)
		clear(ci[i+1:])
	}
	return true
}

// solveLower overwrites x with c⁻¹ x.
func solveLower(c, x []float64) {
	n := len(x)
	for i := range n {
		s, row := x[i], c[i*n:i*n+n]
		for k := range i {
			s -= row[k] * x[k]
		}
		x[i] = s / row[i]
	}
}

// solveUpper overwrites x with c⁻ᵀ x.
func solveUpper(c, x []float64) {
	n := len(x)
	for i := n - 1; i >= 0; i-- {
		x[i] /= c[i*n+i]
		xi, row := x[i], c[i*n:i*n+i]
		for k, v := range row {
			x[k] -= v * xi
		}
	}
}

// invertLower writes the lower triangle c⁻¹.
func invertLower(out, c []float64, n int) {
	for j := range n {
		clear(out[j*n+j+1 : j*n+n])
		out[j*n+j] = 1 / c[j*n+j]
		for i := j + 1; i < n; i++ {
			s := 0.0
			for k := j; k < i; k++ {
				s -= c[i*n+k] * out[k*n+j]
			}
			out[i*n+j] = s / c[i*n+i]
		}
	}
}

// timesLower writes c·x.
func timesLower(out, c, x []float64) {
	n := len(x)
	for i := range n {
		s, row := 0.0, c[i*n:i*n+i+1]
		for k, v := range row {
			s += v * x[k]
		}
		out[i] = s
	}
}

// timesUpper writes cᵀ·x.
func timesUpper(out, c, x []float64) {
	n := len(x)
	clear(out[:n])
	for i := range n {
		xi, row := x[i], c[i*n:i*n+i+1]
		for k, v := range row {
			out[k] += v * xi
		}
	}
}

// timesTransposed writes c·cᵀ of the lower triangle c.
func timesTransposed(out, c []float64, n int) {
	for i := range n {
		for j := range i + 1 {
			s := 0.0
			for k := range j + 1 {
				s += c[i*n+k] * c[j*n+k]
			}
			out[i*n+j], out[j*n+i] = s, s
		}
	}
}

// transposedTimes writes cᵀ·c of the lower triangle c.
func transposedTimes(out, c []float64, n int) {
	for i := range n {
		for j := range i + 1 {
			s := 0.0
			for k := i; k < n; k++ {
				s += c[k*n+i] * c[k*n+j]
			}
			out[i*n+j], out[j*n+i] = s, s
		}
	}
}

// logDiagonal is Σ log c_ii, half the logarithm of the determinant of c·cᵀ.
func logDiagonal(c []float64, n int) float64 {
	s := 0.0
	for i := range n {
		s += math.Log(c[i*n+i])
	}
	return s
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

// factorBelow writes the lower triangle v with vᵀ·v = a, so that v⁻¹·v⁻ᵀ = a⁻¹; false
// as cholesky.
func factorBelow(v, a []float64, n int, floor float64) bool {
	for i := n - 1; i >= 0; i-- {
		row := v[i*n : i*n+n]
		clear(row[i+1:])
		for j := i; j >= 0; j-- {
			s := a[i*n+j]
			for k := i + 1; k < n; k++ {
				s -= v[k*n+i] * v[k*n+j]
			}
			if j < i {
				row[j] = s / row[i]
				continue
			}
			if !(s > floor) || math.IsInf(s, 1) {
				return false
			}
			row[i] = math.Sqrt(s)
		}
	}
	return true
}

// timesTriangles writes a·b of two lower triangles; out may be a.
func timesTriangles(out, a, b []float64, n int) {
	for i := range n {
		for j := range i + 1 {
			s := 0.0
			for k := j; k <= i; k++ {
				s += a[i*n+k] * b[k*n+j]
			}
			out[i*n+j] = s
		}
	}
}
