package stages

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"cellvi/io/counts"
	"cellvi/model"
	"cellvi/pipeline"
)

// manyGenes is a table of four tiles of genes and a few cells.
func manyGenes() *table {
	rng := rand.New(rand.NewPCG(3, 4))
	t := &table{}
	for g := range 3*model.GeneTile + 9 {
		t.genes = append(t.genes, fmt.Sprintf("g%03d", g))
	}
	sample := counts.Column{Name: "sample", Kind: counts.String}
	for i := range 150 {
		t.cells, sample.Strings = append(t.cells, fmt.Sprintf("cell%d", i)), append(sample.Strings, []string{"s1", "s2"}[i%2])
		row := make([]float64, len(t.genes))
		for g := range row {
			row[g] = plantedCount(rng, 1+3*float64((g+i)%3/2))
		}
		t.rows = append(t.rows, row)
	}
	t.obs = []counts.Column{sample}
	return t
}

// denoisedDraws are genes' draws, by Generate and Denoised alone: (genes, cells · draws).
func denoisedDraws(t *testing.T, l Layout, draws, batch int) [][]float64 {
	f, err := openFitted(l.Store(), l.Prepared(), l.Model())
	check(t, err)
	defer f.st.Close() // only read from
	out, p := make([][]float64, f.vae.NInput), model.NewPredictive(f.vae.Config, 3)
	of := model.Generation{Samples: draws, Seed: 3, Batch: batch}
	err = model.NewEvaluator(f.vae, 1).Generate(context.Background(), f.source(), span(0, len(f.p.Row)), of, func(x *model.Generated) error {
		for i := range x.N {
			for g := range out {
				out[g] = append(out[g], float64(p.Denoised(x, i, int64(f.p.Row[x.First+i]), g, 1000)))
			}
		}
		return nil
	})
	check(t, err)
	return out
}

// inOrderOf gives ranks of values of which no two are equal.
func inOrderOf(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	out := make([]float64, len(x))
	for rank, i := range order {
		out[i] = float64(rank)
	}
	return out
}

// TestPosteriorCorrelation: both correlations are gonum's of the same draws, averaged
// over batches; and have the same bytes where blocks of genes are drawn against each
// other.
func TestPosteriorCorrelation(t *testing.T) {
	l := fittedTable(t, manyGenes(), 2)
	const draws = 60
	one, two := denoisedDraws(t, l, draws, 0), denoisedDraws(t, l, draws, 1)
	for _, kind := range []string{"spearman", "pearson"} {
		change := func(o *PosteriorOptions) {
			samples(draws)(o)
			o.Seed, o.Correlation, o.Batches = 3, kind, []string{"all"}
		}
		table := posteriorTable(t, l, correlationKind, "", change)
		of := func(x [][]float64, g, h int) float64 {
			if kind == "spearman" {
				return stat.Correlation(inOrderOf(x[g]), inOrderOf(x[h]), nil)
			}
			return stat.Correlation(x[g], x[h], nil)
		}
		for _, pair := range [][2]int{{0, 0}, {0, 3}, {3, 0}, {1, 199}, {64, 70}, {130, 65}, {200, 200}} {
			want := (of(one, pair[0], pair[1]) + of(two, pair[0], pair[1])) / 2
			if got := table.Columns[1+pair[0]].Float64[pair[1]]; math.Abs(got-want) > 2e-5 {
				t.Errorf("%s of genes %v is %.6f, want %.6f", kind, pair, got, want)
			}
		}
		whole := bytesOf(t, l.Posterior(correlationKind))
		for memory := int64(programBytes); ; memory += 1e6 {
			_, err := posteriorRun(l, correlationKind, 3, memory, change)
			if ExitCode(err) == pipeline.ExitOverMemory {
				continue
			}
			check(t, err)
			break
		}
		if !bytes.Equal(bytesOf(t, l.Posterior(correlationKind)), whole) {
			t.Errorf("%s has other bytes in the smallest budget", kind)
		}
	}
}
