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

	"cellvi/io/results"
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
