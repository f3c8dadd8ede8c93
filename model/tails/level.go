package tails

import "math"

// Levels gives the q-value of each of many tests by Benjamini and Hochberg's rule (Journal
// of the Royal Statistical Society B 57, 1995, 289) without keeping or sorting them:
//
//	q(p) = min over t ≥ p of  total · t / #{tests with p-value ≤ t}
//
// Of a p-value its bin alone counts, 4096 of which make a factor of two; all in a bin are
// taken for the bin's upper edge. So a q-value is at most 1/4096 of itself above the exact
// one, never below. Only the p-values that may be reported need be added.
type Levels struct {
	count []int64
	q     []float64
}

// A bin holds the floating-point numbers that agree in their exponent and the first
// binDigits digits; those below 2^least are in the first.
const (
	binDigits = 12
	binShift  = 52 - binDigits
	least     = 1.0 / (1 << 50) / (1 << 50) / (1 << 50) / (1 << 50)
)

// NewLevels is of no tests.
func NewLevels() *Levels { return &Levels{count: make([]int64, bin(1)+1)} }

// LevelsBytes is the memory of Levels.
const LevelsBytes = 2 * 8 * (200<<binDigits + 1)

// bin is that of p, from 0 to 1.
func bin(p float64) int {
	return int(math.Float64bits(max(min(p, 1), least))>>binShift - math.Float64bits(least)>>binShift)
}

// edge is above all numbers of the bin, or 1.
func edge(bin int) float64 {
	return min(1, math.Float64frombits((uint64(bin+1)+math.Float64bits(least)>>binShift)<<binShift))
}

// Add adds a test's p-value.
func (l *Levels) Add(p float64) { l.count[bin(p)]++ }

// Settle ends the adding: there were total tests in all, those that were not added
// included, whose p-values lie above all added ones.
func (l *Levels) Settle(total int64) {
	l.q = make([]float64, len(l.count))
	sum := int64(0)
	for i, n := range l.count {
		sum += n
		l.q[i] = 1
		if sum > 0 {
			l.q[i] = min(1, float64(total)*edge(i)/float64(sum))
		}
	}
	for i := len(l.q) - 2; i >= 0; i-- {
		l.q[i] = min(l.q[i], l.q[i+1])
	}
}

// Q is the q-value of a test whose p-value was added: the least false discovery rate at
// which it is reported.
func (l *Levels) Q(p float64) float64 { return l.q[bin(p)] }
