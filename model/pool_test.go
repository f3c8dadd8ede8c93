package model

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// datasetOf is the rows of cells as a Dataset that reads them from there.
func datasetOf(cells *Cells, train, val []int32) *Dataset {
	section := func(rows []int32) Section {
		s := Section{Rows: rows, Pieces: make([]Extent, (len(rows)+PieceCells-1)/PieceCells)}
		for i, r := range rows {
			one := NewCells(cells.Width, 1, Extent{})
			_ = cells.Read([]int32{r}, one) // never fails
			s.Pieces[i/PieceCells].Add(one.Extent())
		}
		return s
	}
	return &Dataset{Source: cells, Width: cells.Width, Train: section(train), Val: section(val)}
}

// labelled is n cells of one gene, whose batch codes stand in order: k of them,
// sorted.
func labelled(n, k int) *Cells {
	c := NewCells(Width{Genes: 1}, n, Extent{int64(n), 0})
	for i := range n {
		c.Append([]int32{0}, []float32{1}, Covariates{Batch: int32(i * k / n)}, int64(i))
	}
	return c
}

// epochOrder takes an epoch's minibatches from p and calls do with the cells of each.
func epochOrder(t *testing.T, p *pool, epoch, from int, do func(batch int, items []int64, codes []int32)) {
	t.Helper()
	for b := from; b < minibatches(p.n, p.batch); b++ {
		cells, rows, err := p.minibatch(t.Context(), serial{}, epoch, b)
		if err != nil {
			t.Fatal(err)
		}
		items, codes := make([]int64, len(rows)), make([]int32, len(rows))
		for i, r := range rows {
			items[i], codes[i] = cells.Item[r], cells.Batch[r]
		}
		tasks, load := p.share(b)
		for i := range tasks {
			load(i)
		}
		do(b, items, codes)
	}
}

// Every training row comes once an epoch, in minibatches of the right sizes,
// also where the last window or minibatch would have one or two cells, and where
// minibatches do not divide pieces.
func TestStreamedEpochHasEachRowOnce(t *testing.T) {
	for _, c := range []struct{ n, batch, window int }{
		{1000, 32, 320}, {961, 32, 320}, {962, 32, 320}, {963, 32, 320}, {960, 32, 320}, {1025, 100, 300}, {700, 7, 70}, {65, 3, 6}, {130, 128, 128},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			rows := rows32(c.n + 50)[50:] // the first fifty are of no section
			p := newStream(datasetOf(labelled(c.n+50, 4), rows, nil), c.window, TrainOptions{BatchSize: c.batch, MaxEpochs: 3, Seed: 1})
			for epoch := range 3 {
				seen, sizes := map[int64]int{}, []int{}
				epochOrder(t, p, epoch, 0, func(_ int, items []int64, _ []int32) {
					for _, it := range items {
						seen[it]++
					}
					sizes = append(sizes, len(items))
				})
				if len(seen) != c.n || seen[49] != 0 || seen[50] != 1 {
					t.Fatalf("epoch %d: %d of %d rows", epoch, len(seen), c.n)
				}
				last := len(sizes) - 1
				if slices.Max(sizes) > c.batch+2 || sizes[last] < 3 || last > 0 && slices.Max(sizes[:last]) != slices.Min(sizes[:last]) {
					t.Errorf("minibatches of %v", sizes)
				}
			}
		})
	}
}

// An epoch's order is the same from any minibatch on, and other in another epoch.
func TestStreamedOrderDependsOnNoHistory(t *testing.T) {
	data := datasetOf(labelled(1500, 4), rows32(1500), nil)
	opt := TrainOptions{BatchSize: 32, MaxEpochs: 3, Seed: 1}
	orders := map[int][]string{}
	p := newStream(data, 320, opt)
	for epoch := range 3 {
		epochOrder(t, p, epoch, 0, func(_ int, items []int64, _ []int32) { orders[epoch] = append(orders[epoch], fmt.Sprint(items)) })
	}
	if slices.Equal(orders[0], orders[1]) {
		t.Error("two epochs have the same order")
	}
	for _, from := range []int{0, 5, 9, 10, 11, 46} {
		epochOrder(t, newStream(data, 320, opt), 1, from, func(b int, items []int64, _ []int32) {
			if fmt.Sprint(items) != orders[1][b] {
				t.Errorf("minibatch %d is another when the epoch is entered at %d", b, from)
			}
		})
	}
}

// Over a store sorted by eight batches, minibatches of a streamed order have at
// least 99% of the entropy of batches that a full shuffle's have.
func TestStreamedShuffleIsNearlyFull(t *testing.T) {
	const n, batch = 200_000, 128
	cells := labelled(n, 8)
	opt := TrainOptions{BatchSize: batch, MaxEpochs: 2, Seed: 3}
	window := LeastWindow(batch)
	if window*10 > n {
		t.Fatalf("a window of %d of %d cells shows nothing", window, n)
	}
	full, streamed := newPool(cells, all(cells), opt), newStream(datasetOf(cells, rows32(n), nil), window, opt)
	var entropies []float64
	for _, p := range []*pool{full, streamed} {
		sum, count := 0.0, 0
		for epoch := range 2 {
			epochOrder(t, p, epoch, 0, func(_ int, _ []int64, codes []int32) {
				sum += entropy(codes)
				count++
			})
		}
		entropies = append(entropies, sum/float64(count))
	}
	t.Logf("mean entropy of batches in a minibatch: full shuffle %.4f, windows of %d cells %.4f (%.2f%%)",
		entropies[0], window, entropies[1], 100*entropies[1]/entropies[0])
	if !(entropies[1] >= 0.99*entropies[0]) {
		t.Errorf("entropy %.4f, below 99%% of %.4f", entropies[1], entropies[0])
	}
}

// entropy of codes, in nats.
func entropy(codes []int32) (h float64) {
	of := map[int32]float64{}
	for _, c := range codes {
		of[c]++
	}
	for c := range int32(8) {
		if p := of[c] / float64(len(codes)); p > 0 {
			h -= p * math.Log(p)
		}
	}
	return h
}

// The memory of a window is what the largest pieces need, and Window finds the
// largest window that fits.
func TestWindowFitsItsBytes(t *testing.T) {
	cells := structured(3000, 40)
	data := datasetOf(cells, rows32(3000), nil)
	of := data.WindowBytes()
	for _, bytes := range []int64{100e3, 150e3, 200e3} {
		w := data.Window(bytes, 32)
		if w == 0 || w%32 != 0 || of(w) > bytes || of(w+32) <= bytes {
			t.Errorf("%d bytes: a window of %d rows takes %d, one minibatch more %d", bytes, w, of(w), of(w+32))
		}
		p := newStream(data, w, TrainOptions{BatchSize: 32, MaxEpochs: 2})
		room := p.now.cells.small[:0:cap(p.now.cells.small)]
		for epoch := range 2 {
			epochOrder(t, p, epoch, 0, func(int, []int64, []int32) {})
		}
		if now := p.now.cells.small; cap(now) != cap(room) {
			t.Errorf("the window's memory grew from %d to %d", cap(room), cap(now))
		}
	}
	if w := data.Window(100, 32); w != 0 {
		t.Errorf("a window of %d rows in 100 bytes", w)
	}
}
