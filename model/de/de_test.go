package de

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// paired are draws of cells of their own.
func paired(x, y []float32, strata int) Pairs {
	d := independent(len(x), strata)
	return Pairs{X: x, Y: y, One: d, Two: d}
}

// TestVanillaByHand: of the nine pairs of 1, 2, 4 with 1, 2, 3, four have more; the
// three draws have it with 0, 1, 3 of the others, which have it with 2, 1, 1 of them.
func TestVanillaByHand(t *testing.T) {
	p := Vanilla(paired([]float32{4, 1, 2}, []float32{3, 1, 2}, 1), &Scratch{})
	near(t, "P", p.M1.P, 4./9, 1e-15)
	near(t, "1-P", p.M2.P, 5./9, 1e-15)
	variance := func(a, b, c float64) float64 { // of the mean of thirds
		m := (a + b + c) / 3
		return ((a-m)*(a-m) + (b-m)*(b-m) + (c-m)*(c-m)) / 2 / 3 / 9
	}
	near(t, "Error", p.M1.Error, math.Sqrt(variance(0, 1, 3)+variance(2, 1, 1)), 1e-12)
	near(t, "scale1", p.Scale1, 7./3, 1e-12)
	two := Vanilla(paired([]float32{1, 2, 5, 5}, []float32{2, 1, 9, 9}, 2), &Scratch{}) // 1 of 4, and 0 of 4
	near(t, "P of two strata", two.M1.P, 1./8, 0)
}

// TestCertainError: where all pairs agree, P is exact in no sense but the draws'.
func TestCertainError(t *testing.T) {
	for _, strata := range []int{1, 3} {
		p := Vanilla(paired([]float32{2, 2, 2, 3, 2, 2}, []float32{1, 1, 1, 1, 1, 1}, strata), &Scratch{})
		if p.M1.P != 1 || p.M1.Error != math.Sqrt(0.5)/6 || p.M2.P != 0 || p.M2.Error != p.M1.Error {
			t.Errorf("%d strata: six of six draws give %+v, %+v", strata, p.M1, p.M2)
		}
		near(t, "bayes factor", p.BayesFactor, math.Log(1+1e-8)-math.Log(1e-8), 1e-9)
	}
}

// TestSharesNaively holds the walk along sorted draws to counting pairs, with ties.
func TestSharesNaively(t *testing.T) {
	rng, work := rand.New(rand.NewPCG(11, 12)), &Scratch{}
	for range 200 {
		m, c := 1+rng.IntN(30), []float64{1e-9, 0.5}[rng.IntN(2)]
		change := Change{Delta: float64(rng.IntN(3)), Pseudocounts: c, TwoSided: rng.IntN(2) == 1}
		x, y := make([]float32, m), make([]float32, m)
		for i := range m {
			x[i], y[i] = float32(rng.IntN(9)), float32(rng.IntN(9))
		}
		more, up, down := 0, 0, 0
		for _, a := range x {
			for _, b := range y {
				if a > b {
					more++
				}
				if float64(a)+c >= math.Exp2(change.Delta)*(float64(b)+c) {
					up++
				} else if float64(a)+c < math.Exp2(-change.Delta)*(float64(b)+c) {
					down++
				}
			}
		}
		want := max(up, down)
		if change.TwoSided {
			want = up + down
		}
		p := paired(x, y, 1)
		near(t, "vanilla", Vanilla(p, work).M1.P, float64(more)/float64(m*m), 0)
		near(t, "change", change.Effect(p, work).DE.P, float64(want)/float64(m*m), 0)
	}
}

// TestDesign: every chosen cell is drawn equally often, but for the extra ones; the
// chosen differ; draws of one part are in no order.
func TestDesign(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, c := range []struct{ n, m, strata, chosen, extra int }{
		{1, 5, 1, 1, 0}, {3, 10, 1, 3, 1}, {7, 30, 3, 7, 3}, {1000, 100, 1, 90, 10}, {95, 100, 1, 90, 10}, {90, 100, 2, 45, 5}, {5, 2, 2, 1, 0},
	} {
		members := make([]int32, c.n)
		for i := range members {
			members[i] = int32(100 + i)
		}
		d, of := NewDesign(rng, members, c.m, c.strata)
		if d.Chosen != c.chosen || d.Extra != c.extra || d.Group != c.n || len(of) != c.m {
			t.Fatalf("%+v gives %d chosen, %d extra", c, d.Chosen, d.Extra)
		}
		part := c.m / c.strata
		for s := range c.strata {
			drawn := map[int32]int{}
			for i := s * part; i < (s+1)*part; i++ {
				drawn[of[i]]++
				if of[i] < 100 || of[i] >= int32(100+c.n) {
					t.Fatalf("%+v draws cell %d", c, of[i])
				}
			}
			more := 0
			for _, k := range drawn {
				if k == part/c.chosen+1 {
					more++
				} else if k != part/c.chosen {
					t.Fatalf("%+v draws a cell %d times", c, k)
				}
			}
			if len(drawn) != c.chosen || more != c.extra {
				t.Fatalf("%+v: %d cells are drawn, %d of them once more", c, len(drawn), more)
			}
		}
	}
}

// TestErrorIsCalibrated repeats the choice of cells and draws: the probability's
// deviation over repeats is the error that each claims. Cells differ, and so do the
// draws of each; groups are smaller and larger than the draws leave room for, and strata
// may differ.
func TestErrorIsCalibrated(t *testing.T) {
	const repeats, m = 1000, 300
	rng := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		n1, n2  int
		shifts  []float64 // of each stratum
		between float64   // deviation of cells; 1 is that of a cell's draws
		two     bool
	}{
		"small groups":           {20, 41, []float64{0}, 2, false},
		"large groups":           {5000, 3000, []float64{0}, 2, false},
		"about as many as draws": {290, 330, []float64{0.5}, 2, false},
		"one of each":            {12, 4000, []float64{-1}, 1, false},
		"cells alike":            {50, 500, []float64{0}, 0, false},
		"likely":                 {100, 2000, []float64{4}, 2, false},
		"two-sided":              {100, 2000, []float64{0.3}, 0.3, true},
		"unequal strata":         {40, 900, []float64{-2, 2, 0}, 1, false},
		"strata, two-sided":      {40, 900, []float64{-2, 2, 0}, 1, true},
	} {
		one, two := cellMeans(rng, c.n1, c.between), cellMeans(rng, c.n2, c.between)
		probabilities, claimed, work := []float64{}, 0.0, &Scratch{}
		for range repeats {
			p := Pairs{}
			p.X, p.One = drawOf(rng, one, m, c.shifts)
			p.Y, p.Two = drawOf(rng, two, m, make([]float64, len(c.shifts)))
			e := Change{Delta: 0.5, Pseudocounts: 1e-6, TwoSided: c.two}.Effect(p, work).DE
			if !c.two {
				e = Vanilla(p, work).M1
			}
			probabilities, claimed = append(probabilities, e.P), claimed+e.Error*e.Error/repeats
		}
		actual := describe(probabilities).Std
		// A standard deviation from 1,000 repeats is known to 1/sqrt(2000) = 2.2%. The
		// shares g and h are themselves of m draws of the other group, which is counted
		// twice: it is a tenth of the error where a stratum has 100 draws.
		if ratio := math.Sqrt(claimed) / actual; ratio < 0.92 || ratio > 1.14 {
			t.Errorf("%s: claims an error of %.5f, it is %.5f", name, math.Sqrt(claimed), actual)
		}
		if iid := math.Sqrt(0.25 / m); actual > iid {
			t.Errorf("%s: the error %.5f is above that of %d independent pairs, %.5f", name, actual, m, iid)
		}
	}
}

// cellMeans are the log means of n cells.
func cellMeans(rng *rand.Rand, n int, between float64) []float64 {
	means := make([]float64, n)
	for i := range means {
		means[i] = between * rng.NormFloat64()
	}
	return means
}

// drawOf draws from cells by a design, with a shift in each stratum.
func drawOf(rng *rand.Rand, means []float64, m int, shifts []float64) ([]float32, *Design) {
	members := make([]int32, len(means))
	for i := range members {
		members[i] = int32(i)
	}
	d, of := NewDesign(rng, members, m, len(shifts))
	draws := make([]float32, m)
	for i, cell := range of {
		draws[i] = float32(math.Exp(means[cell] + rng.NormFloat64() + shifts[i*len(shifts)/m]))
	}
	return draws, d
}

// TestChangeByHand: four pairs with fold changes 1, 0, −1, −2 at no pseudocounts to
// speak of. Of all 16, two are up, seven down and seven neither.
func TestChangeByHand(t *testing.T) {
	p := paired([]float32{0.2, 0.1, 0.1, 0.1}, []float32{0.1, 0.1, 0.2, 0.4}, 1)
	three := Change{Pseudocounts: 1e-12, Delta: 0.5}.Effect(p, &Scratch{})
	two := Change{Pseudocounts: 1e-12, Delta: 0.5, TwoSided: true}.Effect(p, &Scratch{})
	near(t, "three-way", three.DE.P, 7./16, 0)
	near(t, "two-way", two.DE.P, 9./16, 0)
	near(t, "mean", three.LFC.Mean, -0.5, 1e-6)
	near(t, "median", three.LFC.Median, -0.5, 1e-6)
	near(t, "std", three.LFC.Std, math.Sqrt(1.25), 1e-6)
	near(t, "min", three.LFC.Min, -2, 1e-6)
	near(t, "max", three.LFC.Max, 1, 1e-6)
	none := Change{Pseudocounts: 1e-12, Delta: 0}.Effect(p, &Scratch{})
	near(t, "no change counts as one up where delta is 0", none.DE.P, 9./16, 0)
}

// TestMedian against sorting, with ties, for even and odd lengths.
func TestMedian(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := 1; n < 200; n++ {
		v := make([]float64, n)
		for i := range v {
			v[i] = float64(rng.IntN(max(1, n/2)))
		}
		sorted := slices.Sorted(slices.Values(v))
		want := (sorted[(n-1)/2] + sorted[n/2]) / 2
		if got := median(v); got != want {
			t.Fatalf("median of %v is %v, want %v", sorted, got, want)
		}
	}
}

// TestPseudocounts: no gene without counts, one, and both groups.
func TestPseudocounts(t *testing.T) {
	for _, c := range []struct {
		one, two []float64
		want     float64
	}{
		{nil, nil, 1e-10},
		{[]float64{0.5}, nil, 0.05},
		{[]float64{3, 1}, []float64{10}, 1},
		{[]float64{0, 10}, []float64{1}, 0.9}, // linear between neighbours
		{[]float64{1e-20}, nil, 1e-10},
	} {
		near(t, "pseudocounts", Pseudocounts(c.one, c.two, 10)*1e10, c.want*1e10, 1e-12)
	}
}

// TestCutInThree against all cuts.
func TestCutInThree(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for n := 3; n < 40; n++ {
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64() + 3*float64(rng.IntN(3))
		}
		slices.Sort(x)
		s, least := newSums(x), math.Inf(1)
		for a := 1; a < n-1; a++ {
			for b := a + 1; b < n; b++ {
				least = min(least, s.spread(0, a)+s.spread(a, b)+s.spread(b, n))
			}
		}
		a, b := cutInThree(x)
		if a < 1 || b <= a || b >= n {
			t.Fatalf("cuts %d, %d of %d values", a, b, n)
		}
		near(t, "spread", s.spread(0, a)+s.spread(a, b)+s.spread(b, n), least, 1e-12)
	}
}

// TestDelta: no fold changes at all, and too few genes.
func TestDelta(t *testing.T) {
	if got, err := Delta(make([]float64, 50)); got != 0.1 || err != nil {
		t.Errorf("genes without a change give delta %v, %v", got, err)
	}
	if _, err := Delta([]float64{1, 2}); err == nil {
		t.Error("two genes give a delta")
	}
}

// TestRank: the key, then the tie, then the gene; numbers before NaN.
func TestRank(t *testing.T) {
	ranks := []Rank{{0.5, 9, 0}, {1, 2, 1}, {math.NaN(), 0, 2}, {1, 3, 3}, {1, 2, 4}, {1, math.NaN(), 5}}
	slices.SortFunc(ranks, Rank.Compare)
	var order []int
	for _, r := range ranks {
		order = append(order, r.Gene)
	}
	if !slices.Equal(order, []int{3, 1, 4, 5, 0, 2}) {
		t.Errorf("order %v", order)
	}
}

// TestDiscoveriesAreHonest draws genes from the prior that their posteriors are
// computed with: of those reported at 5%, about that many at most are false.
//
// A gene's log2 fold change is 0 or N(0, 1.5²), as likely; its two groups' log shares
// are measured with noise, and what is drawn of them are posteriors given the
// measurement.
func TestDiscoveriesAreHonest(t *testing.T) {
	const genes, m, delta, prior, noise = 4000, 400, 0.25, 1.5, 0.3
	rng := rand.New(rand.NewPCG(8, 9))
	type tested struct {
		p     float64
		truth bool
	}
	all := make([]tested, genes)
	work := &Scratch{}
	for g := range all {
		lfc := 0.0
		if rng.IntN(2) == 1 {
			lfc = prior * rng.NormFloat64()
		}
		measured := lfc + noise*rng.NormFloat64()
		// The posterior of lfc: a point at 0 and a normal, by their marginal likelihoods.
		v := prior*prior + noise*noise
		odds := math.Exp(-measured*measured/2/v+measured*measured/2/noise/noise) * noise / math.Sqrt(v)
		p := paired(make([]float32, m), make([]float32, m), 1)
		for i := range m {
			draw := 0.0
			if rng.Float64() < odds/(1+odds) {
				draw = measured*prior*prior/v + prior*noise/math.Sqrt(v)*rng.NormFloat64()
			}
			p.X[i], p.Y[i] = float32(0.01*math.Exp2(draw)), 0.01
		}
		all[g] = tested{Change{Delta: delta, Pseudocounts: 1e-10, TwoSided: true}.Effect(p, work).DE.P, math.Abs(lfc) >= delta}
	}
	slices.SortFunc(all, func(a, b tested) int { return cmp.Compare(b.p, a.p) })
	sorted := make([]float64, genes)
	for g := range all {
		sorted[g] = all[g].p
	}
	n, wrong, found, there := Discoveries(sorted, 0.05), 0, 0, 0
	for g, x := range all {
		if x.truth {
			there++
		}
		if g < n && x.truth {
			found++
		} else if g < n {
			wrong++
		}
	}
	share := float64(wrong) / float64(n)
	if share < 0.02 || share > 0.07 {
		t.Errorf("%d of %d reported genes are false: %.3f, for a target of 0.05", wrong, n, share)
	}
	if float64(found) < 0.7*float64(there) {
		t.Errorf("%d of %d changed genes found", found, there)
	}
}
