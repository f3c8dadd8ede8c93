package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRoundTripWithScviTools carries models to scvi-tools and back with both programs
// whole, as bench/roundtrip.py does for its page: the same latent, shares and ELBO, and
// each trains on what the other gave it.
func TestRoundTripWithScviTools(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" || simulatedName != "cells.h5ad" || exec.Command(python, "-c", "import scvi, pyarrow").Run() != nil {
		t.Skip("set CELLVI_PYTHON to a Python that has scvi-tools and pyarrow; the build needs HDF5")
	}
	shared := os.Getenv("CELLVI_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	if _, err := os.Stat(filepath.Join(shared, "golden", "golden_counts.h5ad")); err != nil {
		t.Skipf("%v: set CELLVI_SHARED to the shared folder", err)
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "page.md")
	c := exec.Command(python, filepath.Join("bench", "roundtrip.py"), "--cellvi", path, "--shared", shared, "--out", page, "--epochs", "8",
		"--only", "nb, two;zinb, two;linear;nb, latent")
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Log("\n" + read(t, page))
}
