package report

import (
	"fmt"
	"math"
	"strings"
)

// chart is lines over epochs, as the template draws it: 400 × 250 pixels, the
// frame from (left, top) to (right, bottom).
type chart struct {
	ID, Title string
	X, Y      axis
	Lines     []line
	Cut       bool // the first epochs lie above the frame
	Describe  string
}

// line is one series.
type line struct {
	Name  string
	Class string // colour: "first" or "second"
	Path  string // SVG path data
	First string // first value
	Last  string // last value
}

const left, right, top, bottom = 62, 382, 10, 210

// series is values by epoch; NaN and nil were not measured.
type series struct {
	name   string
	values []float64
}

// newChart draws one or two series.
func newChart(id, title string, of ...series) chart {
	c := chart{ID: id, Title: title}
	epochs := 2
	var all [][]float64
	for _, s := range of {
		all, epochs = append(all, s.values), max(epochs, len(s.values))
	}
	low, high, cut := verticalRange(all...)
	c.Cut = cut
	c.X = newAxis(1, float64(epochs), left, right, min(5, epochs-1))
	c.Y = newAxis(low, high, bottom, top, 4)
	for i, s := range of {
		c.add(s.name, [2]string{"first", "second"}[i], s.values)
	}
	c.Describe = fmt.Sprintf("%s over %s", title, plural(epochs, "epoch"))
	for _, l := range c.Lines {
		c.Describe += fmt.Sprintf("; %s from %s to %s", l.Name, l.First, l.Last)
	}
	return c
}

func (c *chart) add(name, class string, values []float64) {
	var path strings.Builder
	first, last, pen := math.NaN(), math.NaN(), "M"
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			pen = "M"
			continue
		}
		fmt.Fprintf(&path, "%s%s %s", pen, pixel(c.X.at(float64(i+1))), pixel(c.Y.at(v)))
		if path.Len() > 0 && math.IsNaN(first) {
			first = v
		}
		last, pen = v, "L"
	}
	if path.Len() == 0 {
		return
	}
	if pen == "L" { // a dot where a value has no neighbour to be joined with
		path.WriteString("h.01")
	}
	c.Lines = append(c.Lines, line{Name: name, Class: class, Path: path.String(), First: significant(first), Last: significant(last)})
}

// verticalRange covers the values with a little air. Losses fall steeply at
// first: where the first quarter would take four fifths of the height or more,
// the range covers the rest and the start is cut off.
func verticalRange(series ...[]float64) (low, high float64, cut bool) {
	low, high = extent(0, series...)
	_, later := extent(0.25, series...)
	if later > low && high-low > 5*(later-low) {
		high, cut = later+(later-low)*0.25, true
	}
	air := (high - low) * 0.05
	return low - air, high + air, cut
}

// extent is the smallest and largest finite value after the first share from of
// each series; 0 and 0 for none.
func extent(from float64, series ...[]float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range series {
		for _, v := range s[int(from*float64(len(s))):] {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if low > high {
		return 0, 0
	}
	return low, high
}

// charts are the page's curves.
func (h *History) charts() []chart {
	both := func(train, validation []float64) []series {
		return []series{{"training", train}, {"validation", validation}}
	}
	return []chart{
		newChart("elbo", "ELBO, as a loss per cell", both(h.ELBOTrain, h.ELBOValidation)...),
		newChart("reconstruction", "Reconstruction loss per cell", both(h.ReconstructionTrain, h.ReconstructionValidation)...),
		newChart("kl", "KL divergence per cell", both(h.KLTrain, h.KLValidation)...),
		newChart("weight", "KL weight in the training loss", series{"weight", h.KLWeight}),
	}
}
