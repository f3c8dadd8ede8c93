package report

import (
	"math"
	"slices"
)

// scores sums up what was measured of the cells.
func (m *measurement) scores() *scores {
	none := math.NaN()
	s := &scores{cells: m.n, iLISI: none, cLISI: none, silhouetteLabel: none, silhouetteBatch: none}
	if m.batch.codes != nil {
		s.iLISI = (median(m.lisiBatch) - 1) / float64(m.batch.present()-1)
		s.batches = m.batchLevels()
	}
	if m.label.codes != nil {
		labels := float64(m.label.present())
		s.cLISI = (labels - median(m.lisiLabel)) / (labels - 1)
		s.silhouetteLabel = (mean(m.silhouette) + 1) / 2
		s.labels = m.labelLevels()
	}
	if m.batch.codes != nil && m.label.codes != nil {
		s.silhouetteBatch = m.batchWidth()
	}
	return s
}

func (g groups) present() (n int) {
	for _, size := range g.size {
		if size > 0 {
			n++
		}
	}
	return n
}

// batchWidth is 1 − |silhouette between batches within a label|, the mean over
// the cells of each label and then over labels. Labels of one batch, or of as many
// batches as cells, say nothing.
func (m *measurement) batchWidth() float64 {
	sum, labels := 0.0, 0
	for l, row := range m.both {
		batches := groups{size: row}.present()
		if batches < 2 || batches == m.label.size[l] {
			continue
		}
		of := 0.0
		for i, c := range m.label.codes {
			if int(c) == l {
				of += 1 - math.Abs(m.silhouetteIn[i])
			}
		}
		sum += of / float64(m.label.size[l])
		labels++
	}
	return sum / float64(labels)
}

// batchLevels are the batches that have cells.
func (m *measurement) batchLevels() (all []levelScore) {
	for b, size := range m.batch.size {
		if size == 0 {
			continue
		}
		l := levelScore{code: b, measured: size, toward: -1, within: math.NaN()}
		l.observed = meanOf(m.shareBatch, m.batch.codes, b)
		l.expected = float64(m.n-size) / float64(m.n-1)
		if m.label.codes != nil {
			l.within, l.own = m.withinLabels(b)
		}
		all = append(all, l)
	}
	return all
}

// hardlyElsewhere is the share of a label's cells in one batch from which on it
// is that batch's own.
const hardlyElsewhere = 0.9

// withinLabels is the share of other batches among the cells of the same label, the
// mean over the cells of batch b, and the share of them that have a label of their own.
func (m *measurement) withinLabels(b int) (within, own float64) {
	for l, row := range m.both {
		n, all := float64(row[b]), float64(m.label.size[l])
		if row[b] == 0 {
			continue
		}
		if all > 1 {
			within += n * (all - n) / (all - 1)
		}
		if n >= hardlyElsewhere*all {
			own += n
		}
	}
	size := float64(m.batch.size[b])
	return within / size, own / size
}

// labelLevels are the labels that have cells.
func (m *measurement) labelLevels() (all []levelScore) {
	for c, size := range m.label.size {
		if size == 0 {
			continue
		}
		l := levelScore{code: c, measured: size, toward: -1, within: math.NaN()}
		l.observed = meanOf(m.shareLabel, m.label.codes, c)
		l.expected = float64(size-1) / float64(m.n-1)
		most := int64(0)
		for o, n := range m.strays[c] {
			if n > most {
				most, l.toward = n, o
			}
		}
		l.strays = float64(most) / float64(max(1, size*looked(size, min(lisiSize, m.n)-1)))
		all = append(all, l)
	}
	return all
}

// meanOf is the mean over the cells of one level.
func meanOf(values []float64, codes []int32, level int) float64 {
	sum, n := 0.0, 0
	for i, c := range codes {
		if int(c) == level {
			sum += values[i]
			n++
		}
	}
	return sum / float64(n)
}

func median(values []float64) float64 {
	v := slices.Clone(values)
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
