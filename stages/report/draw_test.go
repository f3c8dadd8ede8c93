package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// gonum's own principal components need all cells as one matrix; ours must
// agree with them, up to the sign.
func TestComponentsAgreeWithGonum(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const cells, dims = 200, 4
	latent, all := make([][]float32, dims), mat.NewDense(cells, dims, nil)
	for j := range latent {
		latent[j] = make([]float32, cells)
		for i := range cells {
			latent[j][i] = float32(r.NormFloat64()*float64(j+1) + 3)
			all.Set(i, j, float64(latent[j][i]))
		}
	}
	var pc stat.PC
	if !pc.PrincipalComponents(all, nil) {
		t.Fatal("gonum finds no components")
	}
	var want mat.Dense
	pc.VectorsTo(&want)
	m := momentsOf(latent)
	values, vectors := m.components()
	for k, v := range pc.VarsTo(nil) {
		if math.Abs(values[k]-v) > 1e-9*v {
			t.Errorf("variance %d: %v, want %v", k, values[k], v)
		}
		for j, w := range upright(mat.Col(nil, k, &want)) {
			if math.Abs(vectors[k][j]-w) > 1e-9 {
				t.Errorf("component %d, loading %d: %v, want %v", k, j, vectors[k][j], w)
			}
		}
	}
}

func TestProjectionOfALine(t *testing.T) {
	latent := [][]float32{{0, -3, 3, 6}, {0, 4, -4, -8}} // along (-3, 4)/5
	m := momentsOf(latent)
	p := project([][]float32{{6, 0, -3}, {-8, 0, 4}}, &m, 1)
	for i, want := range []float64{-7.5, 2.5, 7.5} {
		if math.Abs(p.x[i]-want) > 1e-6 || math.Abs(p.y[i]) > 1e-6 {
			t.Errorf("point %d at (%v, %v), want (%v, 0)", i, p.x[i], p.y[i], want)
		}
	}
	if math.Abs(p.explains[0]-1) > 1e-9 {
		t.Errorf("the first component explains %v, want all", p.explains[0])
	}
}

// Every cell is drawn once, in its level's mark.
func TestScatterDrawsEveryCell(t *testing.T) {
	for _, levels := range []int{1, 8, 9, 24, 25, 60} {
		d := exampleData(900, levels, 2, 2)
		s := newScatter("batch", "", project(d.Latent, &d.Moments, 1), d.Batch)
		drawn, classes := 0, map[string]bool{}
		for _, m := range s.Marks {
			drawn += strings.Count(m.Path, "M")
			classes[m.Class] = true
		}
		if want := min(levels, maxLevels+1); drawn != 900 || len(classes) != want || len(s.Legend) != want {
			t.Errorf("%d levels: %d cells in %d marks, %d names; want 900 in %d", levels, drawn, len(classes), len(s.Legend), want)
		}
	}
}

func TestMarksGoToTheLargestLevels(t *testing.T) {
	g := Grouping{Levels: make([]string, 30)}
	for level := range g.Levels {
		for range 1 + level%29 { // levels 0 and 29 have one cell each
			g.Codes = append(g.Codes, int32(level))
		}
	}
	g.Levels = append(g.Levels, "without cells")
	g.count()
	mark := assignMarks(g)
	if mark[28] == other || mark[0] != other || mark[29] != other || mark[30] != unused {
		t.Errorf("marks %v of levels with %v cells", mark, g.Cells)
	}
	var own []int
	for _, m := range mark {
		if m != other && m != unused {
			own = append(own, m)
		}
	}
	for k := range own {
		if own[k] != k {
			t.Fatalf("marks %v are not 0 … %d in the order of the levels", own, maxLevels-1)
		}
	}
}

func TestPointsStayInTheFrame(t *testing.T) {
	p := projection{x: []float64{-1, 5, 2}, y: []float64{100, -300, 2}}
	place, frame := fit(p)
	for i := range p.x {
		x, y := place(i)
		if x < 110 || x > 3930 || y < 20 || y > 20+10*frame {
			t.Errorf("point %d at (%d, %d), outside the frame of height %d", i, x, y, frame)
		}
	}
}

func TestAxisTicks(t *testing.T) {
	for _, c := range []struct {
		min, max float64
		n        int
		want     string
	}{
		{0, 1, 4, "0.0 0.5 1.0"},
		{0, 0.2475, 4, "0.0 0.1 0.2"},
		{1, 400, 5, "100 200 300 400"},
		{1, 2, 1, "1 2"},
		{-3, 7, 4, "0 5"},
		{947, 983, 4, "950 960 970 980"},
		{0.0012, 0.0031, 4, "0.0015 0.0020 0.0025 0.0030"},
		{5, 5, 4, "4.5 5.0 5.5"},
	} {
		var got []string
		for _, tick := range newAxis(c.min, c.max, 0, 100, c.n).Ticks {
			got = append(got, tick.Label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%v to %v: %s, want %s", c.min, c.max, s, c.want)
		}
	}
}

func TestRangeLeavesOutASteepStart(t *testing.T) {
	steep := append([]float64{5000, 900}, slices.Repeat([]float64{110, 100}, 5)...)
	if _, high, cut := verticalRange(steep); !cut || high > 150 {
		t.Errorf("up to %v, cut %v: want the first values above the frame", high, cut)
	}
	if low, high, cut := verticalRange([]float64{4, 3, 2, 1}); cut || low > 1 || high < 4 {
		t.Errorf("%v to %v, cut %v: want every value inside", low, high, cut)
	}
}

// A value that is not finite leaves a gap.
func TestLineHasGaps(t *testing.T) {
	c := newChart("", "", series{"s", []float64{1, 2, math.NaN(), 3, 4}})
	if n := strings.Count(c.Lines[0].Path, "M"); n != 2 {
		t.Errorf("%d pieces in %s, want 2", n, c.Lines[0].Path)
	}
	if c := newChart("", "", series{"s", []float64{math.NaN()}}); len(c.Lines) != 0 {
		t.Error("a series without values is drawn")
	}
}
