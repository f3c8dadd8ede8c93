package model

import (
	"math"
	"slices"
	"testing"
)

// predict draws n counts of each gene from one decoded cell.
func predict(likelihood string, g *Generated, n int) [][]float64 {
	p := NewPredictive(Config{GeneLikelihood: likelihood}, 5)
	genes := make([]int, len(g.Scale))
	out, row := make([][]float64, len(genes)), make([]float32, len(genes))
	for i := range genes {
		genes[i] = i
	}
	for item := range n {
		p.Draw(g, 0, int64(item), genes, row)
		for i, v := range row {
			out[i] = append(out[i], float64(v))
		}
	}
	return out
}

// moments are mean, variance and share of zeros.
func moments(x []float64) (mean, variance, zeros float64) {
	for _, v := range x {
		mean += v / float64(len(x))
		if v == 0 {
			zeros += 1 / float64(len(x))
		}
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, variance, zeros
}

// near5 fails unless got is within five standard errors of want.
func near5(t *testing.T, what string, got, want, standardError float64) {
	t.Helper()
	if math.Abs(got-want) > 5*standardError {
		t.Errorf("%s is %.6g, want %.6g ± %.2g", what, got, want, standardError)
	}
}

// Draws of the negative binomial have its mean, its variance mu + mu²/theta and its
// zeros, where they are drawn by jumps and where by a gamma draw.
func TestPredictiveNegativeBinomial(t *testing.T) {
	const n = 60000
	g := &Generated{N: 1, Library: []float32{10}}
	for _, mu := range []float32{0.05, 3, 15.9, 16.1, 500} {
		for _, theta := range []float32{0.3, 5, 1e7} {
			g.Scale, g.Theta = append(g.Scale, mu/10), append(g.Theta, theta)
		}
	}
	for i, x := range predict("nb", g, n) {
		mu, theta := float64(g.Scale[i])*10, float64(g.Theta[i])
		mean, variance, zeros := moments(x)
		want, p := mu+mu*mu/theta, math.Exp(-theta*math.Log1p(mu/theta))
		// The fourth cumulant of a negative binomial gives the variance's own error.
		k := want * (1 + 6*want/theta)
		near5(t, "mean", mean, mu, math.Sqrt(want/n))
		near5(t, "variance", variance, want, math.Sqrt((k+2*want*want)/n))
		near5(t, "share of zeros", zeros, p, math.Sqrt(p*(1-p)/n)+1e-9)
	}
}

func TestPredictiveOthers(t *testing.T) {
	const n = 60000
	g := &Generated{N: 1, Library: []float32{2}, Scale: []float32{1.5, 60}, Theta: []float32{2, 3}}
	for i, x := range predict("normal", g, n) {
		mean, variance, _ := moments(x)
		sd := float64(g.Theta[i])
		near5(t, "normal's mean", mean, 2*float64(g.Scale[i]), sd/math.Sqrt(n))
		near5(t, "normal's variance", variance, sd*sd, sd*sd*math.Sqrt(2./n))
	}
	for i, x := range predict("poisson", g, n) {
		mean, variance, _ := moments(x)
		mu := 2 * float64(g.Scale[i])
		near5(t, "poisson's mean", mean, mu, math.Sqrt(mu/n))
		near5(t, "poisson's variance", variance, mu, math.Sqrt((mu+2*mu*mu)/n))
	}
	g.Dropout = []float32{-1, 2}
	for i, x := range predict("zinb", g, n) {
		mu, theta, pi := 2*float64(g.Scale[i]), float64(g.Theta[i]), sigmoid(float64(g.Dropout[i]))
		p := pi + (1-pi)*math.Pow(theta/(theta+mu), theta)
		_, _, zeros := moments(x)
		near5(t, "zinb's share of zeros", zeros, p, math.Sqrt(p*(1-p)/n))
	}
}

// A gene's count depends on no other gene that is drawn.
func TestPredictiveGenesAreApart(t *testing.T) {
	g := &Generated{N: 1, Sample: 3, Library: []float32{10}, Scale: []float32{1, 2, 3, 4}, Theta: []float32{1, 1, 1, 1}}
	p, all, some := NewPredictive(Config{GeneLikelihood: "nb"}, 9), make([]float32, 4), make([]float32, 2)
	differs := false
	for item := range int64(50) {
		p.Draw(g, 0, item, []int{0, 1, 2, 3}, all)
		p.Draw(g, 0, item, []int{3, 1}, some)
		if some[0] != all[3] || some[1] != all[1] {
			t.Fatalf("genes 3 and 1 are %v alone, %v among all", some, all)
		}
		differs = differs || all[0] != all[1]
	}
	if !differs {
		t.Error("all genes have the same draws")
	}
}

// Denoised expression is gamma with mean library·rho and variance mean²/theta.
func TestDenoised(t *testing.T) {
	const n = 60000
	g := &Generated{N: 1, Library: []float32{7}, Scale: []float32{0.002, 0.01, 0.03}, Theta: []float32{0.1, 2, 50}}
	p := NewPredictive(Config{GeneLikelihood: "nb"}, 2)
	for gene := range g.Scale {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(p.Denoised(g, 0, int64(i), gene, 1000))
		}
		mean, variance, _ := moments(x)
		mu, theta := 1000*float64(g.Scale[gene]), float64(g.Theta[gene])
		want := mu * mu / theta
		near5(t, "mean", mean, mu, math.Sqrt(want/n))
		near5(t, "variance", variance, want, want*math.Sqrt((2+6/theta)/n))
	}
}

func TestRanks(t *testing.T) {
	x := []float32{3, 0, 7, 3, 0.5, 3, 1e-40}
	Ranks(x, make([]uint64, len(x)))
	if want := []float32{5, 1, 7, 5, 3, 5, 2}; !slices.Equal(x, want) {
		t.Errorf("ranks %v, want %v", x, want)
	}
	if Standardize(x) {
		t.Error("ranks are told to be constant")
	}
	square := 0.0
	for _, v := range x {
		square += float64(v) * float64(v) / float64(len(x))
	}
	near5(t, "variance", square, 1, 1e-6)
	if flat := []float32{2, 2, 2}; !Standardize(flat) || flat[0] != 0 {
		t.Errorf("equal values become %v", flat)
	}
}

// Products are those of a plain loop, over tiles and over more observations than one
// product takes.
func TestProducts(t *testing.T) {
	const genes, n = 70, tileDepth + 77
	rng := Stream(1, Simulation, 0, 0)
	x := make([]float32, 2*GeneTile*n)
	normal(rng, x[:genes*n])
	p := NewProducts(genes, 1)
	for a := range p.Tiles {
		for b := a; b < p.Tiles; b++ {
			p.Add(0, a, b, n, x[a*GeneTile*n:], x[b*GeneTile*n:], n)
		}
	}
	for _, pair := range [][2]int{{0, 0}, {3, 69}, {69, 3}, {65, 66}} {
		want := 0.0
		for i := range n {
			want += float64(x[pair[0]*n+i]) * float64(x[pair[1]*n+i])
		}
		near5(t, "sum of products", p.At(pair[0], pair[1]), want, 1e-3)
	}
}
