package report

import (
	"fmt"
	"strings"
)

// histogram is one or two series of counts, drawn as steps; the frame is a chart's.
type histogram struct {
	ID, Title, Below string
	X                axis
	Lines            []line
	Mark             string // x of the threshold; empty: there is none
	Describe         string
}

// newHistogram draws shares of the cells, of the encoder's posteriors and the refined
// ones. mark is a threshold, 0 for none.
func newHistogram(id, title, below string, h Histogram, mark float64) histogram {
	p := histogram{ID: id, Title: title, Below: below}
	n := len(h.Encoder)
	p.X = newAxis(h.From, h.From+float64(n)*h.Width, left, right, 5)
	highest := 0.0
	for _, of := range [][]int{h.Encoder, h.Refined} {
		for _, s := range shares(of) {
			highest = max(highest, s)
		}
	}
	y := newAxis(0, max(highest, 1e-9)*1.05, bottom, top, 4)
	p.add("encoder", "first", h, h.Encoder, y)
	p.add("refined", "second", h, h.Refined, y)
	if mark > 0 {
		p.Mark = pixel(p.X.at(mark))
	}
	p.Describe = title
	for _, l := range p.Lines {
		p.Describe += fmt.Sprintf("; %s: most cells about %s", l.Name, l.Last)
	}
	return p
}

// add draws a series, and names its fullest bin.
func (p *histogram) add(name, class string, h Histogram, counts []int, y axis) {
	if len(counts) == 0 {
		return
	}
	var path strings.Builder
	full := 0
	fmt.Fprintf(&path, "M%s %s", pixel(p.X.at(h.From)), pixel(y.at(0)))
	for k, s := range shares(counts) {
		fmt.Fprintf(&path, "V%sH%s", pixel(y.at(s)), pixel(p.X.at(h.From+float64(k+1)*h.Width)))
		if counts[k] > counts[full] {
			full = k
		}
	}
	fmt.Fprintf(&path, "V%s", pixel(y.at(0)))
	p.Lines = append(p.Lines, line{Name: name, Class: class, Path: path.String(), Last: fmt.Sprintf("%.3g", h.From+(float64(full)+0.5)*h.Width)})
}

// shares are counts over their sum.
func shares(counts []int) []float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	s := make([]float64, len(counts))
	for i, n := range counts {
		s[i] = float64(n) / float64(max(total, 1))
	}
	return s
}
