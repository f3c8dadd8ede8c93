package model

import (
	"math"
	"reflect"
	"slices"
	"testing"
)

// What is appended comes back, whatever the count: at the edges of a byte,
// larger, with a fraction; and genes beyond two bytes.
func TestCellsGiveBackWhatWasAppended(t *testing.T) {
	genes := []int32{0, 3, 254, 255, 256, 65535}
	counts := []float32{1, 254, 255, 256, 0.5, 16777216}
	for _, n := range []int{65536, 65537} {
		c := NewCells(n, 0, Extent{})
		c.Append(genes, counts, 2, 7)
		c.Append(nil, nil, 1, 8)
		c.Append(genes[:2], []float32{254.5, float32(math.MaxFloat32)}, 0, 9)
		if e := c.Extent(); c.Len() != 3 || e != (Extent{8, 6}) {
			t.Errorf("%d genes: %d cells of extent %v", n, c.Len(), e)
		}
		g, x := c.Row(0)
		if !slices.Equal(g, genes) || !slices.Equal(x, counts) {
			t.Errorf("%d genes: got %v %v", n, g, x)
		}
		if g, _ := c.Row(1); len(g) != 0 {
			t.Errorf("%d genes: the empty cell has %v", n, g)
		}
		if _, x := c.Row(2); x[0] != 254.5 || x[1] != math.MaxFloat32 {
			t.Errorf("%d genes: got %v", n, x)
		}
		if !slices.Equal(c.Batch, []int32{2, 1, 0}) || !slices.Equal(c.Item, []int64{7, 8, 9}) {
			t.Errorf("%d genes: batches %v, items %v", n, c.Batch, c.Item)
		}
	}
}

// Packed, the picked genes of a cell are what Append would have added.
func TestPack(t *testing.T) {
	for _, genes := range []int{10, maxNarrow + 1} {
		index := []int32{-1, 0, 3, -1, 4, 5, 6, 7, 8, -1}
		of, values := []uint16{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []float32{300, 0.25, 1, 1e9, 254, 254.5, 255, 256, 7, 2.5}
		want, got := NewCells(genes, 1, Extent{}), NewCells(genes, 1, Extent{})
		want.Append([]int32{0, 3, 4, 5, 6, 7, 8}, []float32{0.25, 1, 254, 254.5, 255, 256, 7}, 2, 9)
		var p Packed
		for range 2 { // reused
			Pack(&p, genes, index, of, values)
		}
		got.AppendPacked(&p, 2, 9)
		if !reflect.DeepEqual(got, want) || p.Extent() != want.Extent() {
			t.Errorf("%d genes: got %+v, want %+v", genes, got, want)
		}
	}
}

func TestPackWholeCounts(t *testing.T) {
	index, of, values := []int32{0, 1, -1, 2}, []uint32{0, 1, 2, 3}, []uint16{255, 254, 7, 65535}
	var p Packed
	Pack(&p, 3, index, of, values)
	c := NewCells(3, 1, Extent{})
	c.AppendPacked(&p, 0, 0)
	if genes, counts := c.Row(0); !slices.Equal(genes, []int32{0, 1, 2}) || !slices.Equal(counts, []float32{255, 254, 65535}) {
		t.Errorf("got %v of genes %v", counts, genes)
	}
}

// A minibatch has the counts, their log(1+x) and their total, whole or not.
func TestMinibatchWidensCounts(t *testing.T) {
	c := NewCells(300, 0, Extent{})
	counts := []float32{3, 700, 2.5, 255, 1}
	c.Append([]int32{1, 5, 9, 200, 299}, counts, 0, 0)
	m := &Minibatch[float32]{}
	m.fill(c, []int{0}, []int{0, 300})
	total := 0.0
	for k, x := range counts {
		if m.Val[k] != x || m.Log[k] != float32(math.Log1p(float64(x))) {
			t.Errorf("count %v came as %v with log %v", x, m.Val[k], m.Log[k])
		}
		total += float64(x)
	}
	if m.Library[0] != float32(total) || !slices.Equal(m.Idx, []int32{1, 5, 9, 200, 299}) {
		t.Errorf("library %v, want %v; genes %v", m.Library[0], total, m.Idx)
	}
}

// Cells that fit their room are appended without another allocation.
func TestNewCellsHasRoom(t *testing.T) {
	from := structured(200, 50)
	c := NewCells(50, 200, from.Extent())
	if n := testing.AllocsPerRun(5, func() {
		c.Reset()
		if err := from.Read(rows32(200), c); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
