package stages

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// Genes are matched by name: in another order, some missing, some unknown, a query has
// the bytes of one whose table has the model's genes in their order and zeros.
func TestQueryMatchesGenes(t *testing.T) {
	ref := trainedReference(t, nil)
	plain, mixed := newCells(), newCells()
	mixed.genes = []string{"other", "g11", "g3", "g0", "g10", "g1", "g2", "g9", "g8", "g4", "more", "g6"} // no g5, no g7
	for i := range plain.rows {
		plain.rows[i][5], plain.rows[i][7] = 0, 0
		for k, name := range mixed.genes {
			mixed.rows[i][k] = 5
			if g := slices.Index(plain.genes, name); g >= 0 {
				mixed.rows[i][k] = plain.rows[i][g]
			}
		}
	}
	a, _, err := query(t, ref, plain, nil)
	check(t, err)
	b, jobs, err := query(t, ref, mixed, nil)
	check(t, err)
	if !bytes.Equal(fileBytes(t, a.Latent()), fileBytes(t, b.Latent())) {
		t.Error("another order of the genes, another latent")
	}
	wantCounts(t, jobs[0], map[string]int64{"genes_of_reference": 12, "genes_missing": 2, "genes_left_out_genes": 2, "genes_selected": 10})
	_, card, err := readModel(b.Model())
	check(t, err)
	if fmt.Sprint(card.Absent) != "[g5 g7]" || len(card.Genes) != 12 {
		t.Errorf("absent %v of %v", card.Absent, card.Genes)
	}
	// What the model says of genes stands at their names.
	x, y := dispersions(t, a), dispersions(t, b)
	for _, g := range []string{"g0", "g11", "g6"} {
		if x[g] != y[g] || !(x[g] > 0) {
			t.Errorf("dispersion of %s: %g and %g", g, x[g], y[g])
		}
	}
	if !math.IsNaN(y["other"]) || len(y) != 12 {
		t.Errorf("dispersions %v", y)
	}
}

func dispersions(t *testing.T, l Layout) map[string]float64 {
	t.Helper()
	table, err := results.Read(l.Genes())
	check(t, err)
	out := map[string]float64{}
	for i, g := range table.Column("gene_id").String {
		out[g] = float64(table.Column("dispersion").Float32[i])
	}
	return out
}

// renamedFrom is the table with names of its own for genes from k on.
func renamedFrom(x *table, k int) *table {
	for i := k; i < len(x.genes); i++ {
		x.genes[i] = fmt.Sprintf("h%d", i)
	}
	return x
}

func TestQueryOverlap(t *testing.T) {
	ref := trainedReference(t, nil)
	_, jobs, err := query(t, ref, renamedFrom(newCells(), 9), nil)
	check(t, err)
	wantWarning(t, jobs[0], "only 9 of the reference's 12 genes are in the data, 75.0%: the others count as 0, the first g9")
	_, jobs, err = query(t, ref, renamedFrom(newCells(), 10), nil)
	check(t, err)
	if len(jobs[0].Warnings()) > 0 {
		t.Errorf("five genes in six are enough: %v", jobs[0].Warnings())
	}
	_, _, err = query(t, ref, renamedFrom(newCells(), 0), nil)
	wantError(t, err, pipeline.ExitBadInput, "none of the reference's 12 genes is in the data", "g0", "h0", "--gene-id")
	_, _, err = query(t, ref, renamedFrom(newCells(), 10), func(o *QueryOptions) { o.MinGeneOverlap = 0.9 })
	wantError(t, err, pipeline.ExitBadInput, "10 of the reference's 12 genes", "83.3%", "--min-gene-overlap asks for 90.0%")
}

// A model that has been told which genes a query lacks refuses data that lack others.
func TestQueryModelWantsItsGenes(t *testing.T) {
	ref := trainedReference(t, nil)
	at, _, err := query(t, ref, renamedFrom(newCells(), 11), nil)
	check(t, err)
	less, _, err := query(t, ref, renamedFrom(newCells(), 10), nil)
	check(t, err)
	_, err = run(&Embed{Layout: Layout{t.TempDir()}, StorePath: less.Store(), PreparedPath: less.Prepared(), ModelPath: at.Model()})
	wantError(t, err, pipeline.ExitBadInput, "1 of the model's 12 genes are not in the store, the first g10", "cellvi query")
}
