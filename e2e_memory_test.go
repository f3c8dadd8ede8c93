package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellvi/pipeline"
)

// TestStreamedTraining: more cells than the budget holds are streamed, within
// the budget; the bytes are the same for another number of threads and after an
// interrupt; embedding keeps the budget too.
func TestStreamedTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("it simulates and trains on 120,000 cells")
	}
	root := t.TempDir()
	dir := func(name string) string { return filepath.Join(root, name) }
	const budget, memory = 130e6, "130MB"
	args := func(stage, out, threads string) []string {
		a := []string{stage, "--outdir", dir(out), "--store", dir("store"), "--threads", threads, "--memory", memory}
		if stage != "prepare" {
			a = append(a, "--prepared", filepath.Join(dir("one"), "prepared"))
		}
		if stage == "train" {
			a = append(a, "--max-epochs", "1", "--checkpoint-every", "0.2")
		}
		return a
	}
	cellvi(t, 0, "simulate", "--output", dir("store"), "--cells", "120000", "--genes", "500", "--library", "150", "--n-batches", "4")
	cellvi(t, 0, "prepare", "--outdir", dir("one"), "--store", dir("store"), "--batch-key", "batch")

	log := cellvi(t, 0, args("train", "one", "2")...)
	if !strings.Contains(log, "streams: windows of") {
		t.Fatalf("a budget of %s held all cells: the test shows nothing\n%s", memory, log)
	}
	cellvi(t, 0, args("embed", "one", "2")...)
	for _, stage := range []string{"train", "embed"} {
		// Of the program's own file the system maps 18 MB more or less, as its pages lie in
		// the cache: more of one that was just linked than of a copy of it.
		const mapped = 18e6
		if peak := recorded(t, dir("one"), stage).PeakMemory; peak > budget*11/10+mapped {
			t.Errorf("%s: %d bytes were resident with --memory %s", stage, peak, memory)
		}
	}
	if n := recorded(t, dir("one"), "train").Counts["window_cells"]; n < 16384 || n > 100_000 {
		t.Errorf("windows of %d cells", n)
	}

	cellvi(t, 0, args("train", "four", "4")...)
	sameFiles(t, "four threads", dir("one"), dir("four"))
	again := args("train", "again", "1")
	interrupt(t, again, filepath.Join(dir("again"), "checkpoint.safetensors"), 300*time.Millisecond, syscall.SIGTERM)
	if log := cellvi(t, 0, again...); !strings.Contains(log, "going on from") {
		t.Errorf("the checkpoint was not taken up:\n%s", log)
	}
	sameFiles(t, "one thread, interrupted", dir("one"), dir("again"))
}

// sameFiles holds what training published in two folders to the same bytes.
func sameFiles(t *testing.T, what, one, other string) {
	t.Helper()
	for _, name := range []string{"model/model.safetensors", "history.parquet"} {
		if read(t, filepath.Join(one, name)) != read(t, filepath.Join(other, name)) {
			t.Errorf("%s: other bytes of %s", what, name)
		}
	}
}

// recorded is a stage's entry in run.json.
func recorded(t *testing.T, dir, stage string) *pipeline.StageRun {
	t.Helper()
	run := &pipeline.Run{}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, pipeline.RecordFile))), run); err != nil {
		t.Fatal(err)
	}
	s := run.Stage(stage)
	if s == nil {
		t.Fatalf("%s has no stage %s", dir, stage)
	}
	return s
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
