package report

import "math"

// CheckFormat is the version of check.json.
const CheckFormat = 1

// GoodKHat is the k-hat below which importance sampling from a posterior's approximation
// works, and the approximation may pass for it (Vehtari, Simpson, Gelman, Yao, Gabry:
// Pareto smoothed importance sampling, JMLR 25, 2024, arXiv 1507.02646).
const GoodKHat = 0.7

// Check is check.json: what `cellvi check` measured of the cells' posteriors. Bounds and
// gaps are in nats per cell.
type Check struct {
	Format    int           `json:"format"`
	Model     string        `json:"model"`      // SHA-256 of the model's files
	Of        string        `json:"of"`         // which cells: validation, all, or those of a file
	Cells     int           `json:"cells"`      // that were measured
	Candidate int           `json:"candidates"` // of so many
	Samples   int           `json:"samples"`    // draws of each posterior
	Refine    string        `json:"refine"`     // the family that was fitted to each cell; none
	Unsettled int           `json:"not_converged"`
	KLWeight  float64       `json:"kl_weight"` // at the end of training; 1 where there is no history
	Groups    []CheckGroup  `json:"groups"`    // the first is of all cells
	KHats     Histogram     `json:"khat_histogram"`
	Gaps      Histogram     `json:"gap_histogram"`
	Training  CheckTraining `json:"training"`
	Verdict   CheckVerdict  `json:"verdict"`
}

// CheckGroup is the figures of all cells, or of those of a level.
type CheckGroup struct {
	Of      string `json:"of"` // all, split, batch or label
	Key     string `json:"key,omitempty"`
	Level   string `json:"level,omitempty"`
	Cells   int    `json:"cells"`
	Encoder Trust  `json:"encoder"`
	Refined *Trust `json:"refined,omitempty"`
	// BoundGap is the better importance-weighted bound less the encoder's ELBO: all that
	// is known to be given away.
	BoundGap Figure `json:"bound_gap"`
	// AmortizationGap is the refined ELBO less the encoder's.
	AmortizationGap *Figure `json:"amortization_gap,omitempty"`
	// WidthGap is what of it the encoder's posterior gains where its deviations are
	// multiplied by WidthFactor, the one factor that suits the refined posterior best.
	WidthGap    *Figure `json:"width_gap,omitempty"`
	WidthFactor *Figure `json:"width_factor,omitempty"`
}

// Trust is what is known of one kind of approximation.
type Trust struct {
	ELBO  Figure  `json:"elbo"`
	Bound Figure  `json:"bound"`
	KHat  Figure  `json:"khat"`
	ESS   Figure  `json:"ess"`
	Good  float64 `json:"khat_good"` // share of the cells with k-hat below GoodKHat
}

// Figure is a number of many cells. What is not finite is counted, and left out.
type Figure struct {
	Mean      float64    `json:"mean"`
	SD        float64    `json:"sd"`
	Quantiles [5]float64 `json:"quantiles_5_25_50_75_95"`
	Cells     int        `json:"cells"`
	NotFinite int        `json:"not_finite"`
}

// Histogram counts cells in bins of equal width; what lies outside is in the outermost.
type Histogram struct {
	From    float64 `json:"from"`
	Width   float64 `json:"width"`
	Encoder []int   `json:"encoder"`
	Refined []int   `json:"refined,omitempty"`
}

// CheckTraining is how training ended, by history.parquet.
type CheckTraining struct {
	Verdict   string  `json:"verdict"` // as the report's; empty: there is no history
	Text      string  `json:"text"`
	Epochs    int     `json:"epochs"`
	Slope     float64 `json:"slope"`       // of the watched ELBO, as a loss, over the last epochs: nats per cell and epoch
	SlopeSE   float64 `json:"slope_error"` // its standard error; both 0 where there are too few epochs
	Window    int     `json:"slope_epochs"`
	BestEpoch int     `json:"best_epoch"` // of the lowest loss, from 1
	AboveBest float64 `json:"above_best"` // the last loss less the lowest
}

// CheckVerdict is the whole in words.
type CheckVerdict struct {
	State     string   `json:"state"` // good, fair or bad
	Word      string   `json:"word"`
	Posterior string   `json:"posterior"`
	Groups    string   `json:"groups,omitempty"` // which batches and labels stand out
	Weight    string   `json:"weight,omitempty"` // what the KL weight cost
	Do        []string `json:"do"`
}

// All is the group of all cells.
func (c *Check) All() *CheckGroup { return &c.Groups[0] }

// se is the standard error of the mean.
func (f *Figure) se() float64 { return f.SD / math.Sqrt(float64(max(f.Cells, 1))) }

// kHat bins, from −0.5 to 2.
const (
	kHatFrom  = -0.5
	kHatWidth = 0.1
	kHatBins  = 25
	gapBins   = 30
)

// CountKHats counts k-hats, those that are not finite as the largest. refined may be nil.
func (c *Check) CountKHats(encoder, refined []float32) {
	c.KHats = Histogram{From: kHatFrom, Width: kHatWidth, Encoder: bins(encoder, kHatFrom, kHatWidth, kHatBins)}
	if refined != nil {
		c.KHats.Refined = bins(refined, kHatFrom, kHatWidth, kHatBins)
	}
}

// CountGaps counts what is given away: bins from 0 to just above the largest usual one.
func (c *Check) CountGaps(encoder, refined []float32) {
	width := max(c.All().BoundGap.Quantiles[4], 0.1) * 1.25 / gapBins
	c.Gaps = Histogram{Width: width, Encoder: bins(encoder, 0, width, gapBins)}
	if refined != nil {
		c.Gaps.Refined = bins(refined, 0, width, gapBins)
	}
}

func bins(values []float32, from, width float64, n int) []int {
	counts := make([]int, n)
	for _, v := range values {
		at := (float64(v) - from) / width
		if math.IsNaN(at) {
			at = float64(n)
		}
		counts[int(min(max(at, 0), float64(n-1)))]++
	}
	return counts
}
