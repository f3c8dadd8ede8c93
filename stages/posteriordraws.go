package stages

import (
	"math"
	"slices"
	"sync"

	"cellvi/model"
)

// drawBlock sums the draws of a block of genes, minibatch by minibatch, and gives
// means and quantiles over them.
type drawBlock struct {
	*matrices
	group *matrixGroup
	lo    int // the block's first gene, among those asked for
	genes []int

	mutex sync.Mutex
	work  map[int]*drawSums // by the first cell, of minibatches that are being drawn
	free  []*drawSums
}

// drawSums are those of a minibatch.
type drawSums struct {
	row  []float32 // of a cell
	sum  []float64 // (quantities, cells, genes) over draws and batches
	each []float32 // (quantities, cells, genes, draws) over batches; nil: no quantiles
}

// begin gives a minibatch's sums, empty where it is its first time.
func (b *drawBlock) begin(first int, x *model.Generated, fresh bool) *drawSums {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if !fresh {
		return b.work[first]
	}
	s := &drawSums{}
	if n := len(b.free); n > 0 {
		s, b.free = b.free[n-1], b.free[:n-1]
	}
	n := len(b.list) * x.N * len(b.genes)
	s.row, s.sum = resized(s.row, len(b.genes)), resized(s.sum, n)
	clear(s.sum)
	if len(b.options.Quantiles) > 0 {
		s.each = resized(s.each, n*b.draws)
		clear(s.each)
	}
	if b.work == nil {
		b.work = map[int]*drawSums{}
	}
	b.work[first] = s
	return s
}

// end lets go of them.
func (b *drawBlock) end(first int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.free = append(b.free, b.work[first])
	delete(b.work, first)
}

// take takes in a draw of a minibatch whose first cell is the group's first.
func (b *drawBlock) take(first int, x *model.Generated) error {
	fresh := x.Sample == 0 && (len(b.batches) == 0 || x.Batch == b.batches[0])
	s, width := b.begin(first, x, fresh), len(b.genes)
	for k := range b.list {
		for i := range x.N {
			b.list[k].of(x, i, b.genes, s.row)
			at := (k*x.N + i) * width
			for j, v := range s.row {
				s.sum[at+j] += float64(v)
			}
			if s.each != nil {
				for j, v := range s.row {
					s.each[(at+j)*b.draws+x.Sample] += v
				}
			}
		}
	}
	last := x.Sample == max(1, b.draws)-1 && (len(b.batches) == 0 || x.Batch == b.batches[len(b.batches)-1])
	if last {
		b.settle(first, x.N, s)
		b.end(first)
	}
	return nil
}

// settle writes the minibatch's means and quantiles to the group.
func (b *drawBlock) settle(first, n int, s *drawSums) {
	q, width, parts := b.options.Quantiles, len(b.genes), float64(max(1, len(b.batches)))
	for k := range b.list {
		planes := b.group.planes[k*(1+len(q)):]
		for i := range n {
			for j := range width {
				at := (k*n+i)*width + j
				planes[0][b.lo+j][first+i] = float32(s.sum[at] / float64(b.times()))
				if s.each == nil {
					continue
				}
				draws := s.each[at*b.draws : (at+1)*b.draws]
				slices.Sort(draws)
				for l, p := range q {
					planes[1+l][b.lo+j][first+i] = float32(quantile(draws, p) / parts)
				}
			}
		}
	}
}

// quantile is that of sorted values, between two of them linearly, as numpy's.
func quantile(sorted []float32, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(math.Floor(at))
	if i >= len(sorted)-1 {
		return float64(sorted[len(sorted)-1])
	}
	a, b := float64(sorted[i]), float64(sorted[i+1])
	return a + (b-a)*(at-float64(i))
}
