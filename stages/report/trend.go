package report

import "math"

// trend is the straight line of least squares through the last epochs' losses.
type trend struct {
	epochs       int     // that it is drawn through
	slope, sigma float64 // change of the loss from one measured epoch to the next, and its standard error, nats per cell
}

// fewestTrend is the fewest measured epochs whose scatter says something of their noise.
const fewestTrend = 10

// trendOf takes the last fifth of the epochs, fewestTrend at least; false where there are
// fewer. The standard error is that of ordinary least squares: the scatter about the
// line is the noise that the slope is held against.
func trendOf(losses []float64) (t trend, known bool) {
	n := max(fewestTrend, len(losses)/5)
	if len(losses) < n {
		return t, false
	}
	y := losses[len(losses)-n:]
	middle, average := float64(n-1)/2, mean(y)
	var xx, xy, rest float64
	for i, v := range y {
		x := float64(i) - middle
		xx += x * x
		xy += x * (v - average)
	}
	t = trend{epochs: n, slope: xy / xx}
	for i, v := range y {
		d := v - average - t.slope*(float64(i)-middle)
		rest += d * d
	}
	t.sigma = math.Sqrt(rest / float64(n-2) / xx)
	return t, true
}

// clearly is how many standard errors a slope must have not to pass for noise.
const clearly = 2

// direction is −1 where the losses clearly fall, 1 where they clearly rise, 0 where the
// slope may be noise.
func (t trend) direction() int {
	switch {
	case t.slope < -clearly*t.sigma:
		return -1
	case t.slope > clearly*t.sigma:
		return 1
	}
	return 0
}

// noise says that a change of the losses, of this sign, may be chance.
func noise(losses []float64, change float64) bool {
	t, known := trendOf(losses)
	return known && float64(t.direction())*change <= 0
}
