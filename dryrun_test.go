package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/pipeline"
)

// untouched calls the program and fails where any file under dir has changed.
func untouched(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	list := func() (text string) {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err == nil {
				text += path + " " + info.Mode().String() + " " + info.ModTime().String() + "\n"
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := list()
	code, stdout, stderr = call(append(args, "--dry-run")...)
	if now := list(); now != before {
		t.Errorf("%s --dry-run changed files:\n%s\nbefore:\n%s", strings.Join(args, " "), now, before)
	}
	return code, stdout, stderr
}

// TestDryRun: before, after and beside a run, it says what would be, and does nothing.
func TestDryRun(t *testing.T) {
	input, dir := simulated(t), t.TempDir()
	out := filepath.Join(dir, "out")
	args := []string{"run", "--input", input, "--outdir", out, "--max-epochs", "2", "--batch-key", "batch"}
	says := func(args []string, lines ...string) {
		t.Helper()
		code, stdout, stderr := untouched(t, dir, args...)
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		for _, line := range lines {
			if !strings.Contains(stdout, line) {
				t.Errorf("it does not say %q:\n%s", line, stdout)
			}
		}
	}
	says(args, "ingest: will run (not done yet)\n", "reads 500 cells × 300 genes", "prepare: will run (its inputs are made by ingest)\n",
		"train: will run", "2 epochs", "3 batches", "--memory allows", "embeds 500 cells in 10 dimensions", "writes px_rate of 500 cells × 300 genes",
		"report: will run", out+"/report.html", "in all: about ")
	says(append(args, "--check"), "check: will run", "checks 50 validation cells × 300 genes: 512 draws", "fits a posterior (full) to each", "history.parquet (from train)", out+"/check.json (from check)")
	cellvi(t, 0, args...)
	says(args, "ingest: is done already\n", "report: is done already\n", "nothing is left to do\n")
	says(append(args, "--lr", "0.002"), "prepare: is done already\n", "train: will run (it was done with other options: lr was 0.001, is 0.002)\n",
		"embed: will run, or is done already (done before: again only where train makes something else)\n")
	says([]string{"de", "--outdir", out, "--groupby", "label"}, "de: will run (not done yet)\n", out+"/de.parquet")
	says([]string{"posterior", "elbo", "latent", "--outdir", out}, "posterior elbo: will run", "posterior latent: will run")
	says([]string{"embed", "--outdir", out, "--part", "1/2"}, "embeds 250 cells")
	const tried = "measured on this machine: "
	says([]string{"embed", "--outdir", out, "--refine", "full"}, "fits a posterior (full) to each", tried)
	says([]string{"check", "--outdir", out}, "checks 50 validation cells × 300 genes", "memory       about", tried)
	says([]string{"anomaly", "--outdir", out}, "judges the counts of 500 cells × 300 genes", "memory       about", tried)
	says([]string{"rank-genes", "--outdir", out, "--groupby", "label"}, "ranks 300 genes for", "memory       about", tried)
	says([]string{"factor", "--outdir", out}, "at most 500 passes", "memory       about", "time         at most about", tried)
	says([]string{"query", out, input, "--outdir", filepath.Join(dir, "mapped"), "--epochs", "3"}, "query: will run (its inputs are made by ingest and prepare)", "3 epochs")
	_, stdout, _ := untouched(t, dir, append(args, "--log-format", "json")...)
	var told struct{ Stages []pipeline.Prospect }
	if err := json.Unmarshal([]byte(stdout), &told); err != nil || len(told.Stages) != 6 || told.Stages[2].Verdict != pipeline.StageDone {
		t.Errorf("%v: %s", err, stdout)
	}
}

// TestDryRunRefuses: the exit codes are those of the run that would fail at once.
func TestDryRunRefuses(t *testing.T) {
	input, dir := simulated(t), t.TempDir()
	writeText(t, filepath.Join(dir, "file"), "")
	if err := os.Mkdir(filepath.Join(dir, "mine"), 0o777); err != nil {
		t.Fatal(err)
	}
	for args, code := range map[string]int{
		"run --input DIR/none.h5ad --outdir DIR/out":                       pipeline.ExitNoInput,
		"run --input DIR/file --outdir DIR/out":                            pipeline.ExitBadInput,
		"run --input INPUT --batch-key nothing --outdir DIR/out":           pipeline.ExitBadInput,
		"run --input INPUT --n-latent 0 --outdir DIR/out":                  pipeline.ExitUsage,
		"run --input INPUT --genome hg19 --outdir DIR/out":                 pipeline.ExitUsage,
		"run --input INPUT --outdir DIR/file/out":                          pipeline.ExitCantCreate,
		"run --input INPUT --outdir DIR/out --memory 61MB":                 pipeline.ExitOverMemory,
		"train --outdir DIR/out":                                           pipeline.ExitNoInput,
		"query DIR/mine INPUT --outdir DIR/out":                            pipeline.ExitNoInput,
		"run --input INPUT --outdir DIR/out --reconstruct-genes DIR/genes": pipeline.ExitNoInput,
	} {
		args = strings.NewReplacer("DIR", dir, "INPUT", input).Replace(args)
		got, _, stderr := untouched(t, dir, strings.Fields(args)...)
		if got != code {
			t.Errorf("%s: exit code %d, want %d: %s", args, got, code, stderr)
		}
	}
}
