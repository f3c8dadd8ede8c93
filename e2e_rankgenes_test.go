package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestRankGenesCommand: the command ranks, writes its three tables, does nothing the
// second time, and refuses options that contradict each other.
func TestRankGenesCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	cellvi(t, 0, "run", "-i", simulated(t), "-o", dir, "--batch-key", "batch", "--max-epochs", "2", "--no-reconstruct")
	said := cellvi(t, 0, "rank-genes", "-o", dir, "--groupby", "label", "--group", "type_0", "--threads", "2")
	if !strings.Contains(said, "type_0 vs Rest") {
		t.Errorf("it says\n%s", said)
	}
	want := sums(t, dir)
	for _, name := range []string{"rank_genes.parquet", "rank_genes_neighbours.parquet", "rank_genes_groups.parquet"} {
		if want[name] == "" {
			t.Errorf("%s is not there", name)
		}
	}
	if said := cellvi(t, 0, "rank-genes", "-o", dir, "--groupby", "label", "--group", "type_0"); !strings.Contains(said, "already done") {
		t.Errorf("a second time it says\n%s", said)
	}
	cellvi(t, 0, "rank-genes", "-o", dir, "--groupby", "label", "--group", "type_0", "--threads", "1", "--force")
	for name, sum := range sums(t, dir) {
		if sum != want[name] {
			t.Errorf("%s has other bytes with one thread", name)
		}
	}
	cellvi(t, 64, "rank-genes", "-o", dir)
	cellvi(t, 64, "rank-genes", "-o", dir, "--groupby", "label", "--cells", "x.txt")
	cellvi(t, 65, "rank-genes", "-o", dir, "--groupby", "label", "--reference", "nobody")
}
