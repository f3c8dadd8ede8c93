package hvg

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// table is counts of cells × genes, dense, for tests.
type table struct {
	rows  [][]float32
	batch []int32
}

// randomTable draws overdispersed counts; every fifth gene is never seen.
func randomTable(cells, genes, batches int) table {
	r := rand.New(rand.NewPCG(1, 2))
	t := table{rows: make([][]float32, cells), batch: make([]int32, cells)}
	for i := range t.rows {
		t.batch[i] = int32(i % batches)
		t.rows[i] = make([]float32, genes)
		for g := range genes {
			if g%5 != 0 {
				t.rows[i][g] = float32(math.Floor(r.ExpFloat64() * r.ExpFloat64() * float64(g%37) / 9))
			}
		}
	}
	return t
}

// feed calls add with size cells at a time.
func (t table) feed(size int, add func([]int64, []uint32, []float32, []int32)) {
	for lo := 0; lo < len(t.rows); lo += size {
		hi := min(lo+size, len(t.rows))
		indptr, genes, counts := []int64{0}, []uint32{}, []float32{}
		for _, row := range t.rows[lo:hi] {
			for g, v := range row {
				if v != 0 {
					genes, counts = append(genes, uint32(g)), append(counts, v)
				}
			}
			indptr = append(indptr, int64(len(genes)))
		}
		add(indptr, genes, counts, t.batch[lo:hi])
	}
}

func (t table) run(tb testing.TB, batches, threads, size, top int, o Options) *Result {
	tb.Helper()
	m := NewMoments(len(t.rows[0]), batches, threads)
	t.feed(size, m.Add)
	c, err := m.Fit(o)
	if err != nil {
		tb.Fatal(err)
	}
	t.feed(size, c.Add)
	return c.Select(top)
}

// same compares bits, so that NaN is NaN.
func same(a, b *Result) bool {
	bits := func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }
	return slices.EqualFunc(a.VariancesNorm, b.VariancesNorm, bits) && slices.EqualFunc(a.Rank, b.Rank, bits) &&
		slices.Equal(a.NBatches, b.NBatches) && slices.Equal(a.Selected, b.Selected) && slices.Equal(a.Order, b.Order)
}

func TestMomentsAreTheMeanAndVariance(t *testing.T) {
	tab := randomTable(60, 40, 3)
	m := NewMoments(40, 3, 1)
	tab.feed(7, m.Add)
	for b := range 3 {
		mean, variance := m.Batch(b)
		wantMoments(t, tab, int32(b), mean, variance)
	}
	mean, variance := m.Pooled()
	wantMoments(t, tab, -1, mean, variance)
	if m.Cells(0) != 20 || m.Detected()[0] != 0 || m.Detected()[7] == 0 {
		t.Errorf("%d cells in batch 0, genes 0 and 7 in %d and %d cells", m.Cells(0), m.Detected()[0], m.Detected()[7])
	}
}

// wantMoments compares with sums of squared differences; batch -1: all.
func wantMoments(t *testing.T, tab table, batch int32, mean, variance []float64) {
	t.Helper()
	for g := range mean {
		var v []float64
		for i, row := range tab.rows {
			if batch < 0 || tab.batch[i] == batch {
				v = append(v, float64(row[g]))
			}
		}
		m, s := 0.0, 0.0
		for _, x := range v {
			m += x / float64(len(v))
		}
		for _, x := range v {
			s += (x - m) * (x - m) / float64(len(v)-1)
		}
		if math.Abs(mean[g]-m) > 1e-12 || math.Abs(variance[g]-s) > 1e-10 {
			t.Errorf("batch %d gene %d: mean %v variance %v, want %v %v", batch, g, mean[g], variance[g], m, s)
		}
	}
}

// The normalized variance is the variance of the clipped standardized counts,
// taken about the mean before clipping.
func TestNormalizedVariance(t *testing.T) {
	tab := randomTable(50, 60, 1)
	m := NewMoments(60, 1, 1)
	tab.feed(50, m.Add)
	c, err := m.Fit(DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	tab.feed(50, c.Add)
	got := c.Normalized(0)
	clipped := 0
	for g := range got {
		want := 0.0
		for _, row := range tab.rows {
			z := (float64(row[g]) - c.mean[g]) / c.sigma[g]
			if z > math.Sqrt(50) {
				z, clipped = math.Sqrt(50), clipped+1
			}
			want += z * z / 49
		}
		if math.Abs(got[g]-want) > 1e-9*(1+want) {
			t.Errorf("gene %d: %v, want %v", g, got[g], want)
		}
	}
	if got[0] != 0 {
		t.Errorf("a gene never seen has normalized variance %v", got[0])
	}
	if clipped == 0 {
		t.Error("no count was clipped: the data does not test clipping")
	}
}

func TestResultIsTheSameForAnyCutAndThreads(t *testing.T) {
	tab := randomTable(3000, 80, 2) // enough counts for more than one thread
	want := tab.run(t, 2, 1, 3000, 20, DefaultOptions())
	for _, threads := range []int{2, 3, 8} {
		for _, size := range []int{1000, 3000} {
			if got := tab.run(t, 2, threads, size, 20, DefaultOptions()); !same(got, want) {
				t.Errorf("%d threads, pieces of %d: another result", threads, size)
			}
		}
	}
}

func TestCellsLeftOutCountNothing(t *testing.T) {
	tab := randomTable(200, 60, 1)
	half := table{rows: tab.rows[:100], batch: tab.batch[:100]}
	want := half.run(t, 1, 1, 100, 10, DefaultOptions())
	tab.batch = slices.Clone(tab.batch)
	for i := 100; i < 200; i++ {
		tab.batch[i] = -1
	}
	if got := tab.run(t, 1, 1, 33, 10, DefaultOptions()); !same(got, want) {
		t.Error("cells with batch -1 change the result")
	}
}

func TestAnUnusedLevelChangesNothing(t *testing.T) {
	tab := randomTable(200, 60, 2)
	want := tab.run(t, 2, 1, 100, 10, DefaultOptions())
	if got := tab.run(t, 3, 1, 100, 10, DefaultOptions()); !same(got, want) {
		t.Error("a batch without cells changes the result")
	}
}

// A gene that is not kept is as if it were not in the table.
func TestKeepLeavesGenesOut(t *testing.T) {
	tab := randomTable(100, 60, 1)
	keep := make([]bool, 60)
	smaller := table{rows: make([][]float32, 100), batch: tab.batch}
	for g := range keep {
		keep[g] = g%3 != 0
	}
	for i, row := range tab.rows {
		for g, v := range row {
			if keep[g] {
				smaller.rows[i] = append(smaller.rows[i], v)
			}
		}
	}
	got := tab.run(t, 1, 1, 100, 15, Options{Span: 0.3, Keep: keep})
	want := smaller.run(t, 1, 1, 100, 15, DefaultOptions())
	var norm []float64
	for g, k := range keep {
		if k {
			norm = append(norm, got.VariancesNorm[g])
		} else if got.Selected[g] || !math.IsNaN(got.VariancesNorm[g]) || !math.IsNaN(got.Rank[g]) || got.NBatches[g] != 0 {
			t.Errorf("gene %d was not kept, but has variance %v, rank %v", g, got.VariancesNorm[g], got.Rank[g])
		}
	}
	if !slices.Equal(norm, want.VariancesNorm) {
		t.Error("the kept genes' normalized variances depend on the others")
	}
}

func TestOrderOfTheSelection(t *testing.T) {
	nan := math.NaN()
	r := &Result{
		Rank:     []float64{nan, 3, 1, 1, nan, 1},
		NBatches: []int32{0, 2, 1, 2, 0, 1},
		Selected: make([]bool, 6),
	}
	r.choose([]int{0, 1, 2, 3, 4, 5}, 5)
	if want := []int{3, 2, 5, 1, 0}; !slices.Equal(r.Order, want) {
		t.Errorf("order %v, want %v: by rank, batches, place", r.Order, want)
	}
	if want := []bool{true, true, true, true, false, true}; !slices.Equal(r.Selected, want) {
		t.Errorf("selected %v, want %v", r.Selected, want)
	}
}

func TestRankIsTheMedianOverBatches(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{[]float64{4}, 4}, {[]float64{9, 4}, 6.5}, {[]float64{9, 1, 4}, 4}} {
		if got := median(c.in); got != c.want {
			t.Errorf("median %v, want %v", got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing is %v", got)
	}
}

func TestAskingForMoreGenesThanThereAre(t *testing.T) {
	r := randomTable(100, 60, 1).run(t, 1, 1, 100, 1000, DefaultOptions())
	if len(r.Order) != 60 || slices.Contains(r.Selected, false) {
		t.Errorf("%d of 60 genes selected", len(r.Order))
	}
}

func TestFitRefuses(t *testing.T) {
	constant := table{rows: make([][]float32, 30), batch: make([]int32, 30)}
	for i := range constant.rows {
		constant.rows[i] = []float32{1, 2, 3, 4, 5, 6}
	}
	few := randomTable(30, 9, 1)
	single := randomTable(31, 60, 1)
	single.batch = slices.Clone(single.batch)
	single.batch[30] = 1
	for _, c := range []struct {
		name    string
		tab     table
		batches int
		batch   int
		want    error
	}{
		{"all genes constant", constant, 1, 0, ErrTooFew},
		{"few genes", few, 1, 0, ErrTooFew},
		{"one cell in a batch", single, 2, 1, ErrOneCell},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := NewMoments(len(c.tab.rows[0]), c.batches, 2)
			c.tab.feed(10, m.Add)
			_, err := m.Fit(DefaultOptions())
			var fit *FitError
			if !errors.As(err, &fit) || !errors.Is(err, c.want) || fit.Batch != c.batch {
				t.Errorf("error %v, want %v of batch %d", err, c.want, c.batch)
			}
		})
	}
}

func TestOptionsSayEveryProblem(t *testing.T) {
	err := Options{Span: 1.5, Keep: make([]bool, 3)}.Validate(4)
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 2 {
		t.Errorf("error %v, want two problems", err)
	}
	if err := DefaultOptions().Validate(4); err != nil {
		t.Error(err)
	}
}

func BenchmarkSelect(b *testing.B) {
	tab := randomTable(300, 28455, 5)
	b.ResetTimer()
	for b.Loop() {
		tab.run(b, 5, 2, 100, 2000, DefaultOptions())
	}
}
