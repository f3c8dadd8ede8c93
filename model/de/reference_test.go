package de

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// reference is testdata/reference.json: what scvi-tools computes of these draws.
type reference struct {
	X, Y    [][]float32               // (pairs, genes)
	Counts  [][]float64               // (cells, genes)
	Cells1  int                       // the first group
	Results map[string]map[string]any // of the pairs as they stand
	Crossed map[string]map[string]any `json:"all_pairs"` // of all pairs
	Proba   []float64
	FDR     map[string]int
	Means   []float64
	Deltas  []float64
}

func readReference(t *testing.T) *reference {
	t.Helper()
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	r := &reference{}
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// independent is the design of m draws each of a cell of its own, of a group without end.
func independent(m, strata int) *Design {
	d := &Design{Strata: strata, Group: 1 << 40, Chosen: m / strata, Cell: make([]int32, m)}
	for i := range d.Cell {
		d.Cell[i] = int32(i % d.Chosen)
	}
	return d
}

// gene are its pairs.
func (r *reference) gene(g, strata int) Pairs {
	d := independent(len(r.X), strata)
	p := Pairs{One: d, Two: d}
	for i := range r.X {
		p.X, p.Y = append(p.X, r.X[i][g]), append(p.Y, r.Y[i][g])
	}
	return p
}

// absent are the largest draws of genes that are hardly in cells from … to−1.
func (r *reference) absent(draws [][]float32, from, to int) (largest []float64) {
	for g := range draws[0] {
		mean, top := 0.0, float32(0)
		for _, cell := range r.Counts[from:to] {
			mean += cell[g] / float64(to-from)
		}
		for i := range draws {
			top = max(top, draws[i][g])
		}
		if mean < ThresholdCounts {
			largest = append(largest, float64(top))
		}
	}
	return largest
}

// at is a number of a result; scalars stand for all genes.
func at(result map[string]any, name string, gene int) float64 {
	if list, ok := result[name].([]any); ok {
		return list[gene].(float64)
	}
	return result[name].(float64)
}

// near fails unless got is want but for a relative error: scvi-tools computes with
// float32.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*max(1, math.Abs(want))) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

// TestVanillaReference holds the probabilities to scvi-tools' own.
func TestVanillaReference(t *testing.T) {
	r := readReference(t)
	for name, strata := range map[string]int{"vanilla": 1, "vanilla corrected": 2} {
		want := r.Crossed[name]
		for g := range r.X[0] {
			got := Vanilla(r.gene(g, strata), &Scratch{})
			near(t, name+" proba_m1", got.M1.P, at(want, "proba_m1", g), 1e-12)
			near(t, name+" proba_m2", got.M2.P, at(want, "proba_m2", g), 1e-12)
			near(t, name+" bayes_factor", got.BayesFactor, at(want, "bayes_factor", g), 1e-9)
			near(t, name+" scale1", got.Scale1, at(want, "scale1", g), 1e-6)
			near(t, name+" scale2", got.Scale2, at(want, "scale2", g), 1e-6)
		}
	}
}

// TestChangeReference holds the change mode to scvi-tools' own, its estimate of
// the pseudocounts included.
func TestChangeReference(t *testing.T) {
	r := readReference(t)
	for name, c := range map[string]struct {
		strata int
		change Change
	}{
		"change":              {1, Change{Delta: 0.25}},
		"change two":          {1, Change{Delta: 0.25, TwoSided: true}},
		"change corrected":    {2, Change{Delta: 0.25}},
		"change pseudocounts": {1, Change{Delta: 0.7, Pseudocounts: 0.01}},
	} {
		want, crossed := r.Results[name], r.Crossed[name]
		if c.change.Pseudocounts == 0 {
			c.change.Pseudocounts = Pseudocounts(r.absent(r.X, 0, r.Cells1), r.absent(r.Y, r.Cells1, len(r.Counts)), len(r.X[0]))
		}
		near(t, name+" pseudocounts", c.change.Pseudocounts/at(want, "pseudocounts", 0), 1, 1e-6)
		for g := range r.X[0] {
			got := c.change.Effect(r.gene(g, c.strata), &Scratch{})
			near(t, name+" proba_de", got.DE.P, at(crossed, "proba_de", g), 1e-12)
			near(t, name+" proba_not_de", got.NotDE.P, at(crossed, "proba_not_de", g), 1e-12)
			near(t, name+" bayes_factor", got.BayesFactor, at(crossed, "bayes_factor", g), 1e-9)
			near(t, name+" lfc_mean", got.LFC.Mean, at(want, "lfc_mean", g), 1e-5)
			near(t, name+" lfc_median", got.LFC.Median, at(want, "lfc_median", g), 1e-5)
			near(t, name+" lfc_std", got.LFC.Std, at(want, "lfc_std", g), 1e-5)
			near(t, name+" lfc_min", got.LFC.Min, at(want, "lfc_min", g), 1e-5)
			near(t, name+" lfc_max", got.LFC.Max, at(want, "lfc_max", g), 1e-5)
		}
	}
}

// TestDiscoveriesReference holds the number of reported genes to scvi-tools' own.
func TestDiscoveriesReference(t *testing.T) {
	r := readReference(t)
	for name, target := range map[string]float64{"0.001": 0.001, "0.05": 0.05, "0.2": 0.2} {
		if got := Discoveries(r.Proba, target); got != r.FDR[name] {
			t.Errorf("%d of %d genes at %s, want %d", got, len(r.Proba), name, r.FDR[name])
		}
	}
}

// TestDeltaReference: scvi-tools' delta of these fold changes is the same for 20
// seeds of its random start, and ours is it.
func TestDeltaReference(t *testing.T) {
	r := readReference(t)
	if spread := slices.Max(r.Deltas) - slices.Min(r.Deltas); spread > 1e-3 {
		t.Fatalf("the reference's own deltas differ by %g", spread)
	}
	got, err := Delta(r.Means)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "delta", got, r.Deltas[0], 1e-3) // fits stop within 1e-3 of the likelihood
	shuffled := slices.Clone(r.Means)
	slices.Reverse(shuffled)
	if again, _ := Delta(shuffled); again != got {
		t.Errorf("another order of genes gives %g, not %g", again, got)
	}
}
