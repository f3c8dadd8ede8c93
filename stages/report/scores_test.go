package report

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// scib-metrics computes in 32 bits, and its LISI searches β until the entropy is
// within 1e-5: scores agree to some 1e-5.
const scoreTolerance = 5e-5

// scoreCase is one of testdata/scores.json, which make_scores.py wrote.
type scoreCase struct {
	Name         string
	Latent       [][]float32 // (L, n)
	Batch, Label []int32
	Want         struct {
		ILISI           *float64 `json:"ilisi"`
		CLISI           *float64 `json:"clisi"`
		SilhouetteLabel *float64 `json:"asw_label"`
		SilhouetteBatch *float64 `json:"asw_batch"`
	}
}

func TestScoresAgreeWithScibMetrics(t *testing.T) {
	text, err := os.ReadFile("testdata/scores.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []scoreCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		d := &Data{Latent: c.Latent, Batch: coded("batch", c.Batch), Label: coded("label", c.Label)}
		d.drawAll()
		d.Measure(2)
		for name, v := range map[string]struct {
			want *float64
			got  float64
		}{
			"iLISI": {c.Want.ILISI, d.scores.iLISI}, "cLISI": {c.Want.CLISI, d.scores.cLISI},
			"label": {c.Want.SilhouetteLabel, d.scores.silhouetteLabel}, "batch": {c.Want.SilhouetteBatch, d.scores.silhouetteBatch},
		} {
			if v.want == nil || !(math.Abs(*v.want-v.got) < scoreTolerance) {
				t.Errorf("%s: %s is %v, scib-metrics has %v", c.Name, name, v.got, *v.want)
			}
		}
	}
}

func coded(key string, codes []int32) Grouping {
	g := Grouping{Key: key, Codes: codes}
	for _, c := range codes {
		for int(c) >= len(g.Levels) {
			g.Levels = append(g.Levels, "level")
		}
	}
	return g
}

func TestScoresDoNotDependOnThreads(t *testing.T) {
	var all []string
	for _, threads := range []int{1, 3, 8} {
		d := exampleData(700, 4, 5, 10)
		d.Measure(threads)
		all = append(all, fmt.Sprintf("%+v", *d.scores)) // where NaN is as good as NaN
	}
	if all[0] != all[1] || all[0] != all[2] {
		t.Errorf("scores differ between threads:\n%s\n%s\n%s", all[0], all[1], all[2])
	}
}

// onLine has cells on a line, in pairs of batches or all of one.
func onLine(cells int, batch func(i int) int32) *Data {
	d := &Data{Latent: [][]float32{make([]float32, cells), make([]float32, cells)}}
	d.Batch = Grouping{Key: "batch", Levels: []string{"a", "b"}, Codes: make([]int32, cells)}
	for i := range cells {
		d.Latent[0][i], d.Batch.Codes[i] = float32(i), batch(i)
	}
	d.drawAll()
	return d
}

func TestReadingOfBatches(t *testing.T) {
	for name, c := range map[string]struct {
		d    *Data
		want state
	}{
		"every other cell": {onLine(400, func(i int) int32 { return int32(i % 2) }), good},
		"two halves":       {onLine(400, func(i int) int32 { return int32(i / 200) }), bad},
		"five cells":       {onLine(400, func(i int) int32 { return int32(min(1, i/5)) }), unknown},
	} {
		c.d.Measure(1)
		rows := c.d.batchRows()
		if len(rows) != 2 || len(in(rows, c.want)) == 0 {
			t.Errorf("%s: %+v, want %s", name, rows, c.want)
		}
	}
}

// A cell type that one batch alone has is no reason to say that the batch stands apart.
func TestBatchWithATypeOfItsOwn(t *testing.T) {
	d := onLine(600, func(i int) int32 {
		if i >= 400 {
			return 1
		}
		return int32(i % 2)
	})
	d.Label = Grouping{Key: "type", Levels: []string{"shared", "b's own"}, Codes: make([]int32, 600)}
	for i := 400; i < 600; i++ {
		d.Label.Codes[i] = 1
	}
	d.drawAll()
	d.Measure(1)
	for _, r := range d.batchRows() {
		if r.State != good {
			t.Errorf("%s: %s, %s of %s expected", r.Name, r.Reading, r.Observed, r.Expected)
		}
	}
	if l := d.scores.batches[1]; l.own != 0.5 || math.Abs(l.within-0.5*200/399) > 1e-12 {
		t.Errorf("of b's cells %v are its own, and %v of neighbours are expected from elsewhere", l.own, l.within)
	}
}

func TestReadingOfLabels(t *testing.T) {
	d := onLine(300, func(i int) int32 { return int32(i % 2) })
	d.Label = Grouping{Key: "type", Levels: []string{"a", "b", "c"}, Codes: make([]int32, 300)}
	for i := range 300 { // a alone, b and c in turns
		if i >= 150 {
			d.Label.Codes[i] = int32(1 + i%2)
		}
	}
	d.drawAll()
	d.Measure(1)
	rows := d.labelRows()
	if rows[2].Name != "a" || rows[2].State != good || rows[0].Name != "b" || rows[0].State != bad || rows[0].Reading != "not separated: 52% of its cells' neighbours are c" {
		t.Errorf("%+v", rows)
	}
}

func TestNothingIsMeasured(t *testing.T) {
	for name, d := range map[string]*Data{
		"nine cells":       onLine(9, func(i int) int32 { return int32(i % 2) }),
		"one batch":        onLine(50, func(int) int32 { return 0 }),
		"no annotation":    {Latent: [][]float32{make([]float32, 50)}},
		"no latent at all": {},
	} {
		if d.Measure(1); d.scores != nil {
			t.Errorf("%s: %+v", name, d.scores)
		}
	}
	d := onLine(50, func(i int) int32 { return int32(i % 2) })
	d.Latent[1][7] = float32(math.Inf(1))
	if d.Measure(1); d.scores != nil {
		t.Errorf("an infinite latent: %+v", d.scores)
	}
}

// Cells that lie on each other are no trouble.
func TestScoresOfOnePoint(t *testing.T) {
	d := onLine(100, func(i int) int32 { return int32(i % 2) })
	clear(d.Latent[0])
	d.Label = Grouping{Key: "type", Levels: []string{"x", "y"}, Codes: make([]int32, 100)}
	for i := range 50 {
		d.Label.Codes[i] = 1
	}
	d.drawAll()
	d.Measure(1)
	if s := d.scores; !finite(s.iLISI) || s.silhouetteLabel != 0.5 || s.silhouetteBatch != 1 {
		t.Errorf("%+v", s)
	}
}
