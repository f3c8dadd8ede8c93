package stages

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// manyCells is a store of cells × genes, and decisions on it: every seventh cell
// left out, every fifth of the others held out, every third gene not picked.
func manyCells(t testing.TB, cells, genes int) (*store.Store, *prepared, *table) {
	t.Helper()
	x := &table{}
	for g := range genes {
		x.genes = append(x.genes, fmt.Sprintf("g%d", g))
	}
	for i := range cells {
		x.cells = append(x.cells, fmt.Sprintf("cell%d", i))
		row := make([]float64, genes)
		for g := range row {
			if (i*7+g*g)%5 == 0 {
				row[g] = float64(1 + i*g%300)
			}
		}
		x.rows = append(x.rows, row)
	}
	dir := t.TempDir()
	frame, whole := x.frames()
	w, err := store.Create(dir, frame, &whole.Obs, store.Options{Count: store.Uint32})
	if err == nil {
		err = w.Write(whole)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	p := &prepared{}
	for g := range genes {
		p.Picked = append(p.Picked, g%3 != 1)
	}
	for i := range cells {
		if i%7 == 0 {
			continue
		}
		p.Row, p.Batch = append(p.Row, int32(i)), append(p.Batch, int32(i%4))
		p.Split = append(p.Split, []part{toTrain, toTrain, toValidate, toTrain, toTest}[i%5])
	}
	return st, p, x
}

// wantCell holds cell i of got to row r of the kept cells.
func wantCell(t *testing.T, got *model.Cells, i int, p *prepared, r int32, x *table) {
	t.Helper()
	var genes []int32
	var counts []float32
	k := int32(0)
	for g, v := range x.rows[p.Row[r]] {
		if !p.Picked[g] {
			continue
		}
		if v != 0 {
			genes, counts = append(genes, k), append(counts, float32(v))
		}
		k++
	}
	g, c := got.Row(i)
	if !slices.Equal(g, genes) || !slices.Equal(c, counts) {
		t.Fatalf("kept cell %d has genes %v with %v, want %v with %v", r, g, c, genes, counts)
	}
	if got.Batch[i] != p.Batch[r] || got.Item[i] != int64(p.Row[r]) {
		t.Fatalf("kept cell %d has batch %d and number %d", r, got.Batch[i], got.Item[i])
	}
}

// Rows come as they are in the table, the picked genes renumbered, across
// batches of the store, with their own names.
func TestSourceReadsKeptCells(t *testing.T) {
	st, p, x := manyCells(t, 3*store.BatchCells+100, 30)
	s := newCellSource(st, p, newPicker(p.Picked))
	for _, rows := range [][]int32{{0}, {5, 6, 900, 1700, 2633}, span(850, 1000), span(0, len(p.Row))} {
		c := model.NewCells(model.Width{Genes: s.pick.genes}, 0, model.Extent{})
		s.Soon(rows)
		check(t, s.Read(rows, c))
		if c.Len() != len(rows) {
			t.Fatalf("%d cells for %d rows", c.Len(), len(rows))
		}
		for i, r := range rows {
			wantCell(t, c, i, p, r, x)
		}
	}
	names, err := s.names(800, 1900)
	check(t, err)
	for i, n := range names {
		if want := x.cells[p.Row[800+i]]; n != want {
			t.Fatalf("kept cell %d is named %s, want %s", 800+i, n, want)
		}
	}
}

// The survey announces exactly what is then read, for any number of threads.
func TestSurveyMeasuresWhatIsRead(t *testing.T) {
	st, p, x := manyCells(t, 2*store.BatchCells+10, 30)
	for _, threads := range []int{1, 4} {
		job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), threads, 0)
		d, err := survey(context.Background(), job, newCellSource(st, p, newPicker(p.Picked)), nil)
		check(t, err)
		if e := d.Train.Extent(); e.Nonzeros == 0 || e.Large == 0 || e.Large == e.Nonzeros {
			t.Fatalf("%v: the test sees nothing", e)
		}
		for _, s := range []model.Section{d.Train, d.Val} {
			for k, want := range s.Pieces {
				c := model.NewCells(model.Width{Genes: 20}, 0, model.Extent{})
				check(t, d.Source.Read(s.Rows[k*model.PieceCells:min((k+1)*model.PieceCells, s.Len())], c))
				if c.Extent() != want {
					t.Fatalf("piece %d: announced %v, read %v", k, want, c.Extent())
				}
			}
		}
		cells, err := d.Load(context.Background(), threads)
		check(t, err)
		for i, r := range slices.Concat(d.Train.Rows, d.Val.Rows) {
			wantCell(t, cells, i, p, r, x)
		}
	}
}

// Groups of kept cells end where batches of the store end.
func TestGroups(t *testing.T) {
	_, p, _ := manyCells(t, 3*store.BatchCells+100, 2)
	for _, c := range []struct {
		got  []bounds
		want string
	}{
		{p.groups(1), "[{0 877} {877 1755} {1755 2633} {2633 2718}]"},
		{p.groups(878), "[{0 1755} {1755 2633} {2633 2718}]"},
		{p.groups(1 << 20), "[{0 2718}]"},
		{p.stretches(store.BatchCells), "[{0 877} {877 1755} {1755 2633} {2633 2718}]"},
		{p.stretches(2 * store.BatchCells), "[{0 1755} {1755 2718}]"},
		{(&prepared{}).groups(5), "[{0 0}]"},
		{(&prepared{}).stretches(5), "[{0 0}]"},
	} {
		if fmt.Sprint(c.got) != c.want {
			t.Errorf("got %v, want %s", c.got, c.want)
		}
	}
}

// Row groups are batches of the store where memory allows, and never take more
// memory than those would.
func TestGroupRows(t *testing.T) {
	for _, c := range []struct{ cells, genes, want int }{
		{12_261, 1287, 1024}, {100_000, 2000, 1024}, {1_000_000, 2000, 8192}, {5_000_000, 2000, 16384}, {1000, 60_000, 256},
	} {
		rows := groupRows(c.cells, c.genes)
		if rows != c.want {
			t.Errorf("%d cells × %d genes: groups of %d rows, want %d", c.cells, c.genes, rows, c.want)
		}
		if groupMemory(c.cells, c.genes, rows) > groupMemory(c.cells, c.genes, store.BatchCells) {
			t.Errorf("%d cells × %d genes: groups of %d rows take more than batches would", c.cells, c.genes, rows)
		}
	}
}

// BenchmarkSource reads pieces in the order of a shuffle.
func BenchmarkSource(b *testing.B) {
	st, p, _ := manyCells(b, 4*store.BatchCells, 1500)
	s := newCellSource(st, p, newPicker(p.Picked))
	into := model.NewCells(model.Width{Genes: 1000}, 64, model.Extent{Nonzeros: 64 * 1500})
	cells, pieces := 0, len(p.Row)/model.PieceCells
	var counted model.Extent
	for b.Loop() {
		for k := range pieces {
			at := k * 37 % pieces * model.PieceCells
			into.Reset()
			if err := s.Read(span(at, at+model.PieceCells), into); err != nil {
				b.Fatal(err)
			}
			cells += into.Len()
			counted.Add(into.Extent())
		}
	}
	b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
	b.ReportMetric(float64(counted.Nonzeros)/float64(cells), "nonzeros/cell")
}
