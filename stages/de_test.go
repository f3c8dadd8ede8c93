package stages

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// deRun compares groups of type, as change says, and gives the table.
func deRun(t *testing.T, l Layout, change func(o *DEOptions)) (*results.Table, *pipeline.Job) {
	t.Helper()
	s := &DE{Layout: l, Options: DefaultDEOptions()}
	s.Options.GroupBy, s.Options.NSamples = "type", 600
	change(&s.Options)
	check(t, s.Options.Validate())
	job, err := run(s)
	check(t, err)
	table, err := results.Read(l.DE())
	check(t, err)
	return table, job
}

// bToT compares B with T by the size of the change.
func bToT(o *DEOptions) { o.Group1, o.Group2, o.Mode = []string{"B"}, "T", "change" }

// TestDEFindsPlanted: the genes that differ are found, and few others, by both modes
// and both tests; the fold changes are as planted.
func TestDEFindsPlanted(t *testing.T) {
	l := fittedTable(t, plantedTable(), 150)
	table, _ := deRun(t, l, bToT)
	ids, called, lfc := table.Column("gene_id").String, table.Column("is_de_fdr_0.05").Bool, table.Column("lfc_median").Float64
	found, wrong := 0, 0
	for i, id := range ids {
		var g int
		fmt.Sscanf(id, "g%d", &g)
		switch {
		case g < 24 && called[i]:
			found++
		case called[i]:
			wrong++
		}
		if want := map[bool]float64{true: 2, false: -2}[g < 12]; g < 24 && math.Abs(lfc[i]-want) > 0.7 {
			t.Errorf("%s has a fold change of %.2f, planted are %.0f", id, lfc[i], want)
		}
	}
	if found < 23 || wrong > 2 {
		t.Errorf("%d of 24 planted genes are found, and %d of the others", found, wrong)
	}
	if !slices.IsSortedFunc(table.Column("proba_de").Float64, func(a, b float64) int { return cmp.Compare(b, a) }) {
		t.Error("not in the order of proba_de")
	}
	vanilla, _ := deRun(t, l, func(o *DEOptions) { o.Group1, o.Group2 = []string{"B"}, "T" })
	first := slices.Sorted(slices.Values(vanilla.Column("gene_id").String[:12]))
	if first[0] != "g00" || first[11] != "g11" {
		t.Errorf("vanilla's first twelve are %v", first)
	}
	if c := vanilla.Column("proba_de"); c != nil {
		t.Error("vanilla has proba_de")
	}
}

// TestDESame: the same list with the same seed, for any number of threads and any
// memory, for a group alone and beside others, and another list with another seed.
func TestDESame(t *testing.T) {
	l := fittedTable(t, plantedTable(), 5)
	s := &DE{Layout: l, Options: DefaultDEOptions()}
	s.Options.GroupBy, s.Options.NSamples, s.Options.Mode, s.Options.EstimateDelta = "type", 3000, "change", true
	list := func(threads int, memory int64, change func(o *DEOptions)) string {
		stage := *s
		change(&stage.Options)
		job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), threads, memory)
		check(t, stage.Run(context.Background(), job))
		text, err := os.ReadFile(l.DE())
		check(t, err)
		return string(text)
	}
	none := func(*DEOptions) {}
	want := list(1, 0, none)
	f, err := openFitted(l.Store(), l.Prepared(), l.Model())
	check(t, err)
	defer f.st.Close()
	tight := leastMemory(t, s, f)
	for name, got := range map[string]string{"again": list(1, 0, none), "3 threads": list(3, 0, none), "little memory": list(1, tight, none)} {
		if got != want {
			t.Errorf("%s: another file", name)
		}
	}
	if list(1, 0, func(o *DEOptions) { o.Seed = 1 }) == want {
		t.Error("another seed gives the same file")
	}
	all, _ := results.Read(l.DE())
	list(1, 0, func(o *DEOptions) { o.Seed, o.Group1 = 1, []string{"B"} })
	alone, err := results.Read(l.DE())
	check(t, err)
	first := slices.Index(all.Column("group1").String, "B")
	if !slices.Equal(alone.Column("proba_de").Float64, all.Column("proba_de").Float64[first:first+plantedGenes]) {
		t.Error("a group alone has other numbers than beside others")
	}
}

// leastMemory is the least budget that s runs in, where blocks are smaller than all
// genes; a byte less is refused.
func leastMemory(t *testing.T, s *DE, f *fitted) int64 {
	t.Helper()
	g, err := readGroups(context.Background(), pipeline.NewJob(zerolog.Nop(), nil, 1, 0), s.Store(), "type", f.st, f.p)
	check(t, err)
	list, err := g.comparisons(s.Options)
	check(t, err)
	width := func(memory int64) (int, error) {
		return s.width(pipeline.NewJob(zerolog.Nop(), nil, 1, memory), f, g, list)
	}
	low, high := int64(1), int64(1<<40)
	for low+1 < high {
		if middle := (low + high) / 2; errOf(width(middle)) != nil {
			low = middle
		} else {
			high = middle
		}
	}
	_, err = width(low)
	wantError(t, err, pipeline.ExitOverMemory, "--memory")
	if genes, _ := width(high); genes >= plantedGenes {
		t.Fatalf("%d genes of %d fit the least memory together", genes, plantedGenes)
	}
	return high
}

func errOf[T any](_ T, err error) error { return err }

// TestDEErrorIsCalibrated: over seeds, probabilities deviate by the error that each
// list claims.
func TestDEErrorIsCalibrated(t *testing.T) {
	l := fittedTable(t, plantedTable(), 20)
	for name, change := range map[string]func(o *DEOptions){
		"vanilla":         func(o *DEOptions) { o.Group1 = []string{"B"} },
		"change":          bToT,
		"batch corrected": func(o *DEOptions) { bToT(o); o.BatchCorrection, o.TestMode = true, "two" },
	} {
		const seeds = 40
		p, claimed := map[string][]float64{}, 0.0
		for seed := range uint64(seeds) {
			table, _ := deRun(t, l, func(o *DEOptions) { change(o); o.Seed = seed })
			column := "proba_de"
			if table.Column(column) == nil {
				column = "proba_m1"
			}
			for i, id := range table.Column("gene_id").String {
				p[id] = append(p[id], table.Column(column).Float64[i])
				e := table.Column(column + "_mc_error").Float64[i]
				claimed += e * e / seeds
			}
		}
		actual := 0.0
		for _, values := range p {
			mean, square := 0.0, 0.0
			for _, v := range values {
				mean += v / seeds
			}
			for _, v := range values {
				square += (v - mean) * (v - mean) / (seeds - 1)
			}
			actual += square
		}
		if ratio := math.Sqrt(claimed / actual); ratio < 0.85 || ratio > 1.25 {
			t.Errorf("%s: the claimed errors are %.2f of the actual ones", name, ratio)
		}
	}
}

// TestDERaw holds the raw statistics to counting, for a group, and for the rest with
// cells of no group.
func TestDERaw(t *testing.T) {
	x := plantedTable()
	l := fittedTable(t, x, 1)
	table, job := deRun(t, l, func(o *DEOptions) { o.GroupBy, o.Group1 = "noted", []string{"a"} })
	wantWarning(t, job, "202 cells have no value in obs column noted: they are among the rest")
	got := func(name string, row int) float64 { return table.Column(name).Float64[row] }
	for row, id := range table.Column("gene_id").String {
		g := slices.Index(x.genes, id)
		var n, sum, nonzero, normalized [2]float64
		for i, counts := range x.rows {
			k, total := 1, 0.0
			if i%3 == 0 {
				k = 0
			}
			for _, v := range counts {
				total += v
			}
			n[k]++
			sum[k] += counts[g]
			nonzero[k] += min(counts[g], 1)
			normalized[k] += counts[g] / total * 1e4
		}
		for k := range 2 {
			for name, want := range map[string]float64{"raw_mean": sum[k] / n[k], "non_zeros_proportion": nonzero[k] / n[k], "raw_normalized_mean": normalized[k] / n[k]} {
				if v := got(fmt.Sprint(name, k+1), row); math.Abs(v-want) > 1e-9*max(1, want) {
					t.Errorf("%s: %s%d is %v, want %v", id, name, k+1, v, want)
				}
			}
		}
	}
}

// TestDEGroups: every group that has cells, in the levels' order; groups against a
// named one; which genes are written.
func TestDEGroups(t *testing.T) {
	l := fittedTable(t, plantedTable(), 1)
	table, job := deRun(t, l, func(*DEOptions) {})
	if got := slices.Compact(slices.Clone(table.Column("comparison").String)); !slices.Equal(got, []string{"T vs Rest", "B vs Rest", "few vs Rest"}) {
		t.Errorf("compares %v", got)
	}
	wantCounts(t, job, map[string]int64{"comparisons": 3, "genes": plantedGenes})
	wantWarning(t, job, "1 group with fewer than 10 cells: few (7)")
	whole := table.Column("proba_m1").Float64[plantedGenes : 2*plantedGenes]
	table, _ = deRun(t, l, func(o *DEOptions) { o.Group2 = "T" })
	if got := slices.Compact(slices.Clone(table.Column("group1").String)); !slices.Equal(got, []string{"B", "few"}) || table.Column("group2").String[0] != "T" {
		t.Errorf("compares %v with %s", got, table.Column("group2").String[0])
	}
	genes := filepath.Join(t.TempDir(), "genes.txt")
	check(t, os.WriteFile(genes, []byte("g05\ng80\n"), 0o666))
	table, _ = deRun(t, l, func(o *DEOptions) { o.Group1, o.Genes, o.AllStats = []string{"B"}, genes, false })
	if ids := table.Column("gene_id").String; len(ids) != 2 || table.Column("raw_mean1") != nil {
		t.Errorf("writes %v with %v", ids, table.Columns)
	}
	for _, p := range table.Column("proba_m1").Float64 {
		if !slices.Contains(whole, p) {
			t.Errorf("a chosen gene has another probability than among all, %v", p)
		}
	}
}

// TestDEBatches: genes in which samples differ seem to change between the samples,
// unless both groups are decoded as the same.
func TestDEBatches(t *testing.T) {
	l := fittedTable(t, plantedTable(), 100)
	compare := func(change func(o *DEOptions)) (lfc float64) {
		table, _ := deRun(t, l, func(o *DEOptions) {
			o.GroupBy, o.Group1, o.Group2, o.Mode = "sample", []string{"s2"}, "s1", "change"
			change(o)
		})
		for i, id := range table.Column("gene_id").String {
			if id >= "g70" && id < "g84" {
				lfc += table.Column("lfc_median").Float64[i] / 14
			}
		}
		return lfc
	}
	correct := func(o *DEOptions) { o.BatchCorrection = true }
	for name, c := range map[string]struct {
		change func(o *DEOptions)
		want   float64
	}{
		"as they are":      {func(*DEOptions) {}, 1},
		"corrected":        {correct, 0},
		"as one batch":     {func(o *DEOptions) { correct(o); o.BatchID1, o.BatchID2 = []string{"s2"}, []string{"s2"} }, 0},
		"as each other":    {func(o *DEOptions) { correct(o); o.BatchID1, o.BatchID2 = []string{"s1"}, []string{"s2"} }, -1},
		"as one and both":  {func(o *DEOptions) { correct(o); o.BatchID1 = []string{"s2"} }, 0.5},
		"an odd number":    {func(o *DEOptions) { correct(o); o.NSamples = 601 }, 0},
		"two in any order": {func(o *DEOptions) { correct(o); o.BatchID1 = []string{"s2", "s1"} }, 0},
	} {
		if got := compare(c.change); math.Abs(got-c.want) > 0.35 {
			t.Errorf("%s: a fold change of %.2f, want about %.1f", name, got, c.want)
		}
	}
}

// TestDERefuses: what is not there, with what is.
func TestDERefuses(t *testing.T) {
	l := fittedTable(t, plantedTable(), 1)
	genes := filepath.Join(t.TempDir(), "genes.txt")
	check(t, os.WriteFile(genes, []byte("g05\nother\n"), 0o666))
	for name, c := range map[string]struct {
		change func(o *DEOptions)
		code   int
		words  []string
	}{
		"no column":       {func(o *DEOptions) { o.GroupBy = "cluster" }, pipeline.ExitBadInput, []string{"no column cluster", "there are type, sample"}},
		"no group":        {func(o *DEOptions) { o.Group1 = []string{"B", "NK"} }, pipeline.ExitBadInput, []string{"type", "no cell of group NK (--group1)", "there are T, B, few"}},
		"an unused group": {func(o *DEOptions) { o.Group2 = "unused" }, pipeline.ExitBadInput, []string{"no cell of group unused (--group2)"}},
		"one group":       {func(o *DEOptions) { o.GroupBy = "one" }, pipeline.ExitBadInput, []string{"all cells are of one group, 1"}},
		"itself":          {func(o *DEOptions) { o.Group1, o.Group2 = []string{"B"}, "B" }, pipeline.ExitUsage, []string{"both B"}},
		"no batch":        {func(o *DEOptions) { o.BatchCorrection, o.BatchID2 = true, []string{"s3"} }, pipeline.ExitBadInput, []string{"without batch s3 (--batchid2)", "s1, s2"}},
		"no gene":         {func(o *DEOptions) { o.Genes = genes }, pipeline.ExitBadInput, []string{"1 of 2 genes", "other"}},
	} {
		s := &DE{Layout: l, Options: DefaultDEOptions()}
		s.Options.GroupBy = "type"
		c.change(&s.Options)
		_, err := run(s)
		t.Run(name, func(t *testing.T) { wantError(t, err, c.code, c.words...) })
	}
	if _, err := os.Stat(l.DE()); err == nil {
		t.Error("a refused comparison leaves a file")
	}
}

// TestDEOptions: every fault at once.
func TestDEOptions(t *testing.T) {
	c := -1.0
	o := DEOptions{Mode: "both", Delta: -1, TestMode: "four", Pseudocounts: &c, EstimateDelta: true, FDRTarget: 1, NSamples: 1,
		BatchID1: []string{"a"}, Group1: []string{"x", "x"}, Seed: 1 << 40}
	wantError(t, o.Validate(), pipeline.ExitUsage, "--groupby", "--mode", "--delta", "--pseudocounts is -1", "--pseudocounts is given without", "--estimate-delta",
		"--test-mode", "--fdr-target", "--n-samples-overall", "--batchid1", "--group1 x is given twice", "--seed")
	vanilla := DefaultDEOptions()
	vanilla.GroupBy, vanilla.Delta, vanilla.FDRTarget, vanilla.TestMode = "type", 0.5, 0.1, "two"
	wantError(t, vanilla.Validate(), pipeline.ExitUsage, "--delta is given without --mode change", "--fdr-target is given without --mode change", "--test-mode two is given without")
	both := DefaultDEOptions()
	both.GroupBy, both.Mode, both.Delta, both.EstimateDelta = "type", "change", 0.5, true
	wantError(t, both.Validate(), pipeline.ExitUsage, "--delta and --estimate-delta are both given")
	ok := DefaultDEOptions()
	ok.GroupBy = "type"
	check(t, ok.Validate())
}

// TestDEManyGroups: a column of measurements or names is not compared value by value,
// unless some are asked for.
func TestDEManyGroups(t *testing.T) {
	g := &grouping{file: "store", key: "n_counts"}
	for i := range mostGroups + 1 {
		g.levels, g.of, g.sizes = append(g.levels, strconv.Itoa(i)), append(g.of, int32(i)), append(g.sizes, 1)
	}
	o := DefaultDEOptions()
	_, err := g.comparisons(o)
	wantError(t, err, pipeline.ExitBadInput, "store: obs column n_counts: 501 groups: name a column of groups, or with --group1 those to compare")
	o.Group1 = []string{"7", "8"}
	if list, err := g.comparisons(o); err != nil || len(list) != 2 {
		t.Errorf("%d comparisons, %v", len(list), err)
	}
}

// TestDEMembers: cells without a group are among the rest, and among no named group.
func TestDEMembers(t *testing.T) {
	g := &grouping{levels: []string{"a", "b", "c"}, of: []int32{0, noGroup, 1, 2, 0, noGroup}, sizes: []int{2, 1, 1}, missing: 2}
	for _, c := range []struct {
		one, two      int32
		first, second []int32
		text          string
	}{
		{0, rest, []int32{0, 4}, []int32{1, 2, 3, 5}, "a vs Rest"},
		{2, 1, []int32{3}, []int32{2}, "c vs b"},
	} {
		x := g.compare(c.one, c.two)
		one, two := g.members(x)
		if !slices.Equal(one, c.first) || !slices.Equal(two, c.second) || x.cells1 != len(one) || x.cells2 != len(two) || x.text() != c.text {
			t.Errorf("%s: %v with %v, %d and %d cells", x.text(), one, two, x.cells1, x.cells2)
		}
	}
}
