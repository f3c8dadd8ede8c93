package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A level's mark is one of eight colours and, when they are used up, another
// shape: page.css holds the colours under the classes k0 … k7, and under s0 … s4
// those of steps of a quantity.
const (
	colours   = 8
	shapes    = 3 // dot, bar, upright bar
	maxLevels = colours * shapes
	other     = maxLevels // the mark of the levels beyond
)

// scatter is the latent's picture coloured by one annotation, as the template
// draws it: 400 pixels wide. Paths are in tenths of a pixel.
type scatter struct {
	ID, Title, Key string
	Describe       string // for those who cannot see it
	Plane          int    // pictures of one plane have each cell at the same place
	XLabel, YLabel string
	Frame          int // height of the frame that begins at (16, 2)
	Marks          []marks
	Legend         []legend
	ordered        bool // levels are steps of a quantity
}

// marks are points drawn in one go.
type marks struct {
	Class, Path string
	Width       int // tenths of a pixel
}

// legend is one level.
type legend struct {
	Number      int    // of its mark, for the style that shows it alone
	Class, Path string // its mark in 12 × 12 pixels
	Width       int
	Name, Cells string
}

// newScatter draws p, whose points are the cells of g.Codes.
func newScatter(id, title string, p projection, g Grouping) scatter {
	s := scatter{ID: id, Title: title, Key: g.Key, Plane: p.first}
	s.XLabel = fmt.Sprintf("PC %d (%.1f%% of the variance)", p.first, 100*p.explains[0])
	s.YLabel = fmt.Sprintf("PC %d (%.1f%%)", p.first+1, 100*p.explains[1])
	s.Describe = fmt.Sprintf("The latent of %s on its principal components %d and %d. %s.", plural(len(g.Codes), "cell"), p.first, p.first+1, title)
	size := dotSize(len(g.Codes))
	mark := assignMarks(g)
	s.ordered = g.Ordered
	place, frame := fit(p)
	s.Frame = frame
	// Few layers keep the file small and still mix the groups in depth.
	const layers = 8
	for l := range layers {
		from, to := len(g.Codes)*l/layers, len(g.Codes)*(l+1)/layers
		s.addLayer(from, to, place, g.Codes, mark, size)
	}
	s.addLegend(g, mark)
	return s
}

// addLayer draws the points from … to, one path for each mark.
func (s *scatter) addLayer(from, to int, place func(int) (int, int), codes []int32, mark []int, size int) {
	paths := make([]strings.Builder, maxLevels+1)
	for i := from; i < to; i++ {
		k := mark[codes[i]]
		x, y := place(i)
		paths[k].WriteString(stroke(k, x, y, size))
	}
	for k := range paths {
		if paths[k].Len() > 0 {
			s.Marks = append(s.Marks, marks{s.class(k), paths[k].String(), strokeWidth(k, size)})
		}
	}
}

// stroke is the path of mark k at a place. A dot is a line of no length worth
// mention with round ends: a circle in a few bytes.
func stroke(k, x, y, size int) string {
	half := size * 9 / 10
	switch k / colours {
	case 1:
		return fmt.Sprintf("M%d %dh%d", x-half, y, 2*half)
	case 2:
		return fmt.Sprintf("M%d %dv%d", x, y-half, 2*half)
	}
	return fmt.Sprintf("M%d %dh1", x, y)
}

// strokeWidth makes a bar as dark as a dot.
func strokeWidth(k, size int) int {
	if k/colours == 0 || k == other {
		return size
	}
	return max(1, size*6/10)
}

// unused is the mark of a level without cells.
const unused = -1

// assignMarks gives each level that has cells a mark, in the order of the
// levels. Where there are more levels than marks the largest have one of their
// own and the others share one.
func assignMarks(g Grouping) (mark []int) {
	bySize := make([]int, len(g.Levels))
	for i := range bySize {
		bySize[i] = i
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return g.Cells[b] - g.Cells[a] })
	mark = make([]int, len(g.Levels))
	if g.Ordered {
		return bySteps(g)
	}
	for i, level := range bySize {
		if g.Cells[level] == 0 {
			mark[level] = unused
		} else if i >= maxLevels {
			mark[level] = other
		}
	}
	next := 0
	for level := range mark {
		if mark[level] == 0 {
			mark[level] = next
			next++
		}
	}
	return mark
}

// bySteps gives steps of a quantity their own marks, whether or not there are cells
// in those between.
func bySteps(g Grouping) []int {
	mark := make([]int, len(g.Levels))
	for level := range mark {
		if mark[level] = level; g.Cells[level] == 0 {
			mark[level] = unused
		}
	}
	return mark
}

func (s *scatter) addLegend(g Grouping, mark []int) {
	pooled, pooledCells := 0, 0
	for level, name := range g.Levels {
		switch mark[level] {
		case unused:
		case other:
			pooled++
			pooledCells += g.Cells[level]
		default:
			s.Legend = append(s.Legend, s.newLegend(mark[level], name, g.Cells[level]))
		}
	}
	if pooled > 0 {
		name := fmt.Sprintf("%d smaller levels", pooled)
		s.Legend = append(s.Legend, s.newLegend(other, name, pooledCells))
	}
}

func (s *scatter) newLegend(mark int, name string, cells int) legend {
	const size = 8
	l := legend{mark, s.class(mark), stroke(mark, 6, 6, size*7/10), strokeWidth(mark, size), name, thousands(int64(cells))}
	if s.ordered {
		l.Cells = "" // of those that are drawn only
	}
	return l
}

// class names a mark in the page's style: its number for the legend to single
// it out, its colour, its shape.
func (s *scatter) class(mark int) string {
	switch {
	case mark == other:
		return fmt.Sprintf("m%d other dot", mark)
	case s.ordered:
		return fmt.Sprintf("m%d s%d dot", mark, mark)
	}
	return fmt.Sprintf("m%d k%d %s", mark, mark%colours, [shapes]string{"dot", "bar", "bar"}[mark/colours])
}

// Height, Below and Middle are of the picture, of the text under the frame and
// of the frame.
func (s scatter) Height() int { return s.Frame + 24 }
func (s scatter) Below() int  { return s.Frame + 18 }
func (s scatter) Middle() int { return s.Frame/2 + 2 }

// fit places the points in a frame as high as they need, both components on one
// scale: distances in the picture are distances in the latent.
func fit(p projection) (place func(i int) (x, y int), frame int) {
	const width, lowest, highest = 366, 160, 330 // pixels
	x0, x1 := extent(0, p.x)
	y0, y1 := extent(0, p.y)
	across, up := max(x1-x0, 1e-9), max(y1-y0, 1e-9)
	height := min(max(width*up/across, lowest), highest)
	scale := 10 * min(width/across, height/up)
	frame = int(height) + 16
	return func(i int) (int, int) {
		dx, dy := p.x[i]-(x0+x1)/2, p.y[i]-(y0+y1)/2
		return 2020 + int(math.Round(dx*scale)), frame*5 + 20 - int(math.Round(dy*scale))
	}, frame
}

// dotSize is the width of a dot in tenths of a pixel: smaller where there are more.
func dotSize(cells int) int {
	return int(math.Round(10 * min(5, max(1.6, 120/math.Sqrt(float64(max(cells, 1)))))))
}
