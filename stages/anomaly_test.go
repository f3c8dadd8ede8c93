package stages

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// anomalyRun judges counts as change says, with so many threads and bytes.
func anomalyRun(l Layout, threads int, memory int64, change func(o *AnomalyOptions)) (*pipeline.Job, error) {
	s := &Anomaly{Layout: l, Options: DefaultAnomalyOptions()}
	s.Options.Samples, s.Options.Folds, s.Options.Refine = 8, 3, "diag"
	change(&s.Options)
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), threads, memory)
	if err := s.Options.Validate(); err != nil {
		return job, err
	}
	return job, s.Run(context.Background(), job)
}

// anomalyTable is one of the files.
func anomalyTable(t *testing.T, l Layout, file string) *results.Table {
	t.Helper()
	table, err := results.Read(inDir(l.Anomaly(), file))
	check(t, err)
	return table
}

// wild are the counts that are put into plantedTable: cell, gene, count.
var wild = [][3]int{{5, 3, 120}, {211, 40, 200}, {400, 62, 150}}

func wildTable() *table {
	x := plantedTable()
	for _, w := range wild {
		x.rows[w[0]][w[1]] = float64(w[2])
	}
	return x
}

// TestAnomalyFinds: the counts that do not belong are found, first of all, and tables of
// cells, genes and counts agree with each other.
func TestAnomalyFinds(t *testing.T) {
	l := fittedTable(t, wildTable(), 8)
	job, err := anomalyRun(l, 2, 0, func(o *AnomalyOptions) { o.Scores = true })
	check(t, err)
	wantCounts(t, job, map[string]int64{"tests": plantedCells * plantedGenes, "cells": plantedCells, "genes": plantedGenes})
	a, cells, genes, scores := anomalyTable(t, l, "anomalies"), anomalyTable(t, l, "cells"), anomalyTable(t, l, "genes"), anomalyTable(t, l, "scores")
	p := a.Column("p").Float64
	for _, w := range wild {
		at := slices.IndexFunc(a.Column("cell_id").String, func(c string) bool { return c == cells.Column("cell_id").String[w[0]] })
		if at < 0 {
			t.Fatalf("%v is not found: %d were", w, a.Rows())
		}
		if a.Column("gene_id").String[at] != genes.Column("gene_id").String[w[1]] || a.Column("count").Float64[at] != float64(w[2]) || a.Column("direction").String[at] != "high" {
			t.Errorf("%v is found as %s, %v, %s", w, a.Column("gene_id").String[at], a.Column("count").Float64[at], a.Column("direction").String[at])
		}
		if hi, mean := a.Column("upper").Float64[at], a.Column("expected").Float64[at]; hi >= float64(w[2]) || mean > hi {
			t.Errorf("%v: expected %v, at most %v", w, mean, hi)
		}
		if s := scores.Columns[1+w[1]].Float32[w[0]]; float64(s) < -math.Log10(p[at])-1 {
			t.Errorf("%v has score %v, p %v", w, s, p[at])
		}
	}
	if int64(a.Rows()) != job.Counts()["anomalies"] || a.Rows() > 20 {
		t.Errorf("%d rows, %d counted", a.Rows(), job.Counts()["anomalies"])
	}
	for i, q := range a.Column("q").Float64 {
		if q > 0.05 || p[i] > q {
			t.Errorf("row %d: p %v, q %v", i, p[i], q)
		}
	}
	for _, of := range []*results.Table{cells, genes} {
		sum := 0
		for i := range of.Rows() {
			sum += int(of.Column("found_high").Int32[i] + of.Column("found_low").Int32[i])
			if n := of.Column("tests").Int32[i]; int(n) != plantedCells*plantedGenes/of.Rows() {
				t.Fatalf("row %d: %d tests", i, n)
			}
		}
		if sum != a.Rows() {
			t.Errorf("%d found in all, %d rows", sum, a.Rows())
		}
	}
}

// TestAnomalyCalibrated: the intervals of a table hold about what they should, and the table of
// coverage has all tests.
func TestAnomalyCalibrated(t *testing.T) {
	l := fittedTable(t, plantedTable(), 8)
	_, err := anomalyRun(l, 2, 0, func(o *AnomalyOptions) {})
	check(t, err)
	c := anomalyTable(t, l, "calibration")
	tests := int64(0)
	for i, part := range c.Column("part").String {
		if !math.IsNaN(c.Column("expected_from").Float64[i]) {
			continue
		}
		tests += c.Column("tests").Int64[i]
		share, closed := c.Column("coverage").Float64[i], c.Column("coverage_closed").Float64[i]
		if share < 0.86 || share > 0.94 || closed < share {
			t.Errorf("90%% intervals hold %.3f of %s, closed %.3f", share, part, closed)
		}
	}
	if tests != plantedCells*plantedGenes {
		t.Errorf("%d tests", tests)
	}
}

// TestAnomalySame: the same bytes for any number of threads, whatever cells are asked for
// beside a cell, and within the smallest budget that is accepted.
func TestAnomalySame(t *testing.T) {
	l := fittedTable(t, wildTable(), 2)
	for name, change := range map[string]func(o *AnomalyOptions){
		"left out": func(o *AnomalyOptions) { o.Scores, o.FDR = true, 0.5 },
		"the encoder's": func(o *AnomalyOptions) {
			o.LeaveOut, o.Refine, o.Folds, o.Family, o.Tail, o.FDR = false, "none", 5, "expressed", "upper", 0.5
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := anomalyRun(l, 1, 0, change)
			check(t, err)
			want := bytesOf(t, l.Anomaly())
			_, err = anomalyRun(l, 3, 0, change)
			check(t, err)
			if !bytes.Equal(bytesOf(t, l.Anomaly()), want) {
				t.Error("three threads give other bytes than one")
			}
			_, err = anomalyRun(l, 3, 70e6, change)
			wantError(t, err, pipeline.ExitOverMemory, "anomaly", "--memory allows")
			all := anomalyTable(t, l, "cells")
			_, err = anomalyRun(l, 2, 0, func(o *AnomalyOptions) {
				change(o)
				o.Keep = []string{"sample == s1"}
			})
			check(t, err)
			some := anomalyTable(t, l, "cells")
			if some.Rows() >= all.Rows() || some.Rows() == 0 {
				t.Fatalf("%d of %d cells", some.Rows(), all.Rows())
			}
			for i, id := range some.Column("cell_id").String {
				at := slices.Index(all.Column("cell_id").String, id)
				if got, want := some.Column("surprise").Float64[i], all.Column("surprise").Float64[at]; got != want {
					t.Fatalf("%s: %v, among all %v", id, got, want)
				}
			}
		})
	}
}

// TestAnomalyTails: a one-sided test finds its own side alone.
func TestAnomalyTails(t *testing.T) {
	x := wildTable()
	for g := range 60 { // a cell that lacks what it should have
		x.rows[100][g] *= 40
	}
	x.rows[100][30] = 0
	l := fittedTable(t, x, 4)
	for side, other := range map[string]string{"upper": "low", "lower": "high"} {
		_, err := anomalyRun(l, 2, 0, func(o *AnomalyOptions) { o.Tail = side })
		check(t, err)
		a := anomalyTable(t, l, "anomalies")
		if slices.Contains(a.Column("direction").String, other) {
			t.Errorf("--tail %s finds counts that are too %s", side, other)
		}
		if a.Rows() == 0 {
			t.Errorf("--tail %s finds none", side)
		}
	}
}

// TestAnomalyRefuses: options that contradict each other.
func TestAnomalyRefuses(t *testing.T) {
	for words, change := range map[string]func(o *AnomalyOptions){
		"--n-samples is 0":             func(o *AnomalyOptions) { o.Samples = 0 },
		"--n-samples is 129":           func(o *AnomalyOptions) { o.Samples = 129 },
		"--folds is 1":                 func(o *AnomalyOptions) { o.Folds = 1 },
		"--folds is given with":        func(o *AnomalyOptions) { o.LeaveOut, o.Folds = false, 7 },
		"--refine none is the encoder": func(o *AnomalyOptions) { o.Refine = "none" },
		"--refine is \"flow\"":         func(o *AnomalyOptions) { o.Refine = "flow" },
		"--tail is":                    func(o *AnomalyOptions) { o.Tail = "both" },
		"--family is":                  func(o *AnomalyOptions) { o.Family = "zeros" },
		"--fdr is 1":                   func(o *AnomalyOptions) { o.FDR = 1 },
		"--coverage is 0":              func(o *AnomalyOptions) { o.Coverage = 0 },
		"--keep":                       func(o *AnomalyOptions) { o.Keep = []string{""} },
	} {
		o := DefaultAnomalyOptions()
		change(&o)
		wantError(t, o.Validate(), pipeline.ExitUsage, words)
	}
	check(t, DefaultAnomalyOptions().Validate())
}

// TestAnomalyExpressed: of counts above zero alone, intervals are of such counts: none
// begins at zero.
func TestAnomalyExpressed(t *testing.T) {
	l := fittedTable(t, wildTable(), 4)
	_, err := anomalyRun(l, 2, 0, func(o *AnomalyOptions) { o.Family, o.FDR = "expressed", 0.5 })
	check(t, err)
	a := anomalyTable(t, l, "anomalies")
	if a.Rows() < len(wild) {
		t.Fatalf("%d are found", a.Rows())
	}
	for i, from := range a.Column("lower").Float64 {
		if from < 1 || a.Column("upper").Float64[i] < from {
			t.Errorf("%s: the interval of counts above zero is %v to %v", a.Column("gene_id").String[i], from, a.Column("upper").Float64[i])
		}
	}
}

// TestSpill: candidates come back as they were put in.
func TestSpill(t *testing.T) {
	s, err := createSpill(t.TempDir() + "/candidates")
	check(t, err)
	rng := rand.New(rand.NewPCG(1, 1))
	var want, got []candidate
	for i := range 3000 {
		c := candidate{int32(i), int32(rng.IntN(9)), i%2 == 0, rng.Float64(), rng.Float64(), 1, 2, rng.Float64()}
		want = append(want, c)
		check(t, s.put(c))
	}
	check(t, s.each(func(c candidate) error { got = append(got, c); return nil }))
	check(t, s.remove())
	if !slices.Equal(got, want) {
		t.Error("other candidates come back")
	}
}

// TestAnomalyGoesOn: stopped after any group, it goes on behind the last that is whole, from
// what was judged, to the same bytes.
func TestAnomalyGoesOn(t *testing.T) {
	l := fittedTable(t, wildTable(), 2)
	run := func(cells int64, seed uint64) (*pipeline.Job, error) {
		s := &Anomaly{Layout: l, Options: DefaultAnomalyOptions(), group: evalCells}
		s.Options.Samples, s.Options.Folds, s.Options.Refine, s.Options.Scores, s.Options.FDR, s.Options.Seed = 4, 2, "diag", true, 0.5, seed
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		job := pipeline.NewJob(zerolog.Nop(), &stopAt{pipeline.NewLines(zerolog.Nop()), cells, cancel}, 2, 0)
		return job, s.Run(ctx, job)
	}
	_, err := run(1<<40, 0)
	check(t, err)
	want := bytesOf(t, l.Anomaly())
	const groups = (plantedCells + evalCells - 1) / evalCells
	if groups < 3 {
		t.Fatalf("%d groups", groups)
	}
	for stop := range groups - 1 {
		_, err := run(int64(stop+1)*evalCells, 0)
		wantError(t, err, pipeline.ExitInterrupted, l.Judging(), "run the same command again")
		if info, err := os.Stat(l.Judging()); err == nil && stop%2 == 1 { // cut off in its last piece
			check(t, os.Truncate(l.Judging(), info.Size()-7))
		}
		_, err = run(1<<40, 0)
		check(t, err)
		if !bytes.Equal(bytesOf(t, l.Anomaly()), want) {
			t.Errorf("stopped in group %d: other bytes", stop)
		}
		if exists(l.Judging()) {
			t.Errorf("%s is left", l.Judging())
		}
	}

	// What is in the log counts: with a gene's sum changed there, so is the answer.
	_, err = run(2*evalCells, 0)
	wantError(t, err, pipeline.ExitInterrupted)
	changed := changeFirstPiece(t, l.Judging(), func(g *judgedGroup) { g.sums.genes[3].Count += 1000 })
	check(t, os.WriteFile(l.Judging(), changed, 0o666))
	before := anomalyTable(t, l, "genes").Column("count").Float64[3]
	_, err = run(1<<40, 0)
	check(t, err)
	if after := anomalyTable(t, l, "genes").Column("count").Float64[3]; math.Abs(after-before-1000.0/plantedCells) > 1e-9 {
		t.Errorf("the log's sums are not used: %v and %v", before, after)
	}

	// A signal ends it while it takes up what is in the log, which stays.
	_, err = run(2*evalCells, 0)
	wantError(t, err, pipeline.ExitInterrupted, "256 of")
	old, err := os.ReadFile(l.Judging())
	check(t, err)
	_, err = run(evalCells, 0)
	wantError(t, err, pipeline.ExitInterrupted, "128 of")
	now, err := os.ReadFile(l.Judging())
	check(t, err)
	if !bytes.Equal(old, now) {
		t.Error("the log is not what it was")
	}

	// Of other options it is told, and not used.
	job, err := run(1<<40, 1)
	check(t, err)
	wantWarning(t, job, "not used")
}

// changeFirstPiece gives a log with its first group changed.
func changeFirstPiece(t *testing.T, path string, change func(g *judgedGroup)) []byte {
	t.Helper()
	old, err := os.ReadFile(path)
	check(t, err)
	at := bytes.IndexByte(old, '\n') + 1
	size := int(binary.LittleEndian.Uint64(old[at:]))
	g := judgedGroup{to: evalCells, scores: make([]results.Column, plantedGenes)}
	for k := range g.scores {
		g.scores[k].Float32 = make([]float32, evalCells)
	}
	if !g.decode(old[at+pieceHead:at+pieceHead+size], plantedGenes) {
		t.Fatal("the first piece is no group")
	}
	change(&g)
	other := filepath.Join(t.TempDir(), "log")
	log := &pieceLog{path: other, key: old[:at]}
	check(t, log.add(g.encode))
	check(t, log.close())
	first, err := os.ReadFile(other)
	check(t, err)
	return append(first, old[len(first):]...)
}

// TestAnomalyCoverageOff: intervals that are off are told, of all counts or of those that are
// not nearly all zeros.
func TestAnomalyCoverageOff(t *testing.T) {
	of := func(tests, inside int64) *covered { return &covered{Tests: tests, Inside: inside} }
	j := &judge{options: DefaultAnomalyOptions()}
	for _, c := range []struct {
		all, expected *covered
		words         string
	}{
		{of(100_000, 90_100), of(5000, 4500), ""},
		{of(100_000, 90_100), of(5000, 4700), "94.0% of the validation cells' counts of which 1 or more were expected"},
		{of(100_000, 90_100), of(999, 999), ""}, // too few to tell
		{of(100_000, 80_000), of(5000, 4500), "80.0% of the validation cells' counts"},
		{of(100_000, 93_000), of(0, 0), "93.0% of the validation cells' counts"},
	} {
		if got := j.coverageOff(c.all, c.expected); got != c.words {
			t.Errorf("%+v, %+v: %q, want %q", c.all, c.expected, got, c.words)
		}
	}
}
