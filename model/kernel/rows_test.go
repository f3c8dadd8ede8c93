package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// rows runs every function of the rows on the same random numbers, and returns
// what they write.
func rows[T Float](ops Ops[T], n, b int, sd float64) [][]T {
	rng := rand.New(rand.NewPCG(7, 8))
	ld := Pad(b)
	draw := func(n int) []T { return to[T](normals(rng, n, sd)) }
	y, bias, a, db := draw(n*ld), draw(n), draw(n*ld), make([]T, n)
	ops.SoftplusBlock(n, ld, y, bias)
	ops.SoftplusBackward(n, ld, y, a, 1/T(b), db)
	x, sum := draw(n*ld), make([]T, n)
	ops.ScaleRows(n, ld, 0.37, x, sum)
	z, gamma, beta, mean, variance, hat := draw(n*ld), draw(n), draw(n), make([]T, n), make([]T, n), draw(n*ld)
	ops.RowNorm(n, ld, b, z, gamma, beta, 1e-3, mean, variance, hat)
	dz, dgamma, dbeta := draw(n*ld), make([]T, n), make([]T, n)
	ops.RowNormBackward(n, ld, b, hat, gamma, variance, 1e-3, dz, dgamma, dbeta)
	affine := draw(n * ld)
	ops.RowAffine(n, ld, gamma, beta, affine)
	h := b + 6
	inv, layer, dlayer := make([]T, n), make([]T, n*h), draw(n*h)
	ops.LayerNorm(n, h, draw(n*h), 1e-5, inv, layer)
	ops.LayerNormBackward(n, h, layer, inv, dlayer, dlayer)
	const l = 3
	squares, means := draw((l+1)*(l+2)/2*ld), draw(l*ld)
	ops.Squares(n, ld, l, draw(l*n*ld), draw(n*ld), draw(ld), draw(n*ld), squares, means)
	return [][]T{y, a, db, x, sum, z, mean, variance, hat, dz, dgamma, dbeta, affine, inv, layer, dlayer, squares, means}
}

func TestRowsAgainstReference(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 31}, {33, 32}, {2, 130}} {
		for _, sd := range []float64{1, 40} {
			want := rows(Plain[float64](), size[0], size[1], sd)
			for _, ops := range append(sets(), Plain[float32]()) {
				for i, got := range rows(ops, size[0], size[1], sd) {
					compare(t, fmt.Sprintf("%T%v %v sd %g output %d", ops, ops, size, sd, i), got, want[i], 3e-5)
				}
			}
		}
	}
}

// The softplus keeps its relative accuracy where it is small, and so does its slope.
func TestSoftplusValues(t *testing.T) {
	for _, ops := range append(sets(), Plain[float32]()) {
		y, a, db := make([]float32, 32), make([]float32, 32), make([]float32, 1)
		x := []float64{-80, -20, -3, -1e-3, 0, 0.2, 1.5, 30, 1000}
		for i, v := range x {
			y[i], a[i] = float32(v), 1
		}
		ops.SoftplusBlock(1, 32, y, []float32{0})
		ops.SoftplusBackward(1, 32, y, a, -1, db)
		for i, v := range x {
			v = float64(float32(v))
			if want := softplus(v); math.Abs(float64(y[i])-want) > 3e-7*want {
				t.Errorf("%T softplus(%g) = %g, want %g", ops, v, y[i], want)
			}
			if want := sigmoid(v) / softplus(v); math.Abs(float64(a[i])-want) > 6e-7*want {
				t.Errorf("%T sigmoid/softplus(%g) = %g, want %g", ops, v, a[i], want)
			}
		}
	}
}

// Each backward is the derivative of the weighted sum of what forward gives.
func TestRowDerivatives(t *testing.T) {
	const n, b, ld, mean = 3, 5, 32, 0.25
	ops, rng := Plain[float64](), rand.New(rand.NewPCG(9, 9))
	x, c, gamma, beta := normals(rng, n*ld, 1), normals(rng, n*ld, 1), normals(rng, n, 1), normals(rng, n, 1)
	soft := func() ([]float64, float64) {
		y := append([]float64{}, x...)
		ops.SoftplusBlock(n, ld, y, beta)
		return y, -mean * dot(c, y)
	}
	y, _ := soft()
	a, db := make([]float64, n*ld), make([]float64, n)
	for i := range a {
		a[i] = c[i] * y[i] // mu dll/dmu, mu = rho
	}
	ops.SoftplusBackward(n, ld, y, a, mean, db)
	differ(t, "softplus", x, a, func() float64 { _, f := soft(); return f })
	differ(t, "softplus bias", beta, db, func() float64 { _, f := soft(); return f })

	m, variance, hat, dgamma, dbeta := make([]float64, n), make([]float64, n), make([]float64, n*ld), make([]float64, n), make([]float64, n)
	norm := func() float64 {
		y := append([]float64{}, x...)
		ops.RowNorm(n, ld, b, y, gamma, beta, 1e-3, m, variance, hat)
		return dot(c, y)
	}
	norm()
	a = append(a[:0], c...)
	ops.RowNormBackward(n, ld, b, hat, gamma, variance, 1e-3, a, dgamma, dbeta)
	differ(t, "row norm", x, a, norm)
	differ(t, "row norm gamma", gamma, dgamma, norm)
	differ(t, "row norm beta", beta, dbeta, norm)

	inv := make([]float64, n)
	layer := func() float64 { ops.LayerNorm(n, ld, x, 1e-5, inv, y); return dot(c, y) }
	layer()
	dx := make([]float64, n*ld)
	ops.LayerNormBackward(n, ld, y, inv, c, dx)
	differ(t, "layer norm", x, dx, layer)
}

func dot(x, y []float64) float64 {
	s := 0.0
	for i := range x {
		s += x[i] * y[i]
	}
	return s
}

// differ holds got to central differences of f in each of x.
func differ(t *testing.T, name string, x, got []float64, f func() float64) {
	t.Helper()
	for i := range x {
		was, h := x[i], 1e-5
		x[i] = was + h
		up := f()
		x[i] = was - h
		want := (up - f()) / (2 * h)
		if x[i] = was; math.Abs(got[i]-want) > 1e-6*math.Abs(want)+1e-8 {
			t.Fatalf("%s [%d]: got %.10g, finite difference %.10g", name, i, got[i], want)
		}
	}
}
