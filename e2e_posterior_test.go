package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPosteriorAgainstScviTools: `cellvi posterior` gives what scvi-tools gives of the
// same weights: number by number at the posterior's mean, otherwise within Monte Carlo
// error.
func TestPosteriorAgainstScviTools(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" || exec.Command(python, "-c", "import scvi").Run() != nil {
		t.Skip("set CELLVI_PYTHON to a Python that has scvi-tools")
	}
	shared := os.Getenv("CELLVI_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	counts := filepath.Join(shared, "golden", "golden_counts.h5ad")
	if _, err := os.Stat(counts); err != nil || simulatedName != "cells.h5ad" {
		t.Skipf("%s is not there (set CELLVI_SHARED), or this build has no HDF5", counts)
	}
	for name, c := range map[string]struct {
		library string
		args    []string
	}{
		"nb":             {"10000", []string{"--max-epochs", "6"}},
		"zinb":           {"1", []string{"--max-epochs", "6", "--gene-likelihood", "zinb", "--dispersion", "gene-batch"}},
		"latent library": {"latent", []string{"--max-epochs", "60", "--no-use-observed-lib-size"}},
		"size factor":    {"1", []string{"--max-epochs", "6", "--size-factor-key", "size_factor"}},
		"ln":             {"1", []string{"--max-epochs", "6", "--latent-distribution", "ln"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			cellvi(t, 0, append([]string{"run", "-i", counts, "-o", dir, "--batch-key", "batch", "--labels-key", "label", "--no-reconstruct"}, c.args...)...)
			const batches = "sc_10x,sc_dropseq"
			cellvi(t, 0, "posterior", "normalized-expression", "-o", dir, "--transform-batch", batches, "--library-size", c.library)
			cellvi(t, 0, "posterior", "likelihood-parameters", "latent", "library", "correlation", "ppc", "-o", dir)
			cellvi(t, 0, "posterior", "elbo", "-o", dir, "--n-samples", "300")
			cellvi(t, 0, "posterior", "predictive", "-o", dir, "--n-samples", "40")
			cellvi(t, 0, "posterior", "marginal-ll", "-o", dir, "--n-samples", "1000")
			cmd := exec.Command(python, filepath.Join("stages", "testdata", "posterior.py"), dir, counts)
			cmd.Env = append(os.Environ(), "LIBRARY="+c.library, "BATCHES="+batches, "PYTHONDONTWRITEBYTECODE=1", "OMP_NUM_THREADS=1")
			var out, said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &said
			err := cmd.Run()
			t.Log("\n" + out.String())
			if err != nil {
				t.Fatalf("%v\n%s", err, said.String())
			}
		})
	}
}
