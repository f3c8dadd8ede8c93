package hvg

import (
	"sort"
	"sync"
)

// piece is some cells of the stream, as Add takes them.
type piece struct {
	indptr []int64
	genes  []uint32
	counts []float32
	batch  []int32
}

func (p piece) cells() int { return len(p.indptr) - 1 }

func (p piece) batchOf(i int) int {
	if p.batch == nil {
		return 0
	}
	return int(p.batch[i])
}

// byGenes gives every cell's counts to add, cut by gene: each worker owns a
// fixed range of genes and sees the cells in order, so a gene's sum is formed
// in one order whatever the number of threads.
func byGenes(p piece, genes, threads int, add func(batch int, genes []uint32, counts []float32)) {
	// A worker looks for its genes in every cell, and its caller prepares the next
	// piece meanwhile, which takes longer: a third of the threads keeps up. It pays
	// for its start only with a few thousand counts to add.
	const worthAThread = 1 << 14
	threads = (threads + 1) / 3
	if few := len(p.counts)/worthAThread + 1; few < threads {
		threads = few
	}
	if threads < 2 {
		addGenes(p, 0, uint32(genes), add)
		return
	}
	var wg sync.WaitGroup
	for w := range threads {
		lo, hi := uint32(genes*w/threads), uint32(genes*(w+1)/threads)
		wg.Go(func() { addGenes(p, lo, hi, add) })
	}
	wg.Wait()
}

// addGenes adds the counts at genes lo ≤ g < hi of every cell.
func addGenes(p piece, lo, hi uint32, add func(int, []uint32, []float32)) {
	for i := range p.cells() {
		b := p.batchOf(i)
		if b < 0 {
			continue
		}
		from, to := p.indptr[i], p.indptr[i+1]
		row := p.genes[from:to]
		a := sort.Search(len(row), func(k int) bool { return row[k] >= lo })
		z := a + sort.Search(len(row)-a, func(k int) bool { return row[a+k] >= hi })
		add(b, row[a:z], p.counts[from:to][a:z])
	}
}
