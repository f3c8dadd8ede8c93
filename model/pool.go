package model

import (
	"cmp"
	"context"
	"slices"
)

// pool hands a Trainer an epoch's minibatches from memory that does not grow
// with the number of cells.
//
// Where all cells fit, they are one window, and an epoch's order is a shuffle
// of them all. Where not, the training rows are cut in pieces of PieceCells
// consecutive ones; the pieces are shuffled, the concatenation is cut in windows
// of size rows, and the rows within a window are shuffled. Both shuffles are
// functions of (seed, epoch, window). While a window is trained on, the workers
// load the next one, some pieces with every minibatch. A goroutine of its own
// would take a core from a worker that the others wait for.
type pool struct {
	data  *Dataset // nil: the cells are in memory
	train []int    // rows of the cells in memory
	seed  uint64
	n     int // training cells
	batch int // cells of a minibatch
	size  int // rows of a window: n, or a multiple of batch
	last  int // epochs

	now, next *window
	order     []int32 // the pieces, shuffled for orderOf
	orderOf   int
}

// newPool is a pool over rows of cells in memory.
func newPool(cells *Cells, train []int, opt TrainOptions) *pool {
	return &pool{train: slices.Clone(train), seed: opt.Seed, n: len(train), batch: opt.BatchSize, size: len(train), last: opt.MaxEpochs,
		now: &window{epoch: -1, cells: cells, rows: make([]int, 0, len(train))}, next: &window{epoch: -1}}
}

// newStream is a pool over windows of size rows, a multiple of a minibatch's.
func newStream(data *Dataset, size int, opt TrainOptions) *pool {
	p := &pool{data: data, seed: opt.Seed, n: data.Train.Len(), batch: opt.BatchSize, size: size, last: opt.MaxEpochs,
		now: &window{epoch: -1}, next: &window{epoch: -1}, orderOf: -1, order: make([]int32, len(data.Train.Pieces))}
	e := mostRoom(&data.Train)(size)
	for _, w := range []*window{p.now, p.next} {
		w.cells = NewCells(data.Width, mostCells(size), e)
		w.rows = make([]int, 0, mostCells(size))
	}
	return p
}

// mostCells is the most cells that a window of size rows holds: the last window
// of an epoch may have two rows more, and the first and last of a window's
// pieces are read whole though it has part of their rows.
func mostCells(size int) int { return size + 2 + 2*(PieceCells-1) }

// mostPieces is the most pieces that a window of size rows touches, one of them
// being the section's last, shorter one.
func mostPieces(size int) int { return (size+2)/PieceCells + 3 }

// mostRoom gives the most room that a window of size rows can need, whatever
// pieces the shuffle puts into it.
func mostRoom(s *Section) func(size int) Extent {
	nonzeros, large := make([]int64, len(s.Pieces)), make([]int64, len(s.Pieces))
	for i, e := range s.Pieces {
		nonzeros[i], large[i] = e.Nonzeros, e.Large
	}
	for _, x := range [][]int64{nonzeros, large} {
		slices.SortFunc(x, func(a, b int64) int { return cmp.Compare(b, a) })
		for i := 1; i < len(x); i++ {
			x[i] += x[i-1]
		}
	}
	return func(size int) Extent {
		n := min(mostPieces(size), len(s.Pieces)) - 1
		return Extent{nonzeros[n], large[n]}
	}
}

// minibatches is the number that cutRows cuts n rows into.
func minibatches(n, size int) int {
	cuts := n / size
	if n%size >= 3 {
		cuts++
	}
	return max(cuts, 1)
}

// windowOf is the window of an epoch that has a minibatch.
func (p *pool) windowOf(batch int) int {
	return min(batch*p.batch/p.size, minibatches(p.n, p.size)-1)
}

// minibatch gives the rows of a minibatch, and the cells that they are rows of,
// both until the next call. It waits for what is not loaded yet.
func (p *pool) minibatch(ctx context.Context, run runner, epoch, batch int) (*Cells, []int, error) {
	index := p.windowOf(batch)
	if p.now.epoch != epoch || p.now.index != index {
		if err := p.move(ctx, run, epoch, index); err != nil {
			return nil, nil, err
		}
	}
	if p.next.err != nil {
		return nil, nil, p.next.err
	}
	cut := (batch - p.now.first) * p.batch
	rows := p.now.rows[cut:]
	if batch+1 < p.now.first+minibatches(len(p.now.rows), p.batch) {
		rows = rows[:p.batch]
	}
	return p.now.cells, rows, nil
}

// has says whether a minibatch is of the window that is in memory.
func (p *pool) has(epoch, batch int) bool {
	return p.now.epoch == epoch && batch < minibatches(p.n, p.batch) && p.now.index == p.windowOf(batch)
}

// move makes a window the present one and begins the one after it.
func (p *pool) move(ctx context.Context, run runner, epoch, index int) error {
	if p.data == nil {
		p.now.empty(epoch, 0)
		p.now.rows = append(p.now.rows, p.train...)
		p.shuffle(p.now, 0)
		return nil
	}
	if p.next.epoch != epoch || p.next.index != index {
		p.plan(p.next, epoch, index)
	}
	if err := p.next.finish(ctx, run, p.data.Source); err != nil {
		return err
	}
	p.now, p.next = p.next, p.now
	if index++; index == minibatches(p.n, p.size) {
		epoch, index = epoch+1, 0
	}
	if epoch < p.last {
		p.plan(p.next, epoch, index)
	} else {
		p.next.empty(-1, 0)
	}
	return nil
}

// plan settles which pieces make up a window and the order of its rows.
func (p *pool) plan(w *window, epoch, index int) {
	w.empty(epoch, index)
	w.first = index * (p.size / p.batch)
	lo, hi := index*p.size, (index+1)*p.size // of the epoch's rows
	if index+1 == minibatches(p.n, p.size) {
		hi = p.n
	}
	at, skip := 0, 0
	for _, k := range p.pieces(epoch) {
		end := at + len(p.data.Train.piece(int(k)))
		if end > lo && at < hi {
			if len(w.loads) == 0 {
				skip = lo - at
			}
			w.add(&p.data.Train, int(k))
		}
		at = end
	}
	for i := range hi - lo {
		w.rows = append(w.rows, skip+i)
	}
	n := len(w.loads) - 1
	w.cells.stretch(w.loads[n].first+len(w.loads[n].rows), w.size)
	for _, l := range w.loads[:min(ahead, n)] {
		p.data.Source.Soon(l.rows)
	}
	p.shuffle(w, uint64(index)+1)
}

// pieces is the order of an epoch's pieces.
func (p *pool) pieces(epoch int) []int32 {
	if p.orderOf == epoch {
		return p.order
	}
	for i := range p.order {
		p.order[i] = int32(i)
	}
	Stream(p.seed, Shuffle, uint64(epoch), 0).Shuffle(len(p.order), func(i, j int) { p.order[i], p.order[j] = p.order[j], p.order[i] })
	p.orderOf = epoch
	return p.order
}

// shuffle puts a window's rows in their order, a function of seed, epoch and item.
func (p *pool) shuffle(w *window, item uint64) {
	Stream(p.seed, Shuffle, uint64(w.epoch), item).Shuffle(len(w.rows), func(i, j int) { w.rows[i], w.rows[j] = w.rows[j], w.rows[i] })
}

// share hands out the part of the next window's loads that falls to the step of
// a minibatch: tasks for the workers, each to be called once.
func (p *pool) share(batch int) (tasks int, task func(i int)) {
	w := p.next
	left := len(w.loads) - w.begun
	if p.data == nil || left == 0 {
		return 0, nil
	}
	steps := max(1, p.now.first+minibatches(len(p.now.rows), p.batch)-batch)
	tasks, first := (left+steps-1)/steps, w.begun
	w.begun += tasks
	return tasks, func(i int) { w.load(p.data.Source, first+i) }
}
