package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestQuerySameBytes: a query gives the same bytes with any number of threads, after
// kill -9 or SIGTERM in the middle of training, and leaves the reference's cells as they
// were.
func TestQuerySameBytes(t *testing.T) {
	input, root := simulated(t), t.TempDir()
	dir := func(name string) string { return filepath.Join(root, name) }
	reference := []string{"run", "--input", input, "--outdir", dir("reference"), "--batch-key", "batch", "--keep", "batch != batch_2",
		"--encode-covariates", "--max-epochs", "3", "--no-reconstruct"}
	cellvi(t, 0, reference...)
	query := func(out, threads string, more ...string) []string {
		return append([]string{"query", dir("reference/model"), input, "--keep", "batch == batch_2", "--outdir", dir(out), "--threads", threads,
			"--checkpoint-every", "0", "--max-epochs", "30"}, more...)
	}
	cellvi(t, 0, query("one", "1")...)
	want := sums(t, dir("one"))
	cellvi(t, 0, query("three", "3")...)
	sameResults(t, "3 threads", sums(t, dir("three")), want)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			at := sig.String()
			interrupt(t, query(at, "2"), filepath.Join(dir(at), "checkpoint.safetensors"), 0, sig)
			if log := cellvi(t, 0, query(at, "1")...); !strings.Contains(log, "going on from") {
				t.Errorf("the second query did not take up the checkpoint:\n%s", log)
			}
			sameResults(t, "after "+sig.String(), sums(t, dir(at)), want)
		})
	}
	log := cellvi(t, 0, query("one", "2")...)
	if n := strings.Count(log, "already done"); n != 4 {
		t.Errorf("%d of 4 stages were done already:\n%s", n, log)
	}
	cellvi(t, 0, "embed", "--store", dir("reference/store"), "--prepared", dir("reference/prepared"), "--model", dir("one/model"), "--outdir", dir("again"))
	before, err := os.ReadFile(dir("reference/latent.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(dir("again/latent.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("the reference's cells have another latent by the query's model")
	}
}

// Mistakes of a query's command line are told before anything is read.
func TestQueryUsage(t *testing.T) {
	input := simulated(t)
	if log := cellvi(t, 64, "query", t.TempDir(), input, "--epochs", "3", "--max-epochs", "3"); !strings.Contains(log, "they are the same") {
		t.Error(log)
	}
	if log := cellvi(t, 66, "query", t.TempDir(), input); !strings.Contains(log, "model.json") {
		t.Error(log)
	}
	cellvi(t, 64, "query", t.TempDir())
}
