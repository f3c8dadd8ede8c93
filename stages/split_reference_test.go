package stages

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cellvi/io/results"
)

// The reference's own runs name their validation cells, and their latents every
// cell in the file's order.
func TestSplitIsTheReferences(t *testing.T) {
	shared := os.Getenv("CELLVI_SHARED")
	if shared == "" {
		shared = "../../shared"
	}
	folder := filepath.Join(shared, "eval/baseline")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("the reference's runs are not here (%v): set CELLVI_SHARED to the folder that holds eval/", err)
	}
	for _, name := range []string{"kang", "mixology"} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("%s seed %d", name, seed), func(t *testing.T) {
				compareSplit(t, filepath.Join(folder, fmt.Sprintf("base_%s_%d", name, seed)), seed)
			})
		}
	}
}

func compareSplit(t *testing.T, base string, seed uint64) {
	var run struct {
		ValidationCells []string `json:"validation_cells"`
	}
	raw, err := os.ReadFile(base + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &run); err != nil {
		t.Fatal(err)
	}
	latent, err := results.Read(base + ".parquet")
	if err != nil {
		t.Fatal(err)
	}
	names := latent.Column("__index_level_0__").String
	s, err := NewSplit(len(names), SplitOptions{BatchSize: 128, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range s.Validation {
		got = append(got, names[c])
	}
	if len(got) == 0 || !slices.Equal(got, run.ValidationCells) {
		t.Errorf("%d validation cells of %d differ from the reference's %d", len(got), len(names), len(run.ValidationCells))
	}
}
