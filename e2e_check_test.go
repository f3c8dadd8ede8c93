package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/pipeline"
)

// TestRunCheck: run --check gives the bytes of run and then check, in one command, and
// its report has the section; without it there is no trace of a check.
func TestRunCheck(t *testing.T) {
	input, root := simulated(t), t.TempDir()
	for name, refine := range map[string][]string{"default": nil, "refined": {"--refine", "diag", "--refine-max-steps", "7"}} {
		t.Run(name, func(t *testing.T) {
			one, two := filepath.Join(root, name, "one"), filepath.Join(root, name, "two")
			args := append([]string{"run", "--input", input, "--max-epochs", "2", "--batch-key", "batch", "--no-reconstruct", "--seed", "5"}, refine...)
			cellvi(t, 0, append(args, "--outdir", two)...)
			for _, file := range []string{"check.parquet", "check.json"} {
				if _, err := os.Stat(filepath.Join(two, file)); err == nil {
					t.Errorf("run without --check writes %s", file)
				}
			}
			if stagesOf(t, two) != "ingest prepare train embed report" || hasCheck(t, two) {
				t.Errorf("run without --check has done %s, section in the report: %v", stagesOf(t, two), hasCheck(t, two))
			}
			cellvi(t, 0, append(append([]string{"check"}, refine...), "--outdir", two, "--seed", "5")...)
			cellvi(t, 0, append(args, "--outdir", one, "--check", "--threads", "1")...)
			sameResults(t, "run --check", sums(t, one), sums(t, two))
			sameFile(t, filepath.Join(one, "check.json"), filepath.Join(two, "check.json"))
			if stagesOf(t, one) != "ingest prepare train embed check report" || !hasCheck(t, one) {
				t.Errorf("run --check has done %s, section in the report: %v", stagesOf(t, one), hasCheck(t, one))
			}
			// After run and check, only the report is left; after that, nothing.
			said := cellvi(t, 0, append(args, "--outdir", two, "--check")...)
			if done := strings.Count(said, "already done"); done != 5 || !hasCheck(t, two) {
				t.Errorf("%d stages were done already, section in the report: %v\n%s", done, hasCheck(t, two), said)
			}
			if said = cellvi(t, 0, append(args, "--outdir", two)...); strings.Count(said, "already done") != 5 {
				t.Errorf("run without --check does something again:\n%s", said)
			}
		})
	}
}

// stagesOf are those of run.json, in the order in which a run has them.
func stagesOf(t *testing.T, dir string) string {
	t.Helper()
	run, err := pipeline.ReadRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range []string{"ingest", "prepare", "train", "embed", "reconstruct", "check", "report"} {
		if run.Stage(name) != nil {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// hasCheck tells whether the report shows what check found.
func hasCheck(t *testing.T, dir string) bool {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(page), "Can the posterior be trusted?")
}
