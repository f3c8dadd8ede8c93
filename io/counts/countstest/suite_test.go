package countstest

import (
	"strings"
	"testing"

	"cellvi/io/counts"
)

func TestMemoryConforms(t *testing.T) {
	Run(t, func(_ *testing.T, want *FullTable) counts.Reader { return Memory(want, 3) })
}

func TestLimitsHold(t *testing.T) {
	limits := Limits{NoObs: true, NoVar: true, WholeOnly: true, MaxCount: 255}
	RunWithin(t, limits, func(t *testing.T, want *FullTable) counts.Reader {
		if len(want.Genes.Columns)+len(want.Table.Obs.Columns) > 0 {
			t.Error("annotations in spite of limits")
		}
		for _, v := range want.Table.Values {
			if v > 255 || v != float64(int(v)) {
				t.Errorf("value %g in spite of limits", v)
			}
		}
		return Memory(want, 100)
	})
}

// spoiled wants the suite's comparison to see one change.
func TestSuiteSeesFaults(t *testing.T) {
	faults := map[string]func(full *FullTable){
		"names":     func(f *FullTable) { f.Table.Obs.Names[1] = "other" },
		"columns":   func(f *FullTable) { f.Table.Obs.Columns[0].Name = "other" },
		"levels":    func(f *FullTable) { f.Table.Obs.Columns[0].Levels = []string{"b", "a", "x"} },
		"ordered":   func(f *FullTable) { f.Table.Obs.Columns[0].Ordered = true },
		"row 2":     func(f *FullTable) { f.Table.Obs.Columns[4].Floats[2]++ },
		"row 4":     func(f *FullTable) { f.Table.Obs.Columns[3].Missing[4] = false },
		"cell 0":    func(f *FullTable) { f.Table.Values[0]++ },
		"is stored": func(f *FullTable) { f.Table.Values[0] = 0 },
		"follows":   func(f *FullTable) { f.Table.Genes[1] = f.Table.Genes[0] },
		"of 9":      func(f *FullTable) { f.Table.Genes[2] = 9 },
	}
	for want, spoil := range faults {
		good, bad := example(Limits{}, 7, 9), example(Limits{}, 7, 9)
		if d := DiffTables(bad.Table, good.Table, 9); d != "" {
			t.Fatalf("equal tables differ: %s", d)
		}
		spoil(bad)
		if d := DiffTables(bad.Table, good.Table, 9); !strings.Contains(d, want) {
			t.Errorf("want %q, got %q", want, d)
		}
	}
}
