package counts

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// naive is SortRow by a map.
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

func TestSortRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Uint32Range(0, 300).Draw(t, "limit")
		genes := rapid.SliceOfN(rapid.Uint32Range(0, limit), 0, 200).Draw(t, "genes")
		values := make([]float64, len(genes))
		for i := range values {
			values[i] = float64(rapid.IntRange(-2, 3).Draw(t, "value"))
		}
		wantGenes, wantValues := naive(genes, values)
		n := SortRow(genes, values)
		if !slices.Equal(genes[:n], wantGenes) || !slices.Equal(values[:n], wantValues) {
			t.Fatalf("got %v %v, want %v %v", genes[:n], values[:n], wantGenes, wantValues)
		}
	})
}

// shapes are orders that are hard on quicksort.
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

func TestSortPairsShapes(t *testing.T) {
	for name, genes := range shapes(3000) {
		for _, depth := range []int{0, 2, 30} { // 0: heapsort at once
			g := slices.Clone(genes)
			v := make([]float64, len(g))
			for i := range v {
				v[i] = float64(g[i]) / 2
			}
			sortPairs(g, v, depth)
			for i := range g {
				if i > 0 && g[i] < g[i-1] || v[i] != float64(g[i])/2 {
					t.Fatalf("%s, depth %d: entry %d is %d with %g", name, depth, i, g[i], v[i])
				}
			}
		}
	}
}

func TestSortRowKeepsNaN(t *testing.T) {
	genes, values := []uint32{3, 1}, []float64{math.NaN(), 0}
	if n := SortRow(genes, values); n != 1 || genes[0] != 3 || values[0] == values[0] {
		t.Errorf("got %d: %v %v", n, genes, values)
	}
}

func TestSortRowAllocatesNothing(t *testing.T) {
	genes := shapes(5000)["random"]
	g, v := make([]uint32, len(genes)), make([]float64, len(genes))
	if n := testing.AllocsPerRun(10, func() { copy(g, genes); SortRow(g, v) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func TestCanonicalize(t *testing.T) {
	table := &Table{
		Obs:    Frame{Names: []string{"a", "b", "c"}},
		Indptr: []int64{0, 3, 3, 7},
		Genes:  []uint32{2, 0, 2, 1, 1, 0, 5},
		Values: []float64{1, 2, 3, 1, -1, 0, 9},
	}
	if gone := Canonicalize(table); gone != 4 {
		t.Errorf("%d entries went, want 4", gone)
	}
	if err := table.Validate(6); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(table.Indptr, []int64{0, 2, 2, 3}) || !slices.Equal(table.Genes, []uint32{0, 2, 5}) ||
		!slices.Equal(table.Values, []float64{2, 4, 9}) {
		t.Errorf("got %v %v %v", table.Indptr, table.Genes, table.Values)
	}
}

func BenchmarkSortRowRandom(b *testing.B) {
	genes := shapes(2000)["random"]
	g, v := make([]uint32, len(genes)), make([]float64, len(genes))
	for b.Loop() {
		copy(g, genes)
		SortRow(g, v)
	}
}
