package stages

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"gonum.org/v1/gonum/stat"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// rankRun ranks genes of groups of type, as change says, and gives the tables of genes,
// neighbours and groups.
func rankRun(t *testing.T, l Layout, change func(o *RankGenesOptions)) (genes, near, groups *results.Table, job *pipeline.Job) {
	t.Helper()
	s := &RankGenes{Layout: l, Options: DefaultRankGenesOptions()}
	s.Options.GroupBy = "type"
	change(&s.Options)
	check(t, s.Options.Validate())
	job, err := run(s)
	check(t, err)
	var tables []*results.Table
	for _, path := range s.Plan().Outputs {
		table, err := results.Read(path)
		check(t, err)
		tables = append(tables, table)
	}
	return tables[0], tables[1], tables[2], job
}

// bFromT ranks the genes of B, from T.
func bFromT(o *RankGenesOptions) { o.Group1, o.Group2 = []string{"B"}, "T" }

// TestRankGenesFindsPlanted: the planted genes come first, with their signs and about
// their fold changes; genes that move alike are neighbours.
func TestRankGenesFindsPlanted(t *testing.T) {
	l := fittedTable(t, plantedTable(), 150)
	table, near, groups, job := rankRun(t, l, bFromT)
	ids, response, prob := table.Column("gene_id").String, table.Column("response").Float64, table.Column("prob").Float64
	for i, id := range ids {
		var g int
		fmt.Sscanf(id, "g%d", &g)
		if (g < 24) != (i < 24) {
			t.Errorf("%s is number %d", id, i+1)
		}
		if want := map[bool]float64{true: 2, false: -2}[g < 12]; g < 24 && (math.Abs(response[i]-want) > 0.7 || prob[i] < 0.95) {
			t.Errorf("%s responds by %.2f with probability %.2f, planted are %.0f", id, response[i], prob[i], want)
		}
	}
	if rank := table.Column("rank").Int32; rank[0] != 1 || rank[plantedGenes-1] != plantedGenes {
		t.Errorf("ranks are %v", rank)
	}
	alike, all := 0, 0
	for i, id := range near.Column("gene_id").String {
		if id < "g12" && near.Column("rank").Int32[i] <= 24 {
			if all++; near.Column("neighbour").String[i] < "g12" {
				alike++
			}
		}
	}
	if all != 120 || alike < 60 {
		t.Errorf("%d of %d neighbours of the first twelve genes are of them", alike, all)
	}
	if fits := groups.Column("correlation_response").Float64[0]; fits < 0.98 {
		t.Errorf("responses correlate with the groups' difference by %.3f", fits)
	}
	for name, want := range map[string]int32{"cells_group": 200, "cells_reference": 400, "batches": 2, "replicates": 2} {
		if got := groups.Column(name).Int32[0]; got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	wantCounts(t, job, map[string]int64{"groups": 1, "cells": 600, "genes": plantedGenes})
}

// TestRankGenesSame: the same bytes for any number of threads, and for a group alone and
// beside others; another seed gives others.
func TestRankGenesSame(t *testing.T) {
	l := fittedTable(t, plantedTable(), 5)
	s := &RankGenes{Layout: l, Options: DefaultRankGenesOptions()}
	s.Options.GroupBy = "type"
	text := func(threads int, memory int64) string {
		job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), threads, memory)
		check(t, s.Run(context.Background(), job))
		var all strings.Builder
		for _, path := range s.Plan().Outputs {
			one, err := os.ReadFile(path)
			check(t, err)
			all.Write(one)
		}
		return all.String()
	}
	want := text(1, 0)
	if text(3, 0) != want || text(1, 400e6) != want {
		t.Error("other bytes with three threads, or a budget")
	}
	err := s.Run(context.Background(), pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, 1e6))
	wantError(t, err, pipeline.ExitOverMemory, "--memory", "--group1")
	all, _, _, _ := rankRun(t, l, func(*RankGenesOptions) {})
	alone, _, _, _ := rankRun(t, l, func(o *RankGenesOptions) { o.Group1 = []string{"B"} })
	first := slices.Index(all.Column("group").String, "B")
	for _, name := range []string{"response", "sd", "lfc", "mean_reference"} {
		for i, v := range alone.Column(name).Float64 {
			if w := all.Column(name).Float64[first+i]; math.Abs(v-w) > 1e-9*math.Max(1, math.Abs(w)) {
				t.Fatalf("%s is %v alone and %v beside others", name, v, w)
			}
		}
	}
	other, _, _, _ := rankRun(t, l, func(o *RankGenesOptions) { o.Group1, o.Seed = []string{"B"}, 1 })
	if slices.Equal(other.Column("response").Float64, alone.Column("response").Float64) {
		t.Error("another seed gives the same numbers")
	}
}

// TestRankGenesByHand: response, direction and difference are what Generate's draws give
// by their definitions.
func TestRankGenesByHand(t *testing.T) {
	x := plantedTable()
	l := fittedTable(t, x, 20)
	table, _, groups, _ := rankRun(t, l, func(o *RankGenesOptions) { bFromT(o); o.NSamples, o.Seed = 2, 9 })
	f, err := openFitted(l.Store(), l.Prepared(), l.Model())
	check(t, err)
	defer f.st.Close() // only read from
	const c = 1e-4
	dims, genes := f.vae.NLatent, f.vae.NInput
	z, log, n := [2][2][]float64{}, [2][2][]float64{}, [2][2]float64{}
	for k := range 2 {
		for b := range 2 {
			z[k][b], log[k][b] = make([]float64, dims), make([]float64, genes)
		}
	}
	err = model.NewEvaluator(f.vae, 1).Generate(context.Background(), f.source(), span(0, plantedCells-7), model.Generation{Samples: 2, Seed: 9, Batch: -1}, func(y *model.Generated) error {
		for i := range y.N {
			k, b := (y.First+i)%3/2, (y.First+i)/2%2 // B or T, and the sample, as plantedTable has them
			n[k][b]++
			for j := range dims {
				z[k][b][j] += float64(y.Z[i*dims+j])
			}
			for g := range genes {
				log[k][b][g] += math.Log2(float64(y.Scale[i*genes+g]) + c)
			}
		}
		return nil
	})
	check(t, err)
	v, lfc, total := make([]float64, dims), make([]float64, genes), 0.0
	for b := range 2 {
		w := n[1][b] * n[0][b] / (n[1][b] + n[0][b])
		total += w
		for j := range v {
			v[j] += w * (z[1][b][j]/n[1][b] - z[0][b][j]/n[0][b])
		}
		for g := range lfc {
			lfc[g] += w * (log[1][b][g]/n[1][b] - log[0][b][g]/n[0][b])
		}
	}
	length := 0.0
	for j := range v {
		v[j] /= total
		length += v[j] * v[j]
	}
	if got := groups.Column("distance").Float64[0]; math.Abs(got-math.Sqrt(length)) > 1e-5*got {
		t.Errorf("distance is %v, want %v", got, math.Sqrt(length))
	}
	response := make([]float64, genes)
	var rows []int32
	for i := range int32(plantedCells - 7) {
		if i%3 == 2 {
			rows = append(rows, i)
		}
	}
	way := make([]float32, dims)
	for j := range way {
		way[j] = float32(v[j])
	}
	ask := model.Asking{Samples: 2, Seed: 9, Pseudocount: c, Direction: func(int) []float32 { return way }}
	err = model.NewEvaluator(f.vae, 1).Respond(context.Background(), f.source(), rows, ask, func(y *model.Responses) error {
		for i, r := range y.Response {
			response[i%genes] += r / float64(len(rows))
		}
		return nil
	})
	check(t, err)
	for i, id := range table.Column("gene_id").String {
		g := slices.Index(f.card.Genes, id)
		if got := table.Column("response").Float64[i]; math.Abs(got-response[g]) > 1e-4 {
			t.Errorf("%s responds by %v, want %v", id, got, response[g])
		}
		if got := table.Column("lfc").Float64[i]; math.Abs(got-lfc[g]/total) > 1e-4 {
			t.Errorf("%s: lfc is %v, want %v", id, got, lfc[g]/total)
		}
	}
}

// TestRankGenesErrorIsCalibrated: groups that are parts of one, drawn at random, respond
// otherwise by the error over cells that each claims, of single draws of z: what draws
// add to it is found from means over 2 and over 20.
func TestRankGenesErrorIsCalibrated(t *testing.T) {
	const parts, seeds = 12, 4
	x := plantedTable()
	part := counts.Column{Name: "part", Kind: counts.String}
	rng := model.Stream(3, model.CellChoice, 0, 0)
	for i := range x.cells {
		name := "T"
		if i%3 == 2 {
			name = fmt.Sprint("B", rng.IntN(parts))
		}
		part.Strings = append(part.Strings, name)
	}
	x.obs = append(x.obs, part)
	l := fittedTable(t, x, 60)
	measure := func(draws int) (claimed, actual float64) {
		for seed := range uint64(seeds) {
			table, _, _, _ := rankRun(t, l, func(o *RankGenesOptions) { o.GroupBy, o.Group2, o.NSamples, o.Seed = "part", "T", draws, seed })
			responses := map[string][]float64{}
			for i, id := range table.Column("gene_id").String {
				responses[id] = append(responses[id], table.Column("response").Float64[i])
				sd := table.Column("sd_cells").Float64[i]
				claimed += sd * sd / parts / seeds
			}
			for id, r := range responses {
				if len(r) != parts {
					t.Fatalf("%s is ranked in %d parts", id, len(r))
				}
				actual += stat.Variance(r, nil) / seeds
			}
		}
		return claimed, actual
	}
	_, two := measure(2)
	claimed, many := measure(20)
	within := (two - many) / (1./2 - 1./20)
	one := many - within/20 + within
	if ratio := math.Sqrt(claimed / one); ratio < 0.8 || ratio > 1.25 {
		t.Errorf("the claimed errors are %.2f of the actual ones, of which draws are %.2f", ratio, math.Sqrt(within/one))
	}
}

// TestRankGenesNeighbours: correlations of neighbours are those of decoded shares over
// the group's cells.
func TestRankGenesNeighbours(t *testing.T) {
	l := fittedTable(t, plantedTable(), 100)
	_, near, _, _ := rankRun(t, l, func(o *RankGenesOptions) {
		o.Group1, o.Top, o.Neighbours, o.NSamples = []string{"T"}, 40, plantedGenes-1, 10
	})
	f, err := openFitted(l.Store(), l.Prepared(), l.Model())
	check(t, err)
	defer f.st.Close() // only read from
	var rows []int32
	for i := range int32(plantedCells - 7) {
		if i%3 < 2 && i/2%2 == 0 { // T's of one sample
			rows = append(rows, i)
		}
	}
	values := make([][]float64, f.vae.NInput)
	err = model.NewEvaluator(f.vae, 1).Generate(context.Background(), f.source(), rows, model.Generation{Samples: 10, Batch: -1}, func(y *model.Generated) error {
		for i, rho := range y.Scale {
			values[i%len(values)] = append(values[i%len(values)], math.Log2(float64(rho)+1e-4))
		}
		return nil
	})
	check(t, err)
	at := func(id string) []float64 { return values[slices.Index(f.card.Genes, id)] }
	var got, want []float64
	for i, id := range near.Column("gene_id").String {
		got = append(got, near.Column("correlation").Float64[i])
		want = append(want, stat.Correlation(at(id), at(near.Column("neighbour").String[i]), nil))
	}
	if len(got) != 40*(plantedGenes-1) {
		t.Errorf("%d pairs", len(got))
	}
	if r := stat.Correlation(got, want, nil); r < 0.9 {
		t.Errorf("they correlate by %.3f with those of decoded shares", r)
	}
	off := 0.0
	for i := range got {
		off += math.Abs(got[i]-want[i]) / float64(len(got))
	}
	if off > 0.2 {
		t.Errorf("they are off by %.3f", off)
	}
}

// TestRankGenesCells: a list of cells is the same group as an annotation that has them.
func TestRankGenesCells(t *testing.T) {
	x := plantedTable()
	l := fittedTable(t, x, 5)
	var names []string
	for i, name := range x.cells[:plantedCells-7] {
		if i%3 == 2 {
			names = append(names, name)
		}
	}
	path := filepath.Join(t.TempDir(), "chosen.txt")
	check(t, os.WriteFile(path, []byte(strings.Join(names, "\n")), 0o666))
	list, _, _, _ := rankRun(t, l, func(o *RankGenesOptions) { o.GroupBy, o.Cells = "", path })
	level, _, _, _ := rankRun(t, l, func(o *RankGenesOptions) { o.Group1 = []string{"B"} })
	if g := list.Column("group").String; g[0] != "chosen" || len(g) != plantedGenes {
		t.Errorf("%d rows of group %s", len(g), g[0])
	}
	if !slices.Equal(list.Column("gene_id").String, level.Column("gene_id").String) {
		t.Error("another order than of the annotation")
	}
	check(t, os.WriteFile(path, []byte(strings.Join(x.cells, "\n")), 0o666))
	_, err := run(&RankGenes{Layout: l, Options: RankGenesOptions{Cells: path, NSamples: 2}})
	wantError(t, err, pipeline.ExitBadInput, "all 607 cells")
}

// TestRankGenesBatches: groups of which no batch holds both are told of, and have no
// replicates.
func TestRankGenesBatches(t *testing.T) {
	l := fittedTable(t, plantedTable(), 5)
	table, _, groups, job := rankRun(t, l, func(o *RankGenesOptions) {
		o.GroupBy, o.Group1, o.Group2, o.Batches = "sample", []string{"s1"}, "s2", []string{"all"}
	})
	wantWarning(t, job, "s1 vs s2: no batch holds cells of both")
	if b, n := groups.Column("batches").Int32[0], groups.Column("replicates").Int32[0]; b != 0 || n != 0 {
		t.Errorf("%d batches, %d replicates", b, n)
	}
	for i, v := range table.Column("sd_batches").Float64 {
		if !math.IsNaN(v) || table.Column("sd").Float64[i] != table.Column("sd_cells").Float64[i] {
			t.Fatalf("without replicates sd_batches is %v", v)
		}
	}
}

// TestRankGenesRefuses: what is not there, and options that contradict each other.
func TestRankGenesRefuses(t *testing.T) {
	l := fittedTable(t, plantedTable(), 1)
	for name, c := range map[string]struct {
		change func(o *RankGenesOptions)
		code   int
		words  []string
	}{
		"no column": {func(o *RankGenesOptions) { o.GroupBy = "cluster" }, pipeline.ExitBadInput, []string{"no column cluster"}},
		"no group":  {func(o *RankGenesOptions) { o.Group1 = []string{"NK"} }, pipeline.ExitBadInput, []string{"no cell of group NK"}},
		"itself":    {func(o *RankGenesOptions) { o.Group1, o.Group2 = []string{"B"}, "B" }, pipeline.ExitUsage, []string{"both B"}},
		"no batch":  {func(o *RankGenesOptions) { o.Batches = []string{"s3"} }, pipeline.ExitBadInput, []string{"s3", "--transform-batch"}},
	} {
		s := &RankGenes{Layout: l, Options: DefaultRankGenesOptions()}
		s.Options.GroupBy = "type"
		c.change(&s.Options)
		_, err := run(s)
		t.Run(name, func(t *testing.T) { wantError(t, err, c.code, c.words...) })
	}
	if _, err := os.Stat(l.RankedGenes()); err == nil {
		t.Error("a refused ranking leaves a file")
	}
	o := RankGenesOptions{NSamples: 1, Pseudocount: -1, Delta: math.NaN(), Top: -1, Group1: []string{"a", "a"}, Seed: 1 << 40}
	wantError(t, o.Validate(), pipeline.ExitUsage, "--groupby", "--n-samples", "--pseudocounts", "--delta", "--top", "--group1 a is given twice", "--seed")
	o = DefaultRankGenesOptions()
	o.GroupBy, o.Cells, o.Group2 = "type", "cells.txt", "B"
	wantError(t, o.Validate(), pipeline.ExitUsage, "--groupby and --cells are both given", "are of --groupby")
}
