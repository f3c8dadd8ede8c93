package de

import "math/rand/v2"

// Design is how the draws of one group were chosen: m draws in Strata equal parts,
// one after the other. In each part Chosen of the group's cells were chosen without
// replacement, and each drawn from equally often, but for Extra of them, again
// chosen at random, which were drawn from once more; the order is random.
//
// So every cell weighs as much as any other, which choosing each draw's cell at
// random gives only on average: cells differ more than the draws of one.
type Design struct {
	Strata int
	Group  int     // n, cells of the group
	Chosen int     // d, of them, in each part
	Extra  int     // r, drawn from once more
	Cell   []int32 // (m) which of the part's chosen cells a draw is of, 0 … Chosen−1
}

// replicated is the share of the draws of a part that are second ones of a cell
// where the group has more cells than that leaves room for: without any, the
// variance within cells, and so the error, could not be known.
const replicated = 0.1

// NewDesign chooses m draws, a multiple of strata, of a group's cells. of are the
// draws' cells among members, which is brought into another order.
func NewDesign(rng *rand.Rand, members []int32, m, strata int) (d *Design, of []int32) {
	part := m / strata
	d = &Design{Strata: strata, Group: len(members), Cell: make([]int32, m)}
	d.Chosen = min(len(members), max(1, part-max(1, int(replicated*float64(part)))))
	d.Extra = part % d.Chosen
	of = make([]int32, m)
	for s := range strata {
		cells := d.Cell[s*part : (s+1)*part]
		for i := range d.Chosen { // Fisher and Yates' shuffle, as far as it is needed
			j := i + rng.IntN(len(members)-i)
			members[i], members[j] = members[j], members[i]
		}
		for i := range cells {
			cells[i] = int32(i % d.Chosen)
		}
		rng.Shuffle(part, func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
		for i, c := range cells {
			of[s*part+i] = members[c]
		}
	}
	return d, of
}

// perStratum is the number of draws in a part.
func (d *Design) perStratum() int { return len(d.Cell) / d.Strata }

// variance is that of the mean over draws: h are the values of part s, mean their
// mean. Of m draws, with the variance w within cells and b between them, it is
//
//	w/m + b·((1/d − 1/n) + r/m²·(1 − r/d)):
//
// what is left of the differences between cells is due to those that were not
// chosen, and to those drawn from once more (Cochran, Sampling Techniques, 3rd ed.,
// 1977, sections 2.6 and 10.3). sums (d) is memory.
func (d *Design) variance(s int, h []float64, mean float64, sums []float64) float64 {
	cells := d.Cell[s*len(h) : (s+1)*len(h)]
	sums = sums[:d.Chosen]
	clear(sums)
	total := 0.0
	for i, v := range h {
		v -= mean
		total += v * v
		sums[cells[i]] += v
	}
	m, chosen := float64(len(h)), float64(d.Chosen)
	within := total
	for c, sum := range sums {
		within -= sum * sum / d.drawsOf(c, len(h))
	}
	w := max(0, within) / max(1, m-chosen)
	b := max(0, total/max(1, m-1)-w)
	r := float64(d.Extra)
	return w/m + b*((1/chosen-1/float64(d.Group))+r/m/m*(1-r/chosen))
}

// drawsOf is how often cell c was drawn from, in a part of m draws.
func (d *Design) drawsOf(c, m int) float64 {
	k := m / d.Chosen
	if c < d.Extra {
		k++
	}
	return float64(k)
}
