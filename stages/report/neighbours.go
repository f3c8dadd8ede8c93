package report

import "math"

// neighbour is another cell and its distance.
type neighbour struct {
	cell     int32
	distance float64
}

// work is what one thread measures with: used again for every cell.
type work struct {
	squared              []float64   // distance to every cell
	near                 []neighbour // the nearest so far, ascending
	p                    []float64   // beside near
	batchSum, labelSum   []float64   // of distances, to cells of a batch in the cell's own label, and of a label
	batchMass, labelMass []float64   // room for inverseSimpson
	strays               [][]int64
}

func (m *measurement) newWork() *work {
	labels, batches := len(m.label.size), len(m.batch.size)
	return &work{
		squared: make([]float64, m.n), strays: table[int64](labels, labels),
		batchSum: make([]float64, batches), batchMass: make([]float64, batches),
		labelSum: make([]float64, labels), labelMass: make([]float64, labels),
	}
}

// distances computes those of cell i to all cells, and their sums by label, and
// by batch among the cells of i's label.
func (w *work) distances(m *measurement, i int) {
	zi := m.z[i*m.l : (i+1)*m.l]
	for j := range w.squared {
		sum := 0.0
		for k, v := range m.z[j*m.l : (j+1)*m.l] {
			x := v - zi[k]
			sum += x * x
		}
		w.squared[j] = sum
	}
	if m.label.codes == nil {
		return
	}
	clear(w.labelSum)
	clear(w.batchSum)
	own := m.label.codes[i]
	for j, s := range w.squared {
		distance, label := math.Sqrt(s), m.label.codes[j]
		w.labelSum[label] += distance
		if label == own && m.batch.codes != nil {
			w.batchSum[m.batch.codes[j]] += distance
		}
	}
}

// nearest are the k cells nearest to i, nearest first; of those equally near the
// first.
func (w *work) nearest(i, k int) []neighbour {
	near := w.near[:0]
	for j, s := range w.squared {
		if j == i || len(near) == k && s >= near[k-1].distance {
			continue
		}
		if len(near) < k {
			near = append(near, neighbour{})
		}
		at := len(near) - 1
		for ; at > 0 && near[at-1].distance > s; at-- {
			near[at] = near[at-1]
		}
		near[at] = neighbour{int32(j), s}
	}
	for k := range near {
		near[k].distance = math.Sqrt(near[k].distance)
	}
	w.near = near
	return near
}
