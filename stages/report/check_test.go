package report

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// exampleTrust is the figures of so many cells, a share of which is good.
func exampleTrust(cells int, good, elbo float64) Trust {
	f := func(mean, sd float64) Figure {
		return Figure{Mean: mean, SD: sd, Quantiles: [5]float64{mean - 2*sd, mean - sd, mean, mean + sd, mean + 2*sd}, Cells: cells}
	}
	return Trust{ELBO: f(elbo, 100), Bound: f(elbo+4, 100), KHat: f(1.2-0.8*good, 0.2), ESS: f(20+300*good, 10), Good: good}
}

// exampleGroup is a level.
func exampleGroup(of, key, level string, cells int, encoder, refined, gap float64) CheckGroup {
	r := exampleTrust(cells, refined, -900+gap)
	f := func(mean float64) *Figure {
		return &Figure{Mean: mean, SD: 1, Quantiles: [5]float64{mean, mean, mean, mean, mean}, Cells: cells}
	}
	return CheckGroup{Of: of, Key: key, Level: level, Cells: cells, Encoder: exampleTrust(cells, encoder, -900), Refined: &r,
		BoundGap: *f(gap + 0.4), AmortizationGap: f(gap), WidthGap: f(gap / 2), WidthFactor: f(1.8)}
}

// exampleCheck is of a run with two batches, the second of which is worse.
func exampleCheck() *Check {
	c := &Check{Format: CheckFormat, Of: "validation", Cells: 400, Candidate: 400, Samples: 512, Refine: "full", Groups: []CheckGroup{
		exampleGroup("all", "", "", 400, 0.05, 0.92, 5),
		exampleGroup("batch", "sample_id", "donor 1", 300, 0.06, 0.99, 5),
		exampleGroup("batch", "sample_id", "donor 2", 100, 0.02, 0.7, 5),
		exampleGroup("label", "cell_type", "type 1", 380, 0.05, 0.92, 5),
		exampleGroup("label", "cell_type", "type 2", 20, 0.05, 0.9, 5),
	}}
	rng := rand.New(rand.NewPCG(1, 2))
	encoder, refined := make([]float32, 400), make([]float32, 400)
	for i := range encoder {
		encoder[i], refined[i] = float32(1.2+0.3*rng.NormFloat64()), float32(0.4+0.15*rng.NormFloat64())
	}
	c.CountKHats(encoder, refined)
	c.CountGaps(encoder, refined)
	return c
}

// TestVerdict: it says for how many cells what can be trusted, which batch stands out,
// what the KL weight did and what to do.
func TestVerdict(t *testing.T) {
	c := exampleCheck()
	h := exampleHistory(rand.New(rand.NewPCG(7, 1)), 100)
	c.Judge(&h)
	v := c.Verdict
	if v.State != "fair" || c.Training.Verdict != string(converged) || c.Training.Window != 20 || c.Training.SlopeSE <= 0 {
		t.Errorf("state %s, training %+v", v.State, c.Training)
	}
	all := strings.Join(append(v.Do, v.Posterior, v.Groups, v.Weight), "\n")
	for _, want := range []string{"for 5% of 400 validation cells", "gives away 5.00 nats", "trusted for 92%", "sample_id donor 2", "for 30% of its 100 cells, elsewhere for 1%",
		"ended at 0.2475", "1.8 times as wide, which alone is worth 2.50 nats", "embed --refine full", "--n-epochs-kl-warmup auto"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	for _, not := range []string{"donor 1", "type", "--max-epochs"} {
		if strings.Contains(all, not) {
			t.Errorf("%q in\n%s", not, all)
		}
	}
}

// TestVerdictOfSoundPosteriors: nothing is advised, and nothing stands out.
func TestVerdictOfSoundPosteriors(t *testing.T) {
	c := &Check{Of: "all", Cells: 400, Candidate: 4000, Samples: 512, Refine: "none", Groups: []CheckGroup{exampleGroup("all", "", "", 400, 0.95, 0, 1)}}
	c.Groups[0].Refined, c.Groups[0].AmortizationGap, c.Groups[0].WidthGap = nil, nil, nil
	c.Judge(nil)
	if v := c.Verdict; v.State != "good" || len(v.Do) > 0 || v.Weight != "" || v.Groups != "" || !strings.Contains(v.Posterior, "95% of 400 cells (spread evenly over 4,000)") {
		t.Errorf("%+v", v)
	}
}

// TestGapStandsOut: a level whose gap is larger than the others' is named, one whose is
// within their noise is not.
func TestGapStandsOut(t *testing.T) {
	c := exampleCheck()
	c.Groups = []CheckGroup{exampleGroup("all", "", "", 400, 0.05, 0.97, 5.5), exampleGroup("batch", "b", "far", 100, 0.05, 0.97, 10), exampleGroup("batch", "b", "near", 300, 0.05, 0.97, 4)}
	c.Judge(nil)
	if g := c.Verdict.Groups; !strings.Contains(g, "b far, the encoder gives away 10.40 nats per cell, elsewhere 4.40") || strings.Contains(g, "near") {
		t.Error(g)
	}
	c.Groups[1].BoundGap.SD, c.Groups[0].BoundGap.SD = 40, 40
	c.Verdict = CheckVerdict{}
	c.Judge(nil)
	if c.Verdict.Groups != "" {
		t.Error(c.Verdict.Groups)
	}
}

// TestTrend: slope and standard error are those of least squares.
func TestTrend(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n, slope, noise = 20, -0.5, 0.3
	var mean, square, claimed float64
	const trials = 2000
	for range trials {
		y := make([]float64, 100)
		for i := range y {
			y[i] = 1000 + slope*float64(i) + noise*rng.NormFloat64()
		}
		l, known := trendOf(y)
		if !known || l.epochs != n {
			t.Fatalf("%+v", l)
		}
		mean += l.slope / trials
		square += (l.slope - slope) * (l.slope - slope) / trials
		claimed += l.sigma * l.sigma / trials
	}
	if math.Abs(mean-slope) > 4*math.Sqrt(square/trials) || math.Abs(claimed/square-1) > 0.15 {
		t.Errorf("slope %v, want %v; error %v, claimed %v", mean, slope, math.Sqrt(square), math.Sqrt(claimed))
	}
	if _, known := trendOf(make([]float64, 9)); known {
		t.Error("nine epochs have a trend")
	}
}

// TestNoiseIsNoTrend: losses that scatter by more than the threshold without a slope are
// called converged; before they were not.
func TestNoiseIsNoTrend(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	wrong := 0
	for range 500 {
		h := History{}
		for range 100 {
			h.ELBOTrain = append(h.ELBOTrain, 500+6*rng.NormFloat64())
		}
		if v, _ := h.judge(); v != converged {
			wrong++
		}
	}
	if wrong > 60 { // 2 standard errors pass 4.6% by chance
		t.Errorf("%d of 500 flat histories are not called converged", wrong)
	}
}

// TestCheckSection: the page shows verdict, pictures and tables; without a check none.
func TestCheckSection(t *testing.T) {
	d := exampleData(300, 2, 2, 100)
	var page bytes.Buffer
	if err := d.WriteHTML(&page); err != nil || strings.Contains(page.String(), `id="check"`) {
		t.Fatalf("a section without a check, or %v", err)
	}
	d.Check = exampleCheck()
	d.Check.Judge(&d.History)
	page.Reset()
	if err := d.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Can the posterior be trusted?", "sound once refined", `id="check-batch"`, `id="check-khat"`, `id="check-gap"`, "worse than the others",
		"Amortization gap, mean", "trusted for 5% of the checked cells only"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %q on the page", want)
		}
	}
}

// TestBins: what lies outside is in the outermost bins, what is not finite in the last.
func TestBins(t *testing.T) {
	got := bins([]float32{-9, 0, 0.1, 0.5, 7, float32(math.Inf(1)), float32(math.NaN())}, 0, 0.25, 3)
	if got[0] != 3 || got[1] != 0 || got[2] != 4 {
		t.Error(got)
	}
}
