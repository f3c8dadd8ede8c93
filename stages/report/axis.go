package report

import (
	"math"
	"strconv"
)

// axis maps values to pixels and has a few round numbers marked.
type axis struct {
	min, max float64 // values
	from, to float64 // pixels
	Ticks    []tick
}

// tick is a mark on an axis.
type tick struct {
	At    string // pixels
	Label string
}

// newAxis covers min … max with pixels from … to and about n marks.
func newAxis(min, max, from, to float64, n int) axis {
	if !(max > min) { // a single value, or none
		min, max = min-0.5, min+0.5
	}
	a := axis{min: min, max: max, from: from, to: to}
	step, digits := roundStep((max - min) / float64(n))
	for k := math.Ceil(min / step); k*step <= max*(1+1e-12); k++ {
		a.Ticks = append(a.Ticks, tick{pixel(a.at(k * step)), strconv.FormatFloat(k*step+0, 'f', digits, 64)})
	}
	return a
}

func (a axis) at(v float64) float64 {
	return a.from + (v-a.min)/(a.max-a.min)*(a.to-a.from)
}

// roundStep is the smallest of 1, 2 and 5 times a power of ten that is not
// below least, and the digits after the point that it needs.
func roundStep(least float64) (step float64, digits int) {
	power := math.Floor(math.Log10(least))
	for _, m := range []float64{1, 2, 5, 10} {
		step = m * math.Pow(10, power)
		if step >= least*(1-1e-9) {
			if m == 10 {
				power++
			}
			break
		}
	}
	return step, int(math.Max(0, -power))
}

// pixel writes a coordinate with a tenth of a pixel.
func pixel(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10+0, 'f', -1, 64) }
