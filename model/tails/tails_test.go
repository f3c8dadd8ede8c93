package tails

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*math.Abs(want)+1e-300) {
		t.Errorf("%s is %.17g, want %.17g", what, got, want)
	}
}

// golden are x, mu, theta and P(X < x), P(X = x), P(X > x): sums of terms in 60 digits
// (mpmath 1.3). scipy 1.17's nbinom and poisson agree to 1e-12 with those of theta below 1e6; above
// they lose digits themselves.
var golden = [][6]float64{
	{0, 0.1, 1, 0.0, 0.90909090909090909, 0.090909090909090914},
	{1, 0.05, 0.3, 0.95480781083950138, 0.040920334750264347, 0.0042718544102342722},
	{3, 0.2, 2.5, 0.99755166905219157, 0.0022004353952748919, 0.00024789555253353675},
	{7, 20, 0.7, 0.36413628832224445, 0.031083961839399546, 0.604779749838356},
	{12, 0.5, 10, 0.99999999997332451, 2.4531233546994822e-11, 2.144258130008755e-12},
	{30, 0.01, 1.5, 1.0, 2.6469628348724598e-65, 1.793290618671711e-67},
	{33, 20, 3, 0.85254422512974989, 0.01311198640185187, 0.13434378846839824},
	{40, 400, 2, 0.017848430727463119, 0.00083128371297400987, 0.98132028555956287},
	{100, 10, 0.5, 0.99819086716968111, 9.3506681295616902e-5, 0.0017156261490232709},
	{624, 30, 4, 1.0, 9.4343861689752263e-31, 7.3714821343874956e-30},
	{900, 1000, 1.5, 0.55955619220559168, 0.00050940053245949601, 0.43993440726194883},
	{2500, 1000, 8, 0.99919387932879771, 4.3024331479766684e-6, 0.00080181823805431062},
	{5, 900, 50, 2.9533965811282578e-59, 2.7857772060583784e-58, 1.0},
	{1, 60, 1e9, 8.7565265244294483e-27, 5.253915599422733e-25, 1.0},
	{1200, 1000, 1e7, 0.99999999953062442, 8.0081619468501632e-11, 3.8929395969067279e-10},
	{800, 1000, 1e12, 2.5715736114695104e-11, 6.5831517709102819e-12, 0.99999999996770111},
	{25, 2, 1e8, 1.0, 2.9276310419752179e-19, 2.4316368480182305e-20},
	{3, 1e-6, 0.01, 0.99999999999999662, 3.3824817706618206e-15, 2.5452671368073165e-19},
	{60, 0.2, 0.02, 0.999988975527999, 1.145127412885886e-6, 9.8793445881186262e-6},
	{0, 0.3, math.Inf(1), 0.0, 0.74081822068171787, 0.25918177931828213},
	{4, 0.2, math.Inf(1), 0.99994315975924184, 5.4582050205198802e-5, 2.2581905529578211e-6},
	{50, 20.0, math.Inf(1), 0.99999998754107392, 7.6301885974400029e-9, 4.8287374822793764e-9},
	{3, 60.0, math.Inf(1), 1.6295866529378224e-23, 3.1523438745707473e-22, 1.0},
	{1000, 1200.0, math.Inf(1), 1.2881606086281433e-9, 2.6498637348607886e-10, 0.99999999844685302},
	{1500, 1200.0, math.Inf(1), 0.99999999999999996, 8.6330720946588246e-18, 3.3980054130790578e-17},
}

// TestGolden: both tails are right to 1e-10 of themselves, far out too.
func TestGolden(t *testing.T) {
	for _, c := range golden {
		got := Count(c[0], c[1], c[2])
		t.Logf("x %v, mu %v, theta %v", c[0], c[1], c[2])
		near(t, "below", got.Below, c[3], 1e-10)
		near(t, "at", got.At, c[4], 1e-10)
		near(t, "above", got.Above, c[5], 1e-10)
	}
}

// TestWaysAgree: over many means and dispersions the tails add up to 1, and a step of x
// moves P(X = x) from one side to the other, where one way to compute them meets another
// too.
func TestWaysAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		mu, theta := math.Exp(-7+15*rng.Float64()), math.Exp(-4+22*rng.Float64())
		x := math.Floor(math.Exp(8*rng.Float64()) - 1)
		a, b := Count(x, mu, theta), Count(x+1, mu, theta)
		for _, c := range []Both{a, b} {
			if math.Abs(c.Below+c.At+c.Above-1) > 1e-9 || c.Below < 0 || c.At < 0 || c.Above < 0 {
				t.Fatalf("x %v, mu %v, theta %v: %+v", x, mu, theta, c)
			}
		}
		if math.Abs(a.Below+a.At-b.Below) > 1e-9 || math.Abs(a.Above-b.At-b.Above) > 1e-9*a.Above+1e-12 {
			t.Fatalf("x %v, mu %v, theta %v: %+v, then %+v", x, mu, theta, a, b)
		}
	}
}

// TestExtremes: whatever the numbers, tails are probabilities and add up to 1.
func TestExtremes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		mu, theta := math.Exp(-60+80*rng.Float64()), math.Exp(-40+100*rng.Float64())
		x := math.Floor(math.Exp(16*rng.Float64()) - 1)
		c := Count(x, mu, theta)
		if !(math.Abs(c.Below+c.At+c.Above-1) < 1e-6) || c.Below < 0 || c.At < 0 || c.Above < 0 {
			t.Fatalf("x %v, mu %v, theta %v: %+v", x, mu, theta, c)
		}
	}
}

// TestInflatedAndNormal: zero inflation moves probability to zero; the normal's tails are
// scipy 1.17's.
func TestInflatedAndNormal(t *testing.T) {
	for _, x := range []float64{0, 3} {
		got, plain := Count(x, 2, 1.5).Inflated(x, 0.25), Count(x, 2, 1.5)
		near(t, "above", got.Above, 0.75*plain.Above, 1e-15)
		near(t, "sum", got.Below+got.At+got.Above, 1, 1e-12)
	}
	near(t, "at zero", Count(0, 2, 1.5).Inflated(0, 0.25).At, 0.25+0.75*Zero(2, 1.5), 1e-15)
	n := Normal(1.7, 1, 0.25)
	near(t, "below", n.Below, 0.997444869669572, 1e-13)
	near(t, "above", n.Above, 0.002555130330427932, 1e-13)
	near(t, "far above", Normal(9, 1, 1).Above, 6.22096057427174e-16, 1e-12)
	if got := Count(0, 0, 1); got.At != 1 || Zero(0, 1) != 1 {
		t.Errorf("of no mean: %+v", got)
	}
}

// TestLevels: q-values are those of sorting all p-values, at most 1/4096 above, though
// only those below a cut are added.
func TestLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, signal := range []int{0, 50, 3000} {
		p := make([]float64, 20000)
		for i := range p {
			p[i] = rng.Float64()
			if i < signal {
				p[i] = math.Pow(p[i], 1+float64(i%40))
			}
		}
		l := NewLevels()
		const cut = 0.5
		for _, v := range p {
			if v <= cut {
				l.Add(v)
			}
		}
		l.Settle(int64(len(p)))
		sorted := slices.Clone(p)
		slices.Sort(sorted)
		q := make([]float64, len(p))
		for i, best := len(p)-1, 1.0; i >= 0; i-- {
			best = min(best, float64(len(p))*sorted[i]/float64(i+1))
			q[i] = best
		}
		for i, v := range sorted {
			if v > cut || q[i] > 0.4 { // beyond, larger p-values would count
				break
			}
			if got := l.Q(v); got < q[i]*(1-1e-12) && v > least || got > q[i]*(1+1.0/4096)+1e-50 {
				t.Fatalf("%d signals: q of p = %v is %v, by sorting %v", signal, v, got, q[i])
			}
		}
	}
}

func BenchmarkZero(b *testing.B) {
	for i := range b.N {
		Zero(0.01+float64(i%7), 1.5)
	}
}

func BenchmarkCount(b *testing.B) {
	for i := range b.N {
		Count(float64(1+i%5), 0.01+float64(i%7), 1.5)
	}
}

func BenchmarkLarge(b *testing.B) {
	for i := range b.N {
		Count(float64(100+i%500), 100+float64(i%700), 1.5)
	}
}
