package factor

import "math"

// HeldOut sums up how entries that were held out are predicted. One half of them, by
// the sum of cell and gene, serves to learn by how much intervals must be stretched,
// the other to try that (split conformal prediction: Lei et al. 2018, JASA 113:1094).
type HeldOut struct {
	Entries, Positive int64
	Squares           float64   // Σ (y − mean)²
	SquaresMean       float64   // Σ (y − the gene's mean)²
	LogDensity        float64   // Σ log of the predictive density
	Within            [4]int64  // of the intervals of Levels
	PositiveWithin    int64     // of the entries above zero, in the 90% interval
	Gene              []float64 // the genes' means, for SquaresMean

	learn, try [zBins + 1]int64 // how many have a |z| in each bin
}

// Levels are the nominal shares of the intervals whose coverage is counted, and their
// half widths in standard deviations.
var levels = [4][2]float64{{0.5, 0.6744897501960817}, {0.8, 1.2815515655446004}, {0.9, 1.6448536269514722}, {0.95, 1.959963984540054}}

// |z| is counted in bins of 1/zPer up to zBins/zPer.
const (
	zPer  = 1024
	zBins = 32 * zPer
)

// NewHeldOut is one without entries.
func (f *Fit) NewHeldOut() *HeldOut {
	h := &HeldOut{Gene: make([]float64, f.s.genes)}
	for j := range h.Gene {
		h.Gene[j] = f.genes.Mean[j*f.s.d]
	}
	return h
}

func (h *HeldOut) add(e Entry) {
	off := e.Y - e.Mean
	z := math.Abs(off) / e.SD
	h.Entries++
	h.Squares += off * off
	mean := e.Y - h.Gene[e.Gene]
	h.SquaresMean += mean * mean
	h.LogDensity += -0.5*z*z - math.Log(e.SD) - 0.5*math.Log(2*math.Pi)
	for k, l := range levels {
		if z <= l[1] {
			h.Within[k]++
		}
	}
	if e.Y > 0 {
		h.Positive++
		if z <= levels[2][1] {
			h.PositiveWithin++
		}
	}
	bin := min(int(z*zPer), zBins)
	if (int64(e.Cell)+int64(e.Gene))%2 == 0 {
		h.learn[bin]++
	} else {
		h.try[bin]++
	}
}

// Summary is HeldOut in the shares that people read.
type Summary struct {
	Entries          int64      `json:"entries"`
	RMSE             float64    `json:"rmse"`
	RMSEGeneMean     float64    `json:"rmse_gene_mean"` // of predicting each gene's mean
	R2               float64    `json:"r2"`             // 1 − (RMSE / RMSEGeneMean)²
	LogDensity       float64    `json:"log_density"`    // mean, nats an entry
	Coverage         [4]float64 `json:"coverage_50_80_90_95"`
	CoveragePositive float64    `json:"coverage_90_above_zero"`
	Stretch          float64    `json:"stretch_90"`            // what 90% intervals are to be multiplied by, of one half of the entries
	CoverageStretch  float64    `json:"coverage_90_stretched"` // what that covers of the other half
}

// Summary sums up.
func (h *HeldOut) Summary() Summary {
	n := float64(max(h.Entries, 1))
	s := Summary{Entries: h.Entries, RMSE: math.Sqrt(h.Squares / n), RMSEGeneMean: math.Sqrt(h.SquaresMean / n), LogDensity: h.LogDensity / n,
		CoveragePositive: float64(h.PositiveWithin) / float64(max(h.Positive, 1))}
	if h.SquaresMean > 0 {
		s.R2 = 1 - h.Squares/h.SquaresMean
	}
	for k := range levels {
		s.Coverage[k] = float64(h.Within[k]) / n
	}
	bin := quantile(h.learn[:], levels[2][0])
	s.Stretch = float64(bin+1) / zPer / levels[2][1]
	within, all := int64(0), int64(0)
	for k, v := range h.try {
		all += v
		if k <= bin {
			within += v
		}
	}
	s.CoverageStretch = float64(within) / float64(max(all, 1))
	return s
}

// quantile is the first bin at which the share of (m+1) is reached.
func quantile(bins []int64, share float64) int {
	all := int64(0)
	for _, v := range bins {
		all += v
	}
	want, sum := int64(math.Ceil(float64(all+1)*share)), int64(0)
	for k, v := range bins {
		if sum += v; sum >= want {
			return k
		}
	}
	return len(bins) - 1
}
