package main

import (
	"path/filepath"
	"strings"
	"testing"

	"cellvi/pipeline"
)

// TestAnomaly: the command judges a run's counts, does it once, in the same bytes for any
// number of threads, and refuses what makes no sense before it begins.
func TestAnomaly(t *testing.T) {
	input, dir := simulated(t), filepath.Join(t.TempDir(), "out")
	cellvi(t, 0, append([]string{"run", "-i", input, "-o", dir, "--no-reconstruct"}, trainArgs("3")...)...)
	flags := []string{"anomaly", "-o", dir, "--n-samples", "4", "--folds", "2", "--refine", "diag", "--fdr", "0.2"}
	says := func(stderr, words string) {
		t.Helper()
		if !strings.Contains(stderr, words) {
			t.Errorf("no %q in:\n%s", words, stderr)
		}
	}
	code, stdout, stderr := call(append(flags, "--dry-run")...)
	if code != 0 || !strings.Contains(stdout, "anomaly: will run (not done yet)") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	says(cellvi(t, 0, append(flags, "--threads", "1")...), "90% intervals hold")
	want := sums(t, dir)
	for _, name := range []string{"anomalies", "cells", "genes", "calibration"} {
		if want[filepath.Join("anomaly", name+".parquet")] == "" {
			t.Errorf("there is no %s.parquet", name)
		}
	}
	says(cellvi(t, 0, flags...), "already done: anomaly")
	cellvi(t, 0, append(flags, "--threads", "3", "--force")...)
	sameResults(t, "of three threads", sums(t, dir), want)
	says(cellvi(t, pipeline.ExitUsage, "anomaly", "-o", dir, "--refine", "none", "--fdr", "2"), "--fdr is 2: it must be above 0 and below 1")
	says(cellvi(t, pipeline.ExitOverMemory, append(flags, "--memory", "70MB", "--force")...), "--memory allows")
}
