package counts

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// naive is one tidy row, by a map.
func naive(genes []uint32, values []float64) (g []uint32, v []float64) {
	sum := map[uint32]float64{}
	for k := range genes {
		sum[genes[k]] += values[k]
	}
	for gene, value := range sum {
		if value != 0 {
			g = append(g, gene)
		}
	}
	slices.Sort(g)
	for _, gene := range g {
		v = append(v, sum[gene])
	}
	return g, v
}

// tidyRow is a row put in order alone.
func tidyRow(d *Tidier, genes []uint32, values []float64, all int) ([]uint32, []float64) {
	t := &Table{Indptr: []int64{0, int64(len(genes))}, Genes: genes, Values: values}
	if at := d.Tidy(t, int64(all)); at >= 0 {
		panic("a gene is not below the number of genes")
	}
	return t.Genes, t.Values
}

func TestTidyRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Uint32Range(0, 300).Draw(t, "limit")
		genes := rapid.SliceOfN(rapid.Uint32Range(0, limit), 0, 200).Draw(t, "genes")
		values := make([]float64, len(genes))
		for i := range values {
			values[i] = float64(rapid.IntRange(-2, 3).Draw(t, "value"))
		}
		wantGenes, wantValues := naive(genes, values)
		genes, values = tidyRow(&Tidier{}, genes, values, int(limit)+1)
		if !slices.Equal(genes, wantGenes) || !slices.Equal(values, wantValues) {
			t.Fatalf("got %v %v, want %v %v", genes, values, wantGenes, wantValues)
		}
	})
}

// shapes are orders that are hard on sorting.
func shapes(n int) map[string][]uint32 {
	m := map[string][]uint32{"up": nil, "down": nil, "same": nil, "pipe": nil, "saw": nil, "random": nil}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		m["up"] = append(m["up"], uint32(i))
		m["down"] = append(m["down"], uint32(n-i))
		m["same"] = append(m["same"], 7)
		m["pipe"] = append(m["pipe"], uint32(min(i, n-i)))
		m["saw"] = append(m["saw"], uint32(i%17))
		m["random"] = append(m["random"], r.Uint32N(uint32(n)))
	}
	return m
}

// TestTidyShapes: one Tidier for rows of every shape, each against a map.
func TestTidyShapes(t *testing.T) {
	var d Tidier
	for name, genes := range shapes(3000) {
		values := make([]float64, len(genes))
		for i := range values {
			values[i] = float64(genes[i])/2 + 1
		}
		wantGenes, wantValues := naive(genes, values)
		if g, v := tidyRow(&d, genes, values, 3001); !slices.Equal(g, wantGenes) || !slices.Equal(v, wantValues) {
			t.Errorf("%s: got %v %v", name, g, v)
		}
	}
}

func TestTidyKeepsNaN(t *testing.T) {
	genes, values := tidyRow(&Tidier{}, []uint32{3, 1}, []float64{math.NaN(), 0}, 4)
	if len(genes) != 1 || genes[0] != 3 || values[0] == values[0] {
		t.Errorf("got %v %v", genes, values)
	}
}

func TestTidyAllocatesNothing(t *testing.T) {
	genes := shapes(5000)["random"]
	g, v := make([]uint32, len(genes)), make([]float64, len(genes))
	var d Tidier
	table := &Table{Indptr: make([]int64, 2)}
	again := func() {
		copy(g, genes)
		table.Indptr[1], table.Genes, table.Values = int64(len(g)), g, v
		d.Tidy(table, 5001)
	}
	if n := testing.AllocsPerRun(10, again); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func TestTidyTable(t *testing.T) {
	table := &Table{
		Obs:    Frame{Names: []string{"a", "b", "c"}},
		Indptr: []int64{0, 3, 3, 7},
		Genes:  []uint32{2, 0, 2, 1, 1, 0, 5},
		Values: []float64{1, 2, 3, 1, -1, 0, 9},
	}
	if at := (&Tidier{}).Tidy(table, 6); at != -1 {
		t.Errorf("gene %d is too large", at)
	}
	if err := table.Validate(6); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(table.Indptr, []int64{0, 2, 2, 3}) || !slices.Equal(table.Genes, []uint32{0, 2, 5}) ||
		!slices.Equal(table.Values, []float64{2, 4, 9}) {
		t.Errorf("got %v %v %v", table.Indptr, table.Genes, table.Values)
	}
	untidy := &Table{Indptr: []int64{0, 1, 3}, Genes: []uint32{1, 6, 2}, Values: []float64{1, 1, 1}}
	if at := (&Tidier{}).Tidy(untidy, 6); at != 1 {
		t.Errorf("a gene out of range was found at %d, not 1", at)
	}
}

func BenchmarkTidyRandom(b *testing.B) {
	genes := shapes(2000)["random"]
	g, v := make([]uint32, len(genes)), make([]float64, len(genes))
	var d Tidier
	for b.Loop() {
		copy(g, genes)
		tidyRow(&d, g, v, 2001)
	}
}
