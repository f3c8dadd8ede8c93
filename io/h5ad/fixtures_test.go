//go:build cgo

package h5ad

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
)

// TestFixtures reads the files of other tools' test suites, every matrix, and
// compares with what anndata found in them.
func TestFixtures(t *testing.T) {
	raw, err := os.ReadFile(shared(t, "fixtures/expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string]map[string]facts
	if err := json.Unmarshal(raw, &expected); err != nil {
		t.Fatal(err)
	}
	for name, matrices := range expected {
		if filepath.Ext(name) != ".h5ad" {
			continue
		}
		t.Run(name, func(t *testing.T) { checkListed(t, name, matrices) })
		for matrix, want := range matrices {
			t.Run(name+":"+matrix, func(t *testing.T) { checkFixture(t, name, matrix, want) })
		}
	}
}

// checkListed has Describe list the matrices that are there, and no other.
func checkListed(t *testing.T, name string, want map[string]facts) {
	d, err := Describe(shared(t, "fixtures/"+name))
	if err != nil {
		t.Fatal(err)
	}
	there := 0
	for matrix, is := range want {
		if is.Refuse == "no X" {
			continue
		}
		there++
		at := slices.IndexFunc(d.Matrices, func(m counts.Matrix) bool { return m.Name == matrix })
		if at < 0 || d.Matrices[at].Problem != "" || d.Matrices[at].Cells != is.Cells || d.Matrices[at].Genes != is.Genes {
			t.Errorf("%s: want %+v, have %+v", matrix, is, d.Matrices)
		}
	}
	if there != len(d.Matrices) {
		t.Errorf("%d matrices, want %d: %+v", len(d.Matrices), there, d.Matrices)
	}
}

func checkFixture(t *testing.T, name, matrix string, want facts) {
	path := shared(t, "fixtures/"+name)
	got, err := factsOf(path, Options{Matrix: matrix, BatchCells: 7})
	if want.Refuse == "no X" {
		if _, ok := err.(*counts.InputError); !ok || !strings.Contains(err.Error(), "/X: is missing") {
			t.Fatalf("want missing X, got %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestSharedData opens the real data sets; what is in them was
// found with expect.py (whose total of float32 counts is off by 2 in one).
func TestSharedData(t *testing.T) {
	for name, want := range map[string]facts{
		"kang_pbmc_8patients.h5ad":         {Cells: 12261, Genes: 1287, Nnz: 4266127, Total: 15334912, Fingerprint: "630bb8149baf8b9b43ffd9723bdd86f6a1acbc9e36f257cc86f7b30c5ff2a71b"},
		"mixology_5batches_all_genes.h5ad": {Cells: 1408, Genes: 28455, Nnz: 8237973, Total: 38617590, Fingerprint: "e9fd045d110e095e8b23538d8d860cb3b88789e0a9402bf1f95dd2ba3125b7ee"},
		"mixology_6batches.h5ad":           {Cells: 1916, Genes: 824, Nnz: 573121, Total: 2581995, Fingerprint: "6cda15486d9fe061b013ea8b4985b4c8c551853f7392405e49c1f23bbf9e95cb"},
		"mouse_10k.h5ad":                   {Cells: 10000, Genes: 1000, Nnz: 691914, Total: 1597698, Fingerprint: "45bb53a450a6836898d7fa7b8a0a0a97a9bff7741e41b8725793fe5e80475718"},
		"pbmc_700.h5ad":                    {Cells: 700, Genes: 765, Nnz: 174400, Total: 486651, Fingerprint: "4af5095f7ab21532da9fee103572c718cd27533c2214c30a542229650b315235"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := factsOf(shared(t, "data/"+name), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}
