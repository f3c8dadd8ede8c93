package de

import (
	"math"
	"slices"
)

// Summary is what is told of a sample.
type Summary struct {
	Mean, Median float64
	Std          float64 // of the sample itself: divided by its size
	Min, Max     float64
}

// describe summarizes a sample, which it brings into another order.
func describe(v []float64) Summary {
	s := Summary{Min: math.Inf(1), Max: math.Inf(-1)}
	for _, x := range v {
		s.Mean += x
		s.Min, s.Max = min(s.Min, x), max(s.Max, x)
	}
	s.Mean /= float64(len(v))
	for _, x := range v {
		s.Std += (x - s.Mean) * (x - s.Mean)
	}
	s.Std = math.Sqrt(s.Std / float64(len(v)))
	s.Median = median(v)
	return s
}

// median is the middle of v, or the mean of its two middle ones. v gets another
// order.
func median(v []float64) float64 {
	half := len(v) / 2
	partition(v, half)
	if len(v)%2 == 1 {
		return v[half]
	}
	return (slices.Max(v[:half]) + v[half]) / 2
}

// partition orders v so far that v[k] stands where sorting would put it, and
// none before it is larger and none behind it smaller (Hoare's FIND,
// doi 10.1145/366622.366647): sorting whole samples would take most of the time.
func partition(v []float64, k int) {
	for lo, hi := 0, len(v)-1; lo < hi; {
		pivot := middle(v[lo], v[lo+(hi-lo)/2], v[hi])
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for pivot < v[j] {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return
		}
	}
}

// middle is the second largest of three.
func middle(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }
