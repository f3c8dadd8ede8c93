package stages

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// posteriorRun writes a kind of output, as change says, with so many threads and
// bytes.
func posteriorRun(l Layout, kind string, threads int, memory int64, change func(o *PosteriorOptions)) (*pipeline.Job, error) {
	s := &Posterior{Layout: l, Kind: kind}
	change(&s.Options)
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), threads, memory)
	if err := s.Options.Validate([]string{kind}); err != nil {
		return job, err
	}
	return job, s.Run(context.Background(), job)
}

// posteriorTable is a file of a kind's output, made without a budget.
func posteriorTable(t *testing.T, l Layout, kind, file string, change func(o *PosteriorOptions)) *results.Table {
	t.Helper()
	_, err := posteriorRun(l, kind, 2, 0, change)
	check(t, err)
	path := l.Posterior(kind)
	if file != "" {
		path = inDir(path, file)
	}
	table, err := results.Read(path)
	check(t, err)
	return table
}

// samples sets --n-samples.
func samples(n int) func(o *PosteriorOptions) {
	return func(o *PosteriorOptions) { o.Samples = &n }
}

func asGiven(*PosteriorOptions) {}

// bytesOf are a kind's files, one behind the other.
func bytesOf(t *testing.T, path string) (all []byte) {
	t.Helper()
	files := []string{path}
	if entries, err := os.ReadDir(path); err == nil {
		files = nil
		for _, e := range entries {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		check(t, err)
		all = append(all, text...)
	}
	return all
}

// TestPosteriorSame: the same bytes for any number of threads, and within the
// smallest budget that is accepted, where genes are drawn block by block.
func TestPosteriorSame(t *testing.T) {
	l := fittedTable(t, plantedTable(), 2)
	for kind, change := range map[string]func(o *PosteriorOptions){
		normalizedExpression: func(o *PosteriorOptions) {
			samples(150)(o)
			o.Quantiles, o.Batches = []float64{0.05, 0.5}, []string{"all"}
		},
		likelihoodParameters: samples(3),
		latentKind:           samples(3),
		predictiveKind:       samples(2),
		elboKind:             samples(2),
		marginalKind:         samples(5),
		correlationKind:      samples(3),
		ppcKind:              samples(80),
	} {
		t.Run(kind, func(t *testing.T) {
			_, err := posteriorRun(l, kind, 1, 0, change)
			check(t, err)
			want := bytesOf(t, l.Posterior(kind))
			_, err = posteriorRun(l, kind, 3, 0, change)
			check(t, err)
			if !bytes.Equal(bytesOf(t, l.Posterior(kind)), want) {
				t.Error("three threads give other bytes than one")
			}
			refused := int64(0)
			for memory := int64(programBytes); ; memory += 2 << 19 {
				_, err = posteriorRun(l, kind, 3, memory, change)
				if ExitCode(err) != pipeline.ExitOverMemory {
					break
				}
				wantError(t, err, pipeline.ExitOverMemory, "--memory allows", kind)
				refused = memory
			}
			check(t, err)
			if refused == 0 {
				t.Error("no budget was too small")
			}
			if !bytes.Equal(bytesOf(t, l.Posterior(kind)), want) {
				t.Errorf("%s gives other bytes than no budget", human(refused+2<<19))
			}
		})
	}
}

// decodedDraws are each cell's and gene's draws of expression, by Generate alone.
func decodedDraws(t *testing.T, l Layout, draws int, batches []int) (f *fitted, values [][][]float64) {
	t.Helper()
	f, err := openFitted(l.Store(), l.Prepared(), l.Model())
	check(t, err)
	t.Cleanup(func() { _ = f.st.Close() })
	values = make([][][]float64, len(f.p.Row))
	of := model.Generation{Samples: draws, Seed: 7, Batch: -1, Batches: batches}
	err = model.NewEvaluator(f.vae, 1).Generate(context.Background(), f.source(), span(0, len(f.p.Row)), of, func(x *model.Generated) error {
		for i := range x.N {
			cell := x.First + i
			if values[cell] == nil {
				values[cell] = make([][]float64, f.vae.NInput)
				for g := range values[cell] {
					values[cell][g] = make([]float64, max(1, draws))
				}
			}
			for g := range f.vae.NInput {
				values[cell][g][x.Sample] += float64(x.Scale[i*f.vae.NInput+g]) / float64(max(1, len(batches)))
			}
		}
		return nil
	})
	check(t, err)
	return f, values
}

// TestPosteriorMeansAndQuantiles: they are those of the draws, averaged over batches,
// and the rows of quantiles are the cells at each level.
func TestPosteriorMeansAndQuantiles(t *testing.T) {
	l := fittedTable(t, plantedTable(), 2)
	const draws = 21
	f, values := decodedDraws(t, l, draws, []int{0, 1})
	change := func(o *PosteriorOptions) {
		samples(draws)(o)
		o.Seed, o.Quantiles, o.Batches, o.LibrarySize = 7, []float64{0.05, 0.5}, []string{"s2", "s1"}, "1000"
	}
	mean := posteriorTable(t, l, normalizedExpression, "expression", change)
	quantiles, err := results.Read(inDir(l.Posterior(normalizedExpression), "expression_quantiles"))
	check(t, err)
	n := len(f.p.Row)
	if mean.Rows() != n || quantiles.Rows() != 2*n {
		t.Fatalf("%d and %d rows of %d cells", mean.Rows(), quantiles.Rows(), n)
	}
	level := quantiles.Column("quantile").Float64
	for g, name := range f.card.Genes {
		for cell := range n {
			sum := 0.0
			for _, v := range values[cell][g] {
				sum += v * 1000 / draws
			}
			sorted := slices.Sorted(slices.Values(values[cell][g]))
			near(t, "mean", float64(mean.Column(name).Float32[cell]), sum)
			// Of 21 draws the 5% and 50% quantiles are the second and the eleventh.
			for k, want := range []float64{sorted[1], sorted[10]} {
				row := k*n + cell
				if level[row] != []float64{0.05, 0.5}[k] || quantiles.Column("cell_id").String[row] != mean.Column("cell_id").String[cell] {
					t.Fatalf("row %d is of level %v and cell %s", row, level[row], quantiles.Column("cell_id").String[row])
				}
				near(t, "quantile", float64(quantiles.Column(name).Float32[row]), want*1000)
			}
		}
	}
}

// near fails unless two numbers are the same within float32.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-5*math.Abs(want)+1e-12 {
		t.Fatalf("%s is %v, want %v", what, got, want)
	}
}

// TestPosteriorLibrarySizes: shares times a number, total counts or the model's.
func TestPosteriorLibrarySizes(t *testing.T) {
	x := plantedTable()
	l := fittedTable(t, x, 2)
	of := func(size string) *results.Table {
		return posteriorTable(t, l, normalizedExpression, "expression", func(o *PosteriorOptions) { o.LibrarySize = size })
	}
	one, thousand, observed, latent := of(""), of("1000"), of("observed"), of("latent")
	mean := posteriorTable(t, l, likelihoodParameters, "mean", asGiven)
	for cell, row := range x.rows {
		total := 0.0
		for _, v := range row {
			total += v
		}
		for _, g := range []string{"g00", "g50"} {
			share := float64(one.Column(g).Float32[cell])
			near(t, "at 1000", float64(thousand.Column(g).Float32[cell]), 1000*share)
			near(t, "observed", float64(observed.Column(g).Float32[cell]), total*share)
			near(t, "latent", float64(latent.Column(g).Float32[cell]), total*share)
			near(t, "mean", float64(mean.Column(g).Float32[cell]), total*share)
		}
	}
}

// TestPosteriorSubsets: cells by name and condition and genes by name have the
// numbers that they have among all.
func TestPosteriorSubsets(t *testing.T) {
	l := fittedTable(t, plantedTable(), 2)
	all := posteriorTable(t, l, normalizedExpression, "expression", samples(2))
	list := filepath.Join(t.TempDir(), "cells.txt")
	check(t, os.WriteFile(list, []byte("cell300\ncell7\ncell8\ncell600\ncell12\n"), 0o666))
	some := posteriorTable(t, l, normalizedExpression, "expression", func(o *PosteriorOptions) {
		samples(2)(o)
		o.CellsFile, o.Keep, o.Genes = list, []string{"sample == s1", "index != cell600"}, []string{"g80", "g03"}
	})
	// Cells 0, 1, 4, 5, 8, 9, … are of s1, in the order of the store.
	if got := some.Column("cell_id").String; !slices.Equal(got, []string{"cell8", "cell12", "cell300"}) {
		t.Fatalf("cells %v", got)
	}
	if len(some.Columns) != 3 || some.Columns[1].Name != "g80" || some.Columns[2].Name != "g03" {
		t.Fatalf("%d columns, the first gene %s", len(some.Columns), some.Columns[1].Name)
	}
	for i, cell := range []int{8, 12, 300} {
		for _, g := range []string{"g80", "g03"} {
			if some.Column(g).Float32[i] != all.Column(g).Float32[cell] {
				t.Errorf("cell %d, %s: %v, among all %v", cell, g, some.Column(g).Float32[i], all.Column(g).Float32[cell])
			}
		}
	}
}

// TestPosteriorPredictive: draws of counts have the mean of the likelihood over the
// same draws of z, and the subset of genes has the draws that it has among all.
func TestPosteriorPredictive(t *testing.T) {
	l := fittedTable(t, plantedTable(), 2)
	const draws = 50
	mean := posteriorTable(t, l, likelihoodParameters, "mean", samples(draws))
	theta, err := results.Read(inDir(l.Posterior(likelihoodParameters), "dispersions"))
	check(t, err)
	table := posteriorTable(t, l, predictiveKind, "counts", samples(draws))
	sum := make([][]float64, plantedGenes)
	for g := range sum {
		sum[g] = make([]float64, plantedCells)
	}
	ones := map[[3]int32]int32{}
	cell, gene, sample, count := table.Column("cell").Int32, table.Column("gene").Int32, table.Column("sample").Int32, table.Column("count").Int32
	for i, c := range count {
		if c <= 0 {
			t.Fatalf("row %d has count %d", i, c)
		}
		sum[gene[i]][cell[i]] += float64(c)
		if gene[i] == 5 {
			ones[[3]int32{cell[i], 0, sample[i]}] = c
		}
	}
	off, n := 0.0, 0.0
	for g := range sum {
		of, inverse := mean.Columns[1+g].Float32, float64(theta.Column("dispersions").Float32[g])
		for c := range of {
			mu := float64(of[c])
			z := (sum[g][c]/draws - mu) / math.Sqrt((mu+mu*mu/inverse)/draws)
			off, n = off+z*z, n+1
		}
	}
	// Chi-square of n degrees of freedom, with the draws of z shared: near 1.
	if r := off / n; r < 0.9 || r > 1.1 {
		t.Errorf("the draws' means are %.3f times as far from mu as they should be", r)
	}
	some := posteriorTable(t, l, predictiveKind, "counts", func(o *PosteriorOptions) {
		samples(draws)(o)
		o.Genes = []string{"g05"}
	})
	if some.Rows() != len(ones) {
		t.Errorf("%d counts of g05 alone, %d among all", some.Rows(), len(ones))
	}
	for i, c := range some.Column("count").Int32 {
		if key := ([3]int32{some.Column("cell").Int32[i], 0, some.Column("sample").Int32[i]}); ones[key] != c {
			t.Fatalf("cell and draw %v of g05: %d, among all %d", key, c, ones[key])
		}
	}
}

// TestPosteriorLikelihoods: the marginal likelihood lies above the ELBO, and the ELBO's
// parts add up.
func TestPosteriorLikelihoods(t *testing.T) {
	l := fittedTable(t, plantedTable(), 4)
	elbo := posteriorTable(t, l, elboKind, "", samples(40))
	marginal := posteriorTable(t, l, marginalKind, "", samples(200))
	above := 0
	for i, v := range elbo.Column("elbo").Float64 {
		near(t, "elbo", -v, elbo.Column("reconstruction_error").Float64[i]+elbo.Column("kl_z").Float64[i]+elbo.Column("kl_library").Float64[i])
		if ll := marginal.Column("marginal_ll").Float64[i]; ll > v {
			above++
		}
		if n := marginal.Column("effective_draws").Float64[i]; n < 1-1e-9 || n > 200 {
			t.Fatalf("cell %d rests on %v draws", i, n)
		}
	}
	if above < plantedCells*95/100 {
		t.Errorf("the marginal likelihood is above the ELBO for %d of %d cells only", above, plantedCells)
	}
}

// TestPosteriorLatent: means and variances are embed's, and the draws are of them.
func TestPosteriorLatent(t *testing.T) {
	l := fittedTable(t, plantedTable(), 2)
	_, err := run(&Embed{Layout: l, Options: EmbedOptions{LatentVar: true}})
	check(t, err)
	want, err := results.Read(l.Latent())
	check(t, err)
	got := posteriorTable(t, l, latentKind, "latent", samples(400))
	draws, err := results.Read(inDir(l.Posterior(latentKind), "samples"))
	check(t, err)
	if draws.Rows() != 400*plantedCells {
		t.Fatalf("%d rows of draws", draws.Rows())
	}
	worst, spread := 0.0, 0.0
	for k := range 4 {
		mean, variance := fmt.Sprintf("latent_%d", k), fmt.Sprintf("latent_var_%d", k)
		if !slices.Equal(got.Column(mean).Float32, want.Column(mean).Float32) || !slices.Equal(got.Column(variance).Float32, want.Column(variance).Float32) {
			t.Errorf("%s or %s is not embed's", mean, variance)
		}
		for i, m := range got.Column(mean).Float32 {
			sum, square := 0.0, 0.0
			for s, z := range draws.Column(mean).Float32[400*i : 400*(i+1)] {
				if draws.Column("sample").Int32[400*i+s] != int32(s) {
					t.Fatal("draws are not in order")
				}
				e := (float64(z) - float64(m)) / math.Sqrt(float64(got.Column(variance).Float32[i]))
				sum, square = sum+e, square+e*e
			}
			worst, spread = max(worst, math.Abs(sum/20)), spread+square/400/4/plantedCells
		}
	}
	if worst > 5.5 || math.Abs(spread-1) > 0.01 {
		t.Errorf("draws are %.1f standard errors off their mean, their variance %.3f times what it should be", worst, spread)
	}
}

// TestPosteriorPredictiveMemory: a small table's draws fit a small budget.
func TestPosteriorPredictiveMemory(t *testing.T) {
	l := fittedTable(t, plantedTable(), 1)
	_, err := posteriorRun(l, predictiveKind, 1, 100e6, asGiven)
	check(t, err)
}

// TestPosteriorRefuses: what cannot be is told, with its exit code.
func TestPosteriorRefuses(t *testing.T) {
	l := fittedTable(t, plantedTable(), 1)
	list := filepath.Join(t.TempDir(), "list.txt")
	check(t, os.WriteFile(list, []byte("nobody\ncell3\n"), 0o666))
	for name, c := range map[string]struct {
		kind   string
		change func(o *PosteriorOptions)
		code   int
		words  []string
	}{
		"no draws":          {marginalKind, samples(0), 64, []string{"marginal-ll", "--n-samples must be 1"}},
		"quantiles of one":  {normalizedExpression, func(o *PosteriorOptions) { o.Quantiles = []float64{0.5} }, 64, []string{"--n-samples", "2 at least"}},
		"not its option":    {latentKind, func(o *PosteriorOptions) { o.LibrarySize = "latent" }, 64, []string{"--library-size", "latent takes none"}},
		"two batches":       {predictiveKind, func(o *PosteriorOptions) { o.Batches = []string{"s1", "s2"} }, 64, []string{"one batch"}},
		"all batches":       {predictiveKind, func(o *PosteriorOptions) { o.Batches = []string{"all"} }, 64, []string{"one batch"}},
		"unknown batch":     {normalizedExpression, func(o *PosteriorOptions) { o.Batches = []string{"s9"} }, 65, []string{"s9", "s1, s2"}},
		"unknown gene":      {ppcKind, func(o *PosteriorOptions) { o.Genes = []string{"g00", "nothing"} }, 65, []string{"1 of 2 genes", "nothing"}},
		"unknown cell":      {elboKind, func(o *PosteriorOptions) { o.CellsFile = list }, 65, []string{"1 of 2 cells", "nobody"}},
		"unknown column":    {elboKind, func(o *PosteriorOptions) { o.Keep = []string{"kind == B"} }, 65, []string{"no column kind", "type"}},
		"no cell":           {elboKind, func(o *PosteriorOptions) { o.Keep = []string{"type == unused"} }, 65, []string{"no cell"}},
		"bad size":          {normalizedExpression, func(o *PosteriorOptions) { o.LibrarySize = "big" }, 64, []string{"--library-size is big"}},
		"bad quantiles":     {ppcKind, func(o *PosteriorOptions) { o.Quantiles = []float64{0.5, 0.1, 2} }, 64, []string{"ascend", "0 to 1", "even number"}},
		"size of each cell": {correlationKind, func(o *PosteriorOptions) { o.LibrarySize = "observed" }, 64, []string{"give a number"}},
	} {
		_, err := posteriorRun(l, c.kind, 1, 0, c.change)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		wantError(t, err, c.code, c.words...)
	}
	if err := (PosteriorOptions{}).Validate([]string{"nothing", elboKind, elboKind}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("kinds that are not or are twice: %v", err)
	}
}
