package report

import (
	"math"
	"sync"
	"sync/atomic"
)

// The sizes of the measurement, which bound its time and memory.
const (
	measuredCells = 10_000 // at most, fewer of a latent of more than measuredWidth dimensions
	measuredWidth = 10
	fewestCells   = 10 // of which anything is said
	lisiSize      = 90 // cells of a neighbourhood for LISI, itself among them, as in scib-metrics
	shareSize     = 30 // neighbours that shares are taken of, as many as LISI's perplexity counts
)

// scores say how batches and labels lie in the latent, on a sample of the cells.
// What cannot be computed is NaN.
type scores struct {
	cells                            int     // measured
	iLISI, cLISI                     float64 // Korsunsky et al. 2019, scaled to 0 … 1 after Luecken et al. 2022
	silhouetteLabel, silhouetteBatch float64 // after Luecken et al. 2022
	batches, labels                  []levelScore
}

// levelScore is a level of batch or label.
type levelScore struct {
	code     int // its place among the levels
	measured int // cells
	// Of a batch: the mean share of its cells' neighbours that are of other
	// batches; of a label: that are of the same label. A cell has shareSize
	// neighbours, or as many as there are others of its level, if these are fewer.
	observed float64
	expected float64 // were all cells mixed: (n−n_b)/(n−1); of a label (n_l−1)/(n−1)
	within   float64 // of a batch: were cells mixed within each label; NaN without labels
	own      float64 // of a batch: share of its cells whose label hardly occurs elsewhere
	toward   int     // of a label: the label that most of the other neighbours have; −1: none
	strays   float64 // their share
}

// Measure computes the scores by so many threads, whose number changes nothing.
// It measures the cells that are drawn first: these are a random sample.
func (d *Data) Measure(threads int) {
	cells := measuredCells
	if l := len(d.Latent); l > measuredWidth {
		cells = int(measuredCells * math.Sqrt(float64(measuredWidth)/float64(l)))
	}
	m := newMeasurement(d, min(d.drawn(), cells))
	if m == nil {
		return
	}
	m.run(max(1, threads))
	d.scores = m.scores()
}

// measurement is the work on the way to scores.
type measurement struct {
	z            []float64 // (n, L) row-major
	n, l         int
	batch, label groups

	lisiBatch, lisiLabel     []float64 // of each cell
	silhouette, silhouetteIn []float64 // between labels; between batches in the cell's label
	shareBatch, shareLabel   []float64
	strays                   [][]int64 // (labels, labels): neighbours of a cell of one label that have another
	both                     [][]int   // (labels, batches): cells measured
	mutex                    sync.Mutex
}

// groups are the codes of the cells measured.
type groups struct {
	codes []int32 // nil: there is nothing to tell apart
	size  []int   // of each level
}

// newMeasurement takes the first n cells; nil where they are too few, where
// nothing tells them apart, or where the latent is not finite.
func newMeasurement(d *Data, n int) *measurement {
	m := &measurement{n: n, l: len(d.Latent), batch: newGroups(&d.Batch, n), label: newGroups(&d.Label, n)}
	if n < fewestCells || m.batch.codes == nil && m.label.codes == nil {
		return nil
	}
	m.z = make([]float64, n*m.l)
	for k, column := range d.Latent {
		for i, v := range column[:n] {
			if x := float64(v); x-x != 0 {
				return nil
			}
			m.z[i*m.l+k] = float64(v)
		}
	}
	for _, v := range []*[]float64{&m.lisiBatch, &m.lisiLabel, &m.silhouette, &m.silhouetteIn, &m.shareBatch, &m.shareLabel} {
		*v = make([]float64, n)
	}
	m.strays, m.both = table[int64](len(m.label.size), len(m.label.size)), table[int](len(m.label.size), len(m.batch.size))
	if m.batch.codes != nil && m.label.codes != nil {
		for i := range n {
			m.both[m.label.codes[i]][m.batch.codes[i]]++
		}
	}
	return m
}

func table[T any](rows, columns int) [][]T {
	t := make([][]T, rows)
	for i := range t {
		t[i] = make([]T, columns)
	}
	return t
}

func newGroups(g *Grouping, n int) groups {
	s := groups{size: make([]int, len(g.Levels))}
	if !g.given() {
		return groups{}
	}
	present := 0
	for _, c := range g.Codes[:n] {
		if s.size[c]++; s.size[c] == 1 {
			present++
		}
	}
	if present > 1 {
		s.codes = g.Codes[:n]
	}
	return s
}

// run measures every cell. Each cell's numbers are its own, and what cells add to
// are whole numbers: the order in which they are measured changes nothing.
func (m *measurement) run(threads int) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range threads {
		all.Go(func() {
			w := m.newWork()
			for i := int(next.Add(1)) - 1; i < m.n; i = int(next.Add(1)) - 1 {
				m.measure(i, w)
			}
			m.mutex.Lock()
			defer m.mutex.Unlock()
			for a := range w.strays {
				for b, n := range w.strays[a] {
					m.strays[a][b] += n
				}
			}
		})
	}
	all.Wait()
}

// measure takes one cell's distances to all others, and what follows from them.
func (m *measurement) measure(i int, w *work) {
	w.distances(m, i)
	near := w.nearest(i, min(lisiSize, m.n)-1)
	p := w.probabilities(near, float64(min(lisiSize, m.n)/3))
	if m.batch.codes != nil {
		m.lisiBatch[i] = inverseSimpson(p, near, m.batch, w.batchMass)
		m.shareBatch[i] = 1 - m.share(i, near, m.batch)
	}
	if m.label.codes != nil {
		m.lisiLabel[i] = inverseSimpson(p, near, m.label, w.labelMass)
		m.shareLabel[i] = m.share(i, near, m.label)
		m.silhouette[i] = width(w.labelSum, m.label.size, m.label.codes[i])
		m.countStrays(i, near, w.strays)
	}
	if m.batch.codes != nil && m.label.codes != nil {
		m.silhouetteIn[i] = width(w.batchSum, m.both[m.label.codes[i]], m.batch.codes[i])
	}
}

// looked is how many neighbours of a cell of a level of so many cells count.
func looked(size, near int) int { return min(shareSize, size-1, near) }

// share is the share of cell i's neighbours that are of its own level.
func (m *measurement) share(i int, near []neighbour, g groups) float64 {
	k, same := looked(g.size[g.codes[i]], len(near)), 0
	for _, o := range near[:k] {
		if g.codes[o.cell] == g.codes[i] {
			same++
		}
	}
	return float64(same) / float64(k) // NaN of a level's only cell
}

func (m *measurement) countStrays(i int, near []neighbour, strays [][]int64) {
	own := m.label.codes[i]
	for _, o := range near[:looked(m.label.size[own], len(near))] {
		if other := m.label.codes[o.cell]; other != own {
			strays[own][other]++
		}
	}
}
