package hvg

import (
	"errors"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/mat"
)

// Reasons why a regression cannot be fitted at this span.
var (
	ErrTooFew    = errors.New("the span covers fewer than 4 points")
	ErrZeroWidth = errors.New("the span covers points of one single x only")
)

// cellShare is the part of a neighbourhood that a cell of the interpolation may
// hold before it is cut: loess's control "cell", 0.2 by default.
const cellShare = 0.2

// Loess is local quadratic regression of y on x with tricube weights, fitted at
// each x, as netlib's cloess (scikit-misc, R) computes it by default.
//
// A neighbourhood holds the q = ⌊span·n⌋ points nearest to a place v, the
// farthest at distance h; the fit at v minimizes
//
//	Σ (1 − (|xᵢ−v|/h)³)³ (yᵢ − β₀ − β₁(xᵢ−v) − β₂(xᵢ−v)²)²
//
// and β₀ is the value, β₁ the slope there; 0 < span ≤ 1. The fit is made at a
// few places (see vertices) and interpolated between them by cubic Hermite
// polynomials.
//
// Where fewer than three distinct x have weight the least squares problem is
// singular: its smallest solution is taken, as R does; singular counts those
// places (scikit-misc refuses them).
//
// Sources: Cleveland and Grosse, Statistics and Computing 1 (1991) 47;
// cloess's loessf.f: ehg126 and ehg124 (vertices), ehg127 (fit at a vertex),
// ehg128 (interpolation).
func Loess(x, y []float64, span float64) (fitted []float64, singular int, err error) {
	s := newSmoother(x, y, span)
	if s.q < 4 { // cloess's error 104: no more points than degrees of freedom
		return nil, 0, ErrTooFew
	}
	at := s.vertices()
	value, slope := make([]float64, len(at)), make([]float64, len(at))
	for k, v := range at {
		f, err := s.fit(v)
		if err != nil {
			return nil, 0, err
		}
		value[k], slope[k] = f.value, f.slope
		if f.singular {
			singular++
		}
	}
	fitted = make([]float64, len(x))
	for i, xi := range x {
		k := min(max(sort.SearchFloat64s(at, xi), 1), len(at)-1)
		fitted[i] = hermite(xi, at[k-1:k+1], value[k-1:k+1], slope[k-1:k+1])
	}
	return fitted, singular, nil
}

// smoother holds the points in ascending x and the size of a neighbourhood.
type smoother struct {
	x, y []float64
	span float64
	q    int
}

func newSmoother(x, y []float64, span float64) *smoother {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(x[a], x[b]) })
	n := len(x)
	s := &smoother{x: make([]float64, n), y: make([]float64, n), span: span}
	for i, o := range order {
		s.x[i], s.y[i] = x[o], y[o]
	}
	// The 1e-5 is cloess's (loessc.c, loess_workspace): a span like 0.3 times n
	// may fall a rounding error short of the whole number meant.
	s.q = min(n, int(math.Floor(float64(n)*span+1e-5)))
	return s
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// window finds the q points nearest to v, x[lo:hi], and the farthest's distance.
func (s *smoother) window(v float64) (lo, hi int, h float64) {
	// The window's start is the first from which the point after the window is
	// no nearer than the point that the window would lose.
	lo = sort.Search(len(s.x)-s.q, func(i int) bool { return v-s.x[i] <= s.x[i+s.q]-v })
	hi = lo + s.q
	return lo, hi, max(math.Abs(v-s.x[lo]), math.Abs(s.x[hi-1]-v))
}

// localFit is the regression at one place.
type localFit struct {
	value, slope float64
	singular     bool
}

// fit regresses at v. The columns are scaled to length one before singular
// values are judged, as in ehg127.
func (s *smoother) fit(v float64) (localFit, error) {
	lo, hi, h := s.window(v)
	if h <= 0 {
		return localFit{}, ErrZeroWidth
	}
	design, target := s.weighted(v, h, lo, hi)
	length := scaleColumns(design)
	var svd mat.SVD
	if !svd.Factorize(design, mat.SVDThin) {
		return localFit{}, errors.New("the singular value decomposition did not converge")
	}
	const eps = 0x1p-52
	sigma := svd.Values(nil)
	rank := 0
	for rank < len(sigma) && sigma[rank] > 100*eps*sigma[0] {
		rank++
	}
	if rank == 0 {
		return localFit{}, ErrZeroWidth
	}
	var beta mat.VecDense
	svd.SolveVecTo(&beta, target, rank)
	return localFit{beta.AtVec(0) / length[0], beta.AtVec(1) / length[1], rank < 3}, nil
}

// weighted is the design (q, 3) and the target (q) of the regression at v, each
// row times the root of its weight.
func (s *smoother) weighted(v, h float64, lo, hi int) (*mat.Dense, *mat.VecDense) {
	design, target := mat.NewDense(hi-lo, 3, nil), mat.NewVecDense(hi-lo, nil)
	for i := lo; i < hi; i++ {
		d := s.x[i] - v
		r := math.Abs(d) / h
		c := 1 - r*r*r
		w := math.Sqrt(max(0, c*c*c))
		design.SetRow(i-lo, []float64{w, w * d, w * d * d})
		target.SetVec(i-lo, w*s.y[i])
	}
	return design, target
}

// scaleColumns divides each column by its Euclidean length and returns the
// lengths; a column of zeros stays, with length 1.
func scaleColumns(m *mat.Dense) []float64 {
	_, cols := m.Dims()
	length := make([]float64, cols)
	for j := range cols {
		c := m.ColView(j).(*mat.VecDense)
		length[j] = mat.Norm(c, 2)
		if length[j] == 0 {
			length[j] = 1
		}
		c.ScaleVec(1/length[j], c)
	}
	return length
}

// hermite is the cubic at x with the given values and slopes at the two ends of
// at (ehg128's basis).
func hermite(x float64, at, value, slope []float64) float64 {
	width := at[1] - at[0]
	h := (x - at[0]) / width
	g := 1 - h
	return g*g*(1+2*h)*value[0] + h*h*(3-2*h)*value[1] +
		(h*g*g*slope[0]-h*h*g*slope[1])*width
}
