//go:build cgo

package hvg_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"cellvi/model/hvg"
)

// golden is scanpy's selection of 2,000 genes, best first, and their
// normalized variances.
type golden struct {
	Genes         []string           `json:"genes"`
	VariancesNorm map[string]float64 `json:"variances_norm"`
}

func TestSelectionAgreesWithScanpy(t *testing.T) {
	shared := sharedFolder(t)
	raw, err := os.ReadFile(filepath.Join(shared, "golden/hvg/mixology_5batches.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]json.RawMessage
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	cells := readCells(t, filepath.Join(shared, "data/mixology_5batches_all_genes.h5ad"))
	for name, batched := range map[string]bool{"None": false, "batch": true} {
		t.Run(name, func(t *testing.T) {
			var want golden
			if err := json.Unmarshal(cases[name], &want); err != nil {
				t.Fatal(err)
			}
			compareWithGolden(t, cells, batched, want)
		})
	}
}

// compareWithGolden asks for the same genes, but for ties, which numpy's sort
// leaves in an order of its own, and for the same variances.
func compareWithGolden(t *testing.T, cells *cells, batched bool, want golden) {
	r := selectGenes(t, cells, batched, 2000)
	agree, worst := 0, 0.0
	chosen := map[string]float64{}
	for _, g := range r.Order {
		chosen[cells.names[g]] = r.VariancesNorm[g]
	}
	for _, name := range want.Genes {
		got, ok := chosen[name]
		if ok {
			agree++
			worst = max(worst, math.Abs(got/want.VariancesNorm[name]-1))
		}
	}
	t.Logf("%d of %d genes agree; normalized variances differ by %.2g at most", agree, len(want.Genes), worst)
	if len(want.Genes) != 2000 || agree < 1998 {
		t.Errorf("%d of %d genes agree, want at least 1998 of 2000", agree, len(want.Genes))
	}
	if worst > 1e-6 {
		t.Errorf("normalized variances differ by %.2g, want at most 1e-6", worst)
	}
}

// selectGenes runs both passes in pieces of 100 cells, on the genes that at
// least 10 cells have, as the golden file was made.
func selectGenes(t testing.TB, c *cells, batched bool, top int) *hvg.Result {
	t.Helper()
	batch, batches := c.batch, len(c.levels)
	if !batched {
		batch, batches = nil, 1
	}
	m := hvg.NewMoments(len(c.names), batches, 2)
	c.pieces(100, batch, m.Add)
	keep := make([]bool, len(c.names))
	for g, n := range m.Detected() {
		keep[g] = n >= 10
	}
	clipped, err := m.Fit(hvg.Options{Span: 0.3, Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	c.pieces(100, batch, clipped.Add)
	return clipped.Select(top)
}

func sharedFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CELLVI_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	if _, err := os.Stat(filepath.Join(dir, "golden/hvg")); err != nil {
		t.Skipf("the golden files are not here (%v): set CELLVI_SHARED to the folder that holds golden/ and data/", err)
	}
	return dir
}
