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
		c := NewCells(Width{n, 2, 1}, 0, Extent{})
		c.Append(genes, counts, Covariates{2, 1, 0.5, []int32{4, 5}, []float32{-1}}, 7)
		c.Append(nil, nil, Covariates{1, 0, 2, []int32{6, 7}, []float32{-2}}, 8)
		c.Append(genes[:2], []float32{254.5, float32(math.MaxFloat32)}, Covariates{0, 3, 1, []int32{0, 0}, []float32{9}}, 9)
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
		if got, want := c.Covariates(1), (Covariates{1, 0, 2, []int32{6, 7}, []float32{-2}}); !reflect.DeepEqual(got, want) {
			t.Errorf("%d genes: covariates %v, want %v", n, got, want)
		}
	}
}

// Packed, the picked genes of a cell are what Append would have added.
func TestPack(t *testing.T) {
	for _, genes := range []int{10, maxNarrow + 1} {
		index := []int32{-1, 0, 3, -1, 4, 5, 6, 7, 8, -1}
		of, values := []uint16{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []float32{300, 0.25, 1, 1e9, 254, 254.5, 255, 256, 7, 2.5}
		want, got := NewCells(Width{Genes: genes}, 1, Extent{}), NewCells(Width{Genes: genes}, 1, Extent{})
		want.Append([]int32{0, 3, 4, 5, 6, 7, 8}, []float32{0.25, 1, 254, 254.5, 255, 256, 7}, Covariates{Batch: 2}, 9)
		var p Packed
		for range 2 { // reused
			Pack(&p, genes, index, of, values)
		}
		got.AppendPacked(&p, Covariates{Batch: 2}, 9)
		if !reflect.DeepEqual(got, want) || p.Extent() != want.Extent() {
			t.Errorf("%d genes: got %+v, want %+v", genes, got, want)
		}
	}
}

func TestPackWholeCounts(t *testing.T) {
	index, of, values := []int32{0, 1, -1, 2}, []uint32{0, 1, 2, 3}, []uint16{255, 254, 7, 65535}
	var p Packed
	Pack(&p, 3, index, of, values)
	c := NewCells(Width{Genes: 3}, 1, Extent{})
	c.AppendPacked(&p, Covariates{}, 0)
	if genes, counts := c.Row(0); !slices.Equal(genes, []int32{0, 1, 2}) || !slices.Equal(counts, []float32{255, 254, 65535}) {
		t.Errorf("got %v of genes %v", counts, genes)
	}
}

// A minibatch has the counts, their log(1+x) and their total, whole or not.
func TestMinibatchWidensCounts(t *testing.T) {
	c := NewCells(Width{Genes: 300}, 0, Extent{})
	counts := []float32{3, 700, 2.5, 255, 1}
	c.Append([]int32{1, 5, 9, 200, 299}, counts, Covariates{}, 0)
	m := &Minibatch[float32]{}
	m.fill(c, []int{0}, frame{bounds: []int{0, 300}})
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
	c := NewCells(Width{Genes: 50}, 200, from.Extent())
	if n := testing.AllocsPerRun(5, func() {
		c.Reset()
		if err := from.Read(rows32(200), c); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Genes in another order become what they would have been in the model's.
func TestPackSort(t *testing.T) {
	for _, genes := range []int{10, maxNarrow + 1} {
		index := []int32{7, 2, -1, 9, 0, 4}
		want := NewCells(Width{Genes: genes}, 1, Extent{})
		want.Append([]int32{0, 2, 4, 7, 9}, []float32{300, 5, 0.5, 254, 1e9}, Covariates{}, 9)
		var p Packed
		Pack(&p, genes, index, []uint16{0, 1, 2, 3, 4, 5}, []float32{254, 5, 3, 1e9, 300, 0.5})
		p.Sort()
		got := NewCells(Width{Genes: genes}, 1, Extent{})
		if got.AppendPacked(&p, Covariates{}, 9); !reflect.DeepEqual(got, want) {
			t.Errorf("%d genes: got %+v, want %+v", genes, got, want)
		}
	}
}
