package report

import (
	"math"
	"slices"
)

// libraryKey is what the picture of library sizes is called.
const libraryKey = "library size"

// librarySteps is how many steps the library sizes are drawn in.
const librarySteps = 5

// libraryGrouping puts the cells that are drawn into steps of their counts, equal on
// a logarithmic scale between the 1st and the 99th percentile. Key is empty where
// all cells have about as many.
func (d *Data) libraryGrouping() Grouping {
	var logs []float64
	for _, v := range d.Library {
		if v > 0 && finite(float64(v)) {
			logs = append(logs, math.Log10(float64(v)))
		}
	}
	if len(logs) < 2 {
		return Grouping{}
	}
	slices.Sort(logs)
	low, high := logs[len(logs)/100], logs[len(logs)-1-len(logs)/100]
	var edges []float64
	for k := 1; k < librarySteps; k++ {
		edges = append(edges, roundTo2(math.Pow(10, low+(high-low)*float64(k)/librarySteps)))
	}
	edges = slices.Compact(edges)
	if len(edges) < librarySteps-1 {
		return Grouping{}
	}
	g := Grouping{Key: libraryKey, Ordered: true, Codes: make([]int32, len(d.Library)), Cells: make([]int, librarySteps)}
	for i, v := range d.Library {
		at, _ := slices.BinarySearchFunc(edges, float64(v), func(edge, v float64) int {
			if v < edge {
				return 1
			}
			return -1 // a cell at an edge is above it
		})
		g.Codes[i] = int32(at)
		g.Cells[at]++
	}
	for k := range librarySteps {
		g.Levels = append(g.Levels, stepName(edges, k))
	}
	return g
}

// stepName names step k.
func stepName(edges []float64, k int) string {
	of := func(v float64) string {
		if v < 100 {
			return significant(v)
		}
		return thousands(int64(v))
	}
	switch k {
	case 0:
		return "under " + of(edges[0]) + " counts"
	case len(edges):
		return of(edges[k-1]) + " and more"
	}
	return of(edges[k-1]) + " to " + of(edges[k])
}

// roundTo2 keeps two significant digits.
func roundTo2(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Round(v/unit) * unit
}
