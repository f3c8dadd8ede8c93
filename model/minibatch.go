package model

import (
	"math"
	"slices"

	"cellvi/model/kernel"
)

// Minibatch is the cells of one step: their counts in the form the kernels
// take, their covariates, and every random number that the step will use.
type Minibatch[T kernel.Float] struct {
	B        int     // cells
	Ptr      []int32 // (B+1) nonzero counts of cell b are Ptr[b] … Ptr[b+1]−1 of
	Idx      []int32 // genes, ascending within a cell,
	Val      []T     // counts,
	Log      []T     // log(1 + count)
	Bound    []int32 // (blocks+1, B) where each block of genes begins in each cell
	Item     []int64 // (B) the number by which each cell's random streams are named; −1: nobody
	Library  []T     // (B) total counts, or where the model has them size factors
	Batch    []int32 // (B) batch codes
	Label    []int32 // (B) label codes
	Hot      onehot  // one-hot columns of the covariates
	Conts    []T     // (B, Conts) continuous covariates
	Noise    []T     // (B, L) standard normal, for z
	NoiseL   []T     // (B) for the latent library size; empty: it is observed
	More     []T     // (more, B, L, or L + 1 where NoiseL is there) further noise, where a step draws again
	EncMasks [][]T   // per hidden layer of z's encoder, then of the library's, (B, H), dropout's 0 or 1/(1−p); empty: no dropout
	Key      uint64  // names the random streams of what belongs to no cell
	logs     *[256]T // log(1+x) of the counts that a byte holds
	ops      kernel.Ops[T]
}

// frame is what a model says of its minibatches.
type frame struct {
	bounds   []int // of the blocks of genes
	hots     []int // levels of the one-hot covariates
	batchHot bool  // the first of them is the batch
	raw      bool  // the encoder sees x itself, not log(1+x)
	factor   bool  // the library size is the size factor
	conts    int
}

func newFrame(cfg Config) frame {
	return frame{bounds: kernel.Blocks(cfg.NInput), hots: cfg.hots(), batchHot: !cfg.embeds(), raw: !cfg.LogVariational,
		factor: cfg.UseSizeFactor, conts: cfg.NContinuousCov}
}

// log is what the encoder sees of a count.
func (f frame) log(x float64) float64 {
	if f.raw {
		return x
	}
	return math.Log1p(x)
}

// factors is the one-hot covariates that have columns.
func (f frame) factors() (n int) {
	for _, levels := range f.hots {
		if levels > 1 {
			n++
		}
	}
	return n
}

// nobody is a row that stands for a cell without counts.
const nobody = -1

// fill takes the given rows of cells.
func (m *Minibatch[T]) fill(cells *Cells, rows []int, f frame) {
	m.layout(cells, rows, f)
	m.fillCells(cells, rows, f, 0, m.B)
}

// layout makes room for the counts of rows and settles where each cell's go.
func (m *Minibatch[T]) layout(cells *Cells, rows []int, f frame) {
	m.B = len(rows)
	m.Ptr, m.Library = resize(m.Ptr, m.B+1), resize(m.Library, m.B)
	m.Batch, m.Label, m.Conts = resize(m.Batch, m.B), resize(m.Label, m.B), resize(m.Conts, m.B*f.conts)
	m.Hot.n = f.factors()
	m.Hot.cols = resize(m.Hot.cols, m.B*m.Hot.n)
	m.Bound = resize(m.Bound, len(f.bounds)*m.B)
	m.Item = resize(m.Item, m.B)
	m.Ptr[0] = 0
	for b, r := range rows {
		n := int64(0)
		m.Item[b] = nobody
		if r != nobody {
			n, m.Item[b] = cells.ptr[r+1]-cells.ptr[r], cells.Item[r]
		}
		m.Ptr[b+1] = m.Ptr[b] + int32(n)
	}
	n := int(m.Ptr[m.B])
	m.Idx, m.Val, m.Log = resize(m.Idx, n), resize(m.Val, n), resize(m.Log, n)
	if m.logs == nil {
		m.ops, m.logs = kernel.New[T](), &[256]T{}
		for i := range m.logs {
			m.logs[i] = T(f.log(float64(i)))
		}
	}
}

// fillCells takes cells from … to−1 of the minibatch, after layout.
func (m *Minibatch[T]) fillCells(cells *Cells, rows []int, f frame, from, to int) {
	for b := from; b < to; b++ {
		r, at := rows[b], m.Ptr[b]
		if r == nobody {
			m.fillNobody(b, f)
		} else {
			m.Library[b] = m.fillCounts(at, cells, r, f)
			m.fillCovariates(b, cells.Covariates(r), f)
		}
		m.cut(f.bounds, b)
	}
}

func (m *Minibatch[T]) fillNobody(b int, f frame) {
	m.Library[b] = 0
	m.fillCovariates(b, Covariates{Cats: make([]int32, len(f.hots)), Conts: make([]float32, f.conts)}, f)
}

func (m *Minibatch[T]) fillCovariates(b int, c Covariates, f frame) {
	m.Batch[b], m.Label[b] = c.Batch, c.Label
	if f.factor {
		m.Library[b] = T(c.SizeFactor)
	}
	for k := range f.conts {
		m.Conts[b*f.conts+k] = T(c.Conts[k])
	}
	cats, first, column := c.Cats, int32(0), 0
	for k, levels := range f.hots {
		code := c.Batch
		if k > 0 || !f.batchHot {
			code, cats = cats[0], cats[1:]
		}
		if levels > 1 {
			m.Hot.cols[b*m.Hot.n+column] = first + code
			first, column = first+int32(levels), column+1
		}
	}
}

// asBatch makes cell b one of another batch, for the decoder.
func (m *Minibatch[T]) asBatch(b int, code int32, f frame) {
	m.Batch[b] = code
	if f.batchHot && f.hots[0] > 1 {
		m.Hot.cols[b*m.Hot.n] = code
	}
}

// fillCounts sets the genes and counts of cell r and their log(1+x) from
// position at, and gives their total. What a byte holds comes from a table.
func (m *Minibatch[T]) fillCounts(at int32, cells *Cells, r int, f frame) T {
	counts := cells.small[cells.ptr[r]:cells.ptr[r+1]]
	idx, val, logs := m.Idx[at:], m.Val[at:][:len(counts)], m.Log[at:][:len(counts)]
	total := 0
	if cells.Genes > maxNarrow {
		cells.genes(r, idx)
		for k, x := range counts {
			total += int(x)
			val[k], logs[k] = T(x), m.logs[x]
		}
	} else {
		total = m.ops.Unpack(cells.narrow[cells.ptr[r]:cells.ptr[r+1]], counts, m.logs[:], idx, val, logs)
	}
	if large := cells.large[cells.more[r]:cells.more[r+1]]; len(large) > 0 {
		return fillLarge(val, logs, counts, large, f)
	}
	return T(total)
}

// fillLarge sets the counts of a cell that bytes do not hold, and gives the
// total of all its counts.
func fillLarge[T kernel.Float](val, logs []T, counts []uint8, large []float32, f frame) T {
	total := 0.0
	for k, x := range counts {
		if x != escape {
			total += float64(x)
			continue
		}
		total += float64(large[0])
		val[k], logs[k] = T(large[0]), T(f.log(float64(large[0])))
		large = large[1:]
	}
	return T(total)
}

// cut finds where each block of genes begins in cell b.
func (m *Minibatch[T]) cut(bounds []int, b int) {
	at, end := int(m.Ptr[b]), int(m.Ptr[b+1])
	for k, first := range bounds {
		n, _ := slices.BinarySearch(m.Idx[at:end], int32(first))
		at += n
		m.Bound[k*m.B+b] = int32(at)
	}
}

// block is the counts that fall in block k of genes.
func (m *Minibatch[T]) block(k int, bounds []int) kernel.Nonzeros[T] {
	return kernel.Nonzeros[T]{First: int32(bounds[k]), Lo: m.Bound[k*m.B : (k+1)*m.B],
		Hi: m.Bound[(k+1)*m.B : (k+2)*m.B], Idx: m.Idx, Val: m.Val, Log: m.Log}
}

// draws says which random numbers a minibatch needs.
type draws struct {
	seed         uint64
	noise        Purpose // of z
	epoch, batch int     // batch: the number of the minibatch
	latent       int
	library      bool // noise for the latent library size
	more         int  // how often a cell draws again
	layers, h    int  // dropout masks: hidden layers of h units, at
	rate         float64
}

// draws are those of a training step.
func (c Config) draws(seed uint64, epoch, batch int) draws {
	d := draws{seed: seed, noise: LatentNoise, epoch: epoch, batch: batch, latent: c.NLatent, library: !c.observed(),
		layers: c.NLayers, h: c.NHidden, rate: c.DropoutRate}
	if d.library {
		d.layers++ // the library's encoder has one
	}
	return d
}

// still makes the noise 0: samples are then the posterior's mean.
func (m *Minibatch[T]) still(c Config) {
	m.layoutDraws(draws{latent: c.NLatent, library: !c.observed()})
	m.Key = still
	clear(m.Noise)
	clear(m.NoiseL)
}

// draw takes the minibatch's random numbers from the streams of its cells:
// noise for z, and with rate > 0 dropout masks for the encoder's layers.
func (m *Minibatch[T]) draw(cells *Cells, rows []int, d draws) {
	m.layoutDraws(d)
	m.drawCells(cells, rows, d, 0, m.B)
}

func (m *Minibatch[T]) layoutDraws(d draws) {
	m.Noise, m.NoiseL = resize(m.Noise, m.B*d.latent), m.NoiseL[:0]
	m.Key = streamKey(d.seed, GeneNoise, uint64(d.noise), uint64(d.epoch)<<32|uint64(d.batch))
	if d.library {
		m.NoiseL = resize(m.NoiseL, m.B)
	}
	m.More = resize(m.More, d.more*m.B*d.coordinates())
	if d.rate == 0 {
		d.layers = 0
	}
	for len(m.EncMasks) < d.layers {
		m.EncMasks = append(m.EncMasks, nil)
	}
	m.EncMasks = m.EncMasks[:d.layers]
	for l := range m.EncMasks {
		m.EncMasks[l] = resize(m.EncMasks[l], m.B*d.h)
	}
}

// drawCells draws for cells from … to−1 of the minibatch, after layoutDraws.
func (m *Minibatch[T]) drawCells(cells *Cells, rows []int, d draws, from, to int) {
	for b := from; b < to; b++ {
		noise := m.Noise[b*d.latent : (b+1)*d.latent]
		if rows[b] == nobody {
			clear(noise)
			clear(m.NoiseL[min(b, len(m.NoiseL)):min(b+1, len(m.NoiseL))])
			m.drawMore(nil, b, d)
			continue
		}
		rng := Stream(d.seed, d.noise, uint64(d.epoch), uint64(cells.Item[rows[b]]))
		normal(rng, noise)
		if d.library {
			normal(rng, m.NoiseL[b:b+1])
		}
		m.drawMore(rng, b, d)
		if len(m.EncMasks) == 0 {
			continue
		}
		key := streamKey(d.seed, Dropout, uint64(d.epoch), uint64(cells.Item[rows[b]]))
		for l, mask := range m.EncMasks {
			m.ops.Dropout(key, l*d.h, d.rate, mask[b*d.h:(b+1)*d.h])
		}
	}
}

// resize gives a slice of n elements, the old one where it is large enough.
// Its contents are not kept.
func resize[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}
