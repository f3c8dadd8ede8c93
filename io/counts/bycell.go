package counts

import (
	"context"
	"fmt"
	"iter"
)

const (
	blockCells = 64 // cells that are sorted together
	entryBytes = 13 // of one loaded entry: cell, gene, value
	mostSorted = 1 << 19
)

// Entries are counts, each with its cell and gene: slices of equal length, in no
// order. Repeats are summed, zeros dropped.
type Entries struct {
	Cells  []uint32 // below the number of cells
	Genes  []uint32 // below the number of genes
	Values []float64
}

// EntrySource gives all entries of a table, piece by piece, the same in the same
// order whenever it is asked. What it yields is the caller's until it goes on. After
// an error it yields no more. A cell or gene out of range is its error, not yielded.
type EntrySource func(ctx context.Context) iter.Seq2[Entries, error]

// ByCell gives the cells of a table whose counts are stored in another order: gene
// by gene, or in none. A first pass over the source counts the entries of each
// block of 64 cells. Where that pass met the cells in order, one more pass streams
// them. Otherwise each further pass loads as many blocks as fit the memory, every
// entry into its block, and a block is sorted by cell when it is asked for. Its
// own memory is 13 bytes an entry loaded, within the budget where one block fits
// it, and 8 bytes a block; a block that cannot fit for its repeats is a *MemoryError,
// and a source that gives other entries than before an *InputError, both without the
// file's name.
type ByCell struct {
	source       EntrySource
	cells, genes int64
	memory       int64
	tidier       Tidier

	entries int64
	ends    []int64 // entries of all blocks up to and with this one; nil before the first pass
	ordered bool    // cells never fall
	stream  *stream // where ordered

	lo, hi int64   // blocks loaded
	cell   []uint8 // of each loaded entry: its cell within the block,
	gene   []uint32
	value  []float64
}

// NewByCell makes the cells of a cells × genes table from its entries, with memory
// bytes to sort in. Nothing is read yet.
func NewByCell(source EntrySource, cells, genes, memory int64) *ByCell {
	return &ByCell{source: source, cells: cells, genes: genes, memory: memory}
}

// Entries is the number of entries, zeros and repeats included; the first call of
// it or of Fill makes the first pass.
func (b *ByCell) Entries(ctx context.Context) (int64, error) {
	if b.ends == nil {
		if err := b.count(ctx); err != nil {
			return 0, err
		}
	}
	return b.entries, nil
}

// Fill puts at most n cells from first on, at least one where n is, into t's Indptr,
// Genes and Values, and says how many. Cells are asked for in order, each once.
func (b *ByCell) Fill(ctx context.Context, first, n int64, t *Table) (int64, error) {
	if _, err := b.Entries(ctx); err != nil {
		return 0, err
	}
	t.Indptr, t.Genes, t.Values = append(t.Indptr[:0], 0), t.Genes[:0], t.Values[:0]
	if b.ordered {
		return b.fillStream(ctx, first, n, t)
	}
	block := first / blockCells
	if block < b.lo || block >= b.hi {
		if err := b.load(ctx, block); err != nil {
			return 0, err
		}
	}
	done := int64(0)
	for ; block < b.hi && done < n && (done == 0 || len(t.Genes) < mostSorted); block++ {
		from := first + done - block*blockCells
		to := min(blockCells, from+n-done)
		b.sortBlock(block, from, to, t)
		done += to - from
	}
	b.tidier.Tidy(t, b.genes) // every gene is below
	return done, nil
}

// Close ends the pass that may be under way.
func (b *ByCell) Close() {
	if b.stream != nil {
		b.stream.stop()
	}
}

// before is the number of entries in all blocks before block.
func (b *ByCell) before(block int64) int64 {
	if block == 0 {
		return 0
	}
	return b.ends[block-1]
}

// count is the first pass.
func (b *ByCell) count(ctx context.Context) error {
	ends := make([]int64, (b.cells+blockCells-1)/blockCells)
	last, ordered := uint32(0), true
	b.entries = 0
	for e, err := range b.source(ctx) {
		if err != nil {
			return err
		}
		for _, cell := range e.Cells {
			ends[cell/blockCells]++
			ordered = ordered && cell >= last
			last = cell
		}
		b.entries += int64(len(e.Cells))
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	b.ends, b.ordered = ends, ordered
	return nil
}

// load reads the entries of as many blocks from block on as fit the memory.
func (b *ByCell) load(ctx context.Context, block int64) error {
	b.lo, b.hi = block, block+1
	base := b.before(block)
	for b.hi < int64(len(b.ends)) && (b.ends[b.hi]-base)*entryBytes <= b.memory {
		b.hi++
	}
	total := b.ends[b.hi-1] - base
	if need := total * entryBytes; need > b.memory && total > 2*blockCells*b.genes+mostSorted { // repeats upon repeats
		return &MemoryError{Found: fmt.Sprintf("%s entries are of the same %d cells", Thousands(total), blockCells), Need: need, Allow: b.memory,
			Advice: "check what wrote the file: a cell has at most one count a gene"}
	}
	if b.cell == nil { // once, for all passes
		room := max(total, min(b.entries, b.memory/entryBytes))
		b.cell, b.gene, b.value = make([]uint8, room), make([]uint32, room), make([]float64, room)
	}
	b.cell, b.gene, b.value = Sized(b.cell, total), Sized(b.gene, total), Sized(b.value, total)
	next := make([]int64, b.hi-b.lo) // where each block's next entry goes
	for i := range next {
		next[i] = b.before(b.lo+int64(i)) - base
	}
	for e, err := range b.source(ctx) {
		if err != nil {
			return err
		}
		for i, cell := range e.Cells {
			k := int64(cell/blockCells) - b.lo
			if k < 0 || k >= int64(len(next)) {
				continue
			}
			at := next[k]
			if at >= b.ends[b.lo+k]-base {
				return changed()
			}
			b.cell[at], b.gene[at], b.value[at] = uint8(cell%blockCells), e.Genes[i], e.Values[i]
			next[k]++
		}
	}
	for k, at := range next {
		if at != b.ends[b.lo+int64(k)]-base {
			return changed()
		}
	}
	return nil
}

// changed is the error of an input that gave other entries than before.
func changed() error {
	return &InputError{Found: "the input changed while it was read", Advice: "run again once nothing writes to it"}
}

// sortBlock appends cells [from, to) of a loaded block to t, by counting.
func (b *ByCell) sortBlock(block, from, to int64, t *Table) {
	base := b.before(b.lo)
	lo, hi := b.before(block)-base, b.ends[block]-base
	var sizes, next [blockCells]int64
	for _, c := range b.cell[lo:hi] {
		sizes[c]++
	}
	end := int64(len(t.Genes))
	for c := from; c < to; c++ {
		next[c] = end
		end += sizes[c]
		t.Indptr = append(t.Indptr, end)
	}
	t.Genes, t.Values = grown(t.Genes, end), grown(t.Values, end)
	for i := lo; i < hi; i++ {
		if c := int64(b.cell[i]); c >= from && c < to {
			t.Genes[next[c]], t.Values[next[c]] = b.gene[i], b.value[i]
			next[c]++
		}
	}
}

// grown lengthens v to n, keeping what it holds.
func grown[T any](v []T, n int64) []T {
	if int64(cap(v)) >= n {
		return v[:n]
	}
	w := make([]T, n, n+n/4)
	copy(w, v)
	return w
}
