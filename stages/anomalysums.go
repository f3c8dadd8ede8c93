package stages

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// geneJudged are sums over cells of a gene's tests. Its fields are exported, as are those
// of the other sums and of candidates, for encoding/binary: see anomalypiece.go.
type geneJudged struct {
	Tests, Inside         int64
	Count, Mean, Surprise float64
	PIT                   [pitBins]int32 // how many tests have P(X ≤ x), made uniform, in each twentieth
	High, Low             int32          // found
}

// pitBins are the parts of a histogram of what should be uniform.
const pitBins = 20

// cellJudged are sums over genes of a cell's tests.
type cellJudged struct {
	Count, Mean, Surprise float64
	Tests, Inside         int32
	High, Low             int32 // found
}

// What they take, in bytes, and a candidate.
const (
	geneJudgedBytes = 8*5 + 4*pitBins + 8
	cellJudgedBytes = 8*3 + 4*4
	candidateBytes  = 8*6 + 8
)

func (g *geneJudged) add(o *geneJudged) {
	g.Tests, g.Inside = g.Tests+o.Tests, g.Inside+o.Inside
	g.Count, g.Mean, g.Surprise = g.Count+o.Count, g.Mean+o.Mean, g.Surprise+o.Surprise
	for i, n := range o.PIT {
		g.PIT[i] += n
	}
}

// distance is the largest difference, over the bins' edges, between the distribution of
// what should be uniform and the uniform one (Kolmogorov and Smirnov's).
func (g *geneJudged) distance() (d float64) {
	sum := int64(0)
	for i, n := range g.PIT {
		sum += int64(n)
		d = max(d, math.Abs(float64(sum)/float64(g.Tests)-float64(i+1)/pitBins))
	}
	return d
}

// fisher is the p-value of n tests together by Fisher's method: −2 Σ log p, whose half is
// sum, is chi-square of 2n degrees of freedom where all are uniform and independent.
func fisher(sum float64, n int64) float64 {
	if n == 0 {
		return 1
	}
	return mathext.GammaIncRegComp(float64(n), sum)
}

// expectedFrom are the expected counts from which a row of calibration is.
var expectedFrom = [...]float64{0, 0.01, 0.1, 1, 10, 100}

// calibration counts how many tests lie in their intervals: by the cells' part of the
// split, and by the expected count.
type calibration [3][len(expectedFrom)]covered

// covered are tests, and those of them that lie in their interval.
type covered struct {
	Tests, Inside, Closed int64
	PIT                   [10]int64
}

// of is the place of an expected count of a cell of a part.
func (c *calibration) of(p part, mean float64) *covered {
	at := len(expectedFrom) - 1
	for at > 0 && mean < expectedFrom[at] {
		at--
	}
	return &c[p][at]
}

func (c *calibration) add(o *calibration) {
	for i := range c {
		for k := range c[i] {
			c[i][k].add(&o[i][k])
		}
	}
}

func (c *covered) add(o *covered) {
	c.Tests, c.Inside, c.Closed = c.Tests+o.Tests, c.Inside+o.Inside, c.Closed+o.Closed
	for i, n := range o.PIT {
		c.PIT[i] += n
	}
}

// share is the share of the tests that lie in their interval, NaN where there is none.
func (c *covered) share() float64 { return float64(c.Inside) / float64(c.Tests) }
