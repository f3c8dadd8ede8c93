package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFactorCommand: after a run, `cellvi factor -o RUN` is enough; the report takes its
// embedding; done again it is skipped; bad options are refused before anything is read.
func TestFactorCommand(t *testing.T) {
	dir := t.TempDir()
	input, out := filepath.Join(dir, simulatedName), filepath.Join(dir, "out")
	cellvi(t, 0, "simulate", "--output", input, "--cells", "400", "--genes", "60", "--library", "300")
	cellvi(t, 0, "run", "-i", input, "-o", out, "--max-epochs", "2", "--no-reconstruct", "--batch-key", "batch", "--labels-key", "label")
	said := cellvi(t, 0, "factor", "-o", out, "--n-factors", "4", "--hold-out", "0.05")
	saysAll(t, said, "by coordinate ascent", "entries held out", "90% intervals cover")
	said = cellvi(t, 0, "factor", "-o", out, "--n-factors", "4", "--hold-out", "0.05")
	saysAll(t, said, "factor", "already done")
	text, err := os.ReadFile(filepath.Join(out, "factor", "model.json"))
	if err != nil {
		t.Fatal(err)
	}
	var card struct {
		Cells int
		Genes []string
	}
	if err := json.Unmarshal(text, &card); err != nil || card.Cells != 400 || len(card.Genes) != 60 {
		t.Errorf("%v: %d cells, %d genes", err, card.Cells, len(card.Genes))
	}
	cellvi(t, 0, "report", "-o", out, "--latent", filepath.Join(out, "factor", "latent.parquet"))
	said = cellvi(t, 64, "factor", "-o", out, "--method", "cavi", "--minibatch-cells", "64")
	saysAll(t, said, "are for svi, --method is cavi")
	said = cellvi(t, 137, "factor", "-o", out, "--force", "--memory", "80MB")
	saysAll(t, said, "--memory allows")
	said = cellvi(t, 66, "factor", "-o", filepath.Join(dir, "nothing"))
	saysAll(t, said, "nothing")
}

// saysAll fails unless said has all of the words.
func saysAll(t *testing.T, said string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Errorf("no %q in: %s", w, said)
		}
	}
}
