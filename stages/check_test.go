package stages

import (
	"context"
	"encoding/json"
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
	"cellvi/stages/report"
)

// checkRun checks the cells of a run, as change says.
func checkRun(ctx context.Context, l Layout, threads int, progress pipeline.Progress, change func(s *Check)) (*pipeline.Job, error) {
	s := &Check{Layout: l, Options: DefaultCheckOptions()}
	s.Options.Samples = 128
	if change != nil {
		change(s)
	}
	if progress == nil {
		progress = pipeline.NewLines(zerolog.Nop())
	}
	job := pipeline.NewJob(zerolog.Nop(), progress, threads, 0)
	if err := s.Options.Validate(); err != nil {
		return job, err
	}
	return job, s.Run(ctx, job)
}

// checkFiles are what check writes.
func checkFiles(t *testing.T, l Layout) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, path := range []string{l.Checked(), l.CheckSummary()} {
		text, err := os.ReadFile(path)
		check(t, err)
		files[filepath.Base(path)] = text
	}
	return files
}

// summaryOf is check.json.
func summaryOf(t *testing.T, l Layout) *report.Check {
	t.Helper()
	c := &report.Check{}
	check(t, json.Unmarshal(checkFiles(t, l)["check.json"], c))
	return c
}

// checkable is a run with batches and labels that model was not given.
func checkable(t *testing.T) Layout {
	t.Helper()
	l := prepareTable(t, trainable(), withCovariates())
	o := quick()
	o.MaxEpochs, o.NEpochsKLWarmup = 12, 400
	_, err := run(&Train{Layout: l, Options: o, Shared: Shared{BatchSize: 32}})
	check(t, err)
	return l
}

func allCells(s *Check) { s.Options.Cells = checkAll }

// TestCheckSame: the same bytes for any number of threads, and after a stop.
func TestCheckSame(t *testing.T) {
	l := checkable(t)
	_, err := checkRun(t.Context(), l, 1, nil, allCells)
	check(t, err)
	want := checkFiles(t, l)
	for _, threads := range []int{2, 3} {
		_, err := checkRun(t.Context(), l, threads, nil, allCells)
		check(t, err)
		wantSame(t, fmt.Sprint(threads, " threads"), checkFiles(t, l), want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = checkRun(ctx, l, 2, &stopAt{pipeline.NewLines(zerolog.Nop()), 50, cancel}, func(s *Check) {
		allCells(s)
		s.piece = 20
	})
	wantError(t, err, pipeline.ExitInterrupted, "interrupted: 60 of 90 cells are checked", l.Checking())
	_, err = checkRun(t.Context(), l, 3, nil, allCells)
	check(t, err)
	wantSame(t, "gone on", checkFiles(t, l), want)
	if exists(l.Checking()) {
		t.Error("the log stays")
	}
}

// TestCheckKeepsUntilWritten: where a result cannot be written, what was measured stays.
func TestCheckKeepsUntilWritten(t *testing.T) {
	l := checkable(t)
	check(t, os.MkdirAll(filepath.Join(l.CheckSummary(), "mine"), 0o777))
	_, err := checkRun(t.Context(), l, 2, nil, allCells)
	if err == nil || !exists(l.Checking()) {
		t.Fatalf("check.json is in the way: %v; the log stays: %t", err, exists(l.Checking()))
	}
	check(t, os.RemoveAll(l.CheckSummary()))
	_, err = checkRun(t.Context(), l, 2, &noAdd{pipeline.NewLines(zerolog.Nop()), t}, allCells)
	check(t, err)
	if exists(l.Checking()) {
		t.Error("the log stays")
	}
}

// noAdd is a Progress of work of which nothing is left to do.
type noAdd struct {
	pipeline.Progress
	t *testing.T
}

func (p *noAdd) Add(int64) { p.t.Error("cells were measured again") }

// TestCheckFigures: the ELBO is that of `posterior elbo` within sampling error, refined
// posteriors are better, bounds lie above, and the groups are those of the cells.
func TestCheckFigures(t *testing.T) {
	l := checkable(t)
	_, err := checkRun(t.Context(), l, 2, nil, allCells)
	check(t, err)
	table, err := results.Read(l.Checked())
	check(t, err)
	elbo := posteriorTable(t, l, elboKind, "", samples(400))
	if table.Index != "cell_id" || !slices.Equal(table.Column("cell_id").String, elbo.Column("cell_id").String) {
		t.Fatal("the cells are others")
	}
	of := func(name string, i int) float64 { return float64(table.Column(name).Float32[i]) }
	far, gain := 0, 0.0
	for i := range table.Rows() {
		other := floats(elbo.Column("elbo"))[i]
		if math.Abs(of("elbo", i)-other) > 4*of("elbo_se", i)*math.Sqrt(1+128.0/400) {
			far++
		}
		if of("bound", i) < of("elbo", i)-1e-3 || of("refined_bound", i) < of("refined_elbo", i)-1e-3 {
			t.Errorf("cell %d: a bound below its ELBO", i)
		}
		near(t, "the gap", of("amortization_gap", i)+1000, of("refined_elbo", i)-of("elbo", i)+1000)
		gain += of("amortization_gap", i) / float64(table.Rows())
	}
	if far > 1 || gain < 0.05 {
		t.Errorf("%d cells are far from `posterior elbo`; refinement gains %v", far, gain)
	}
	s := summaryOf(t, l)
	sizes := map[string]int{}
	for _, g := range s.Groups {
		sizes[g.Of] += g.Cells
		if g.Of == "all" {
			near(t, "mean gap", g.AmortizationGap.Mean, gain)
		}
	}
	for _, of := range []string{"all", "split", "batch", "label"} {
		if sizes[of] != table.Rows() {
			t.Errorf("%d cells in groups by %s, of %d", sizes[of], of, table.Rows())
		}
	}
	if len(s.Verdict.Do) == 0 || s.Verdict.State == "" || !strings.Contains(s.Verdict.Weight, "KL weight ended at 0.0275") || s.Training.Epochs != 12 {
		t.Errorf("%+v, %+v", s.Verdict, s.Training)
	}
}

// TestCheckChooses: validation cells by default, evenly spread where there are too many,
// those of a file, and all where none is held out.
func TestCheckChooses(t *testing.T) {
	l := checkable(t)
	none := func(s *Check) { s.Options.Refine = "none" }
	cells := func(change func(s *Check)) []string {
		_, err := checkRun(t.Context(), l, 1, nil, func(s *Check) { none(s); change(s) })
		check(t, err)
		table, err := results.Read(l.Checked())
		check(t, err)
		if table.Column("refined_elbo") != nil {
			t.Error("something is refined")
		}
		return table.Column("cell_id").String
	}
	if got := cells(func(*Check) {}); len(got) != 9 || summaryOf(t, l).Of != "validation" {
		t.Errorf("checked %v", got)
	}
	if got := cells(func(s *Check) { s.Options.Cells, s.Options.MaxCells = checkAll, 3 }); !slices.Equal(got, []string{"c0", "c30", "c60"}) {
		t.Errorf("checked %v", got)
	}
	file := filepath.Join(t.TempDir(), "names")
	check(t, os.WriteFile(file, []byte("c7\nc3\n"), 0o666))
	if got := cells(func(s *Check) { s.Options.Cells = file }); !slices.Equal(got, []string{"c3", "c7"}) {
		t.Errorf("checked %v", got)
	}
	check(t, os.WriteFile(file, []byte("c7\nnobody\n"), 0o666))
	_, err := checkRun(t.Context(), l, 1, nil, func(s *Check) { s.Options.Cells = file })
	wantError(t, err, pipeline.ExitBadInput, "nobody", "1 of 2 cells")
	check(t, os.Remove(l.History()))
	if cells(func(*Check) {}); summaryOf(t, l).Training.Verdict != "" {
		t.Error("a training is judged without a history")
	}
}

// TestCheckInReport: the report shows a check of its model, and says that one of another
// is not shown.
func TestCheckInReport(t *testing.T) {
	l := checkable(t)
	_, err := run(&Embed{Layout: l})
	check(t, err)
	page := func(want bool) *pipeline.Job {
		r := &Report{Layout: l, Options: DefaultReportOptions()}
		check(t, r.Preflight(t.Context(), nil))
		job, err := run(r)
		check(t, err)
		text, err := os.ReadFile(l.Report())
		check(t, err)
		if got := strings.Contains(string(text), "The encoder&#39;s posterior can be trusted"); got != want {
			t.Errorf("the report shows the check: %v, want %v", got, want)
		}
		return job
	}
	page(false)
	_, err = checkRun(t.Context(), l, 1, nil, nil)
	check(t, err)
	page(true)
	text, err := os.ReadFile(l.CheckSummary())
	check(t, err)
	sum := summaryOf(t, l).Model
	check(t, os.WriteFile(l.CheckSummary(), []byte(strings.Replace(string(text), sum, strings.Repeat("0", 64), 1)), 0o666))
	if job := page(false); len(job.Warnings()) != 1 {
		t.Errorf("warnings %q", job.Warnings())
	}
	check(t, os.WriteFile(l.CheckSummary(), []byte("{"), 0o666))
	r := &Report{Layout: l, Options: DefaultReportOptions()}
	check(t, r.Preflight(t.Context(), nil))
	_, err = run(r)
	wantError(t, err, pipeline.ExitBadInput, "check.json", "cellvi check")
}

// TestCheckOptions: mistakes are usage errors.
func TestCheckOptions(t *testing.T) {
	for want, change := range map[string]func(o *CheckOptions){
		"--cells is empty":       func(o *CheckOptions) { o.Cells = "" },
		"--max-cells is -1":      func(o *CheckOptions) { o.MaxCells = -1 },
		"--samples is 10":        func(o *CheckOptions) { o.Samples = 10 },
		`--refine is "flat"`:     func(o *CheckOptions) { o.Refine = "flat" },
		"without --refine":       func(o *CheckOptions) { o.Refine, o.MaxSteps = "none", 4 },
		"--seed is 4294967296":   func(o *CheckOptions) { o.Seed = 1 << 32 },
		"--refine-tolerance is ": func(o *CheckOptions) { o.Tolerance = -1 },
	} {
		o := DefaultCheckOptions()
		change(&o)
		wantError(t, o.Validate(), pipeline.ExitUsage, want)
	}
}

// TestCheckIsOfTheRefined: with embed's --refine, its options and its seed, check fits the
// same posteriors, so that its figures are of what latent.parquet has.
func TestCheckIsOfTheRefined(t *testing.T) {
	l := checkable(t)
	e := &Embed{Layout: l, Options: EmbedOptions{Refine: "diag", RefineAssess: 128, RefineOptions: RefineOptions{MaxSteps: 9}}, Seed: 5}
	check(t, e.Options.Validate())
	_, err := run(e)
	check(t, err)
	_, err = checkRun(t.Context(), l, 2, nil, func(s *Check) {
		allCells(s)
		s.Options.Refine, s.Options.RefineOptions, s.Options.Seed = e.Options.Refine, e.Options.RefineOptions, e.Seed
	})
	check(t, err)
	embedded, err := results.Read(l.Refined())
	check(t, err)
	checked, err := results.Read(l.Checked())
	check(t, err)
	for one, other := range map[string]string{"elbo_before": "elbo", "elbo_after": "refined_elbo", "khat": "refined_khat", "ess": "refined_ess"} {
		if a, b := embedded.Column(one), checked.Column(other); a == nil || b == nil || !slices.Equal(floats(a), floats(b)) {
			t.Errorf("%s of embed is not %s of check", one, other)
		}
	}
}
