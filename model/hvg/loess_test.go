package hvg

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"
)

// loessCase is what testdata/loess.py wrote with scikit-misc.
type loessCase struct {
	Name        string
	X, Y        []float64
	Span        float64
	Interpolate []float64 // surface="interpolate", the default, which scanpy uses
	Direct      []float64 // surface="direct": the regression at each x itself
}

func loessCases(t *testing.T) []loessCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/loess.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []loessCase
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("testdata/loess.json holds no case")
	}
	return cases
}

func TestLoessAgreesWithScikitMisc(t *testing.T) {
	for _, c := range loessCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			got, singular, err := Loess(c.X, c.Y, c.Span)
			if err != nil || singular != 0 {
				t.Fatalf("error %v, %d singular places", err, singular)
			}
			wantClose(t, got, c.Interpolate, 1e-11)
		})
	}
}

func TestFitAgreesWithScikitMisc(t *testing.T) {
	for _, c := range loessCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			s := newSmoother(c.X, c.Y, c.Span)
			got := make([]float64, len(c.X))
			for i, x := range c.X {
				f, err := s.fit(x)
				if err != nil {
					t.Fatal(err)
				}
				got[i] = f.value
			}
			wantClose(t, got, c.Direct, 1e-11)
		})
	}
}

// A local quadratic reproduces a quadratic and its slope at the vertices; a
// cubic through values and slopes of a quadratic is that quadratic.
func TestLoessIsExactOnQuadratics(t *testing.T) {
	var x, y []float64
	for i := range 300 {
		v := math.Sqrt(float64(i)) - 5
		x, y = append(x, v), append(y, 2-3*v+0.7*v*v)
	}
	for _, span := range []float64{0.02, 0.3, 1} {
		got, _, err := Loess(x, y, span)
		if err != nil {
			t.Fatal(err)
		}
		wantClose(t, got, y, 1e-9)
	}
}

func TestLoessIgnoresTheOrderOfThePoints(t *testing.T) {
	c := loessCases(t)[0]
	n := len(c.X)
	x, y := make([]float64, n), make([]float64, n)
	for i := range n {
		x[i], y[i] = c.X[n-1-i], c.Y[n-1-i]
	}
	got, _, err := Loess(x, y, c.Span)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if math.Abs(got[i]-c.Interpolate[n-1-i]) > 1e-11 {
			t.Errorf("point %d: %v, want %v", i, got[i], c.Interpolate[n-1-i])
		}
	}
}

func TestLoessRefuses(t *testing.T) {
	ramp := []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	flat := []float64{3, 3, 3, 3, 3, 3, 3, 3, 3, 9}
	for _, c := range []struct {
		name string
		x    []float64
		span float64
		want error
	}{
		{"no points", nil, 0.3, ErrTooFew},
		{"three points", ramp[:3], 1, ErrTooFew},
		{"span too small", ramp, 0.3, ErrTooFew},
		{"ties wider than the span", flat, 0.4, ErrZeroWidth},
		{"all ties", flat[:9], 1, ErrZeroWidth},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := Loess(c.x, c.x, c.span); !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
		})
	}
}

// Two distinct x allow a line at most: the smallest solution still meets both.
func TestLoessOnTwoDistinctX(t *testing.T) {
	x := []float64{1, 1, 1, 1, 2, 2, 2, 2}
	y := []float64{1, 3, 1, 3, 5, 7, 5, 7}
	fitted, singular, err := Loess(x, y, 1)
	if err != nil || singular == 0 {
		t.Fatalf("error %v, %d singular places", err, singular)
	}
	for i, want := range []float64{2, 2, 2, 2, 6, 6, 6, 6} {
		if math.Abs(fitted[i]-want) > 0.2 {
			t.Errorf("point %d: %v, want about %v", i, fitted[i], want)
		}
	}
}

func wantClose(t *testing.T, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tol*(1+math.Abs(want[i]))) {
			t.Errorf("value %d: %.17g, want %.17g", i, got[i], want[i])
		}
	}
}
