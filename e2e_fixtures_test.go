package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// expectation is what expected.json has of one matrix of a file.
type expectation struct {
	Cells, Genes, NNZ int64
	Total             float64
	Fingerprint       string
	Refuse            string // why it is no table of counts; "": it is one
}

// fixtures is the folder with other tools' files and what must be found in each.
func fixtures(t *testing.T) (dir string, expected map[string]map[string]expectation) {
	t.Helper()
	root := os.Getenv("CELLVI_SHARED")
	if root == "" {
		root = filepath.Join("..", "shared")
	}
	dir = filepath.Join(root, "fixtures")
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Skipf("no files of other tools: %v", err)
	}
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	return dir, expected
}

// fixtureArgs are inspect's flags for a variant of expected.json: a layer's name, a
// genome's of 10x files, or the only matrix.
func fixtureArgs(file, variant string) []string {
	switch layer, isLayer := strings.CutPrefix(variant, "layers/"); {
	case isLayer:
		return []string{"--layer", layer}
	case variant == "raw/X":
		return []string{"--layer", variant}
	case filepath.Ext(file) == ".h5" && variant != "matrix":
		return []string{"--genome", variant}
	}
	return nil
}

// inspected is what `inspect --format json` says.
type inspected struct {
	Cells, Genes int64
	NNZ          *int64
	Total        *float64
	Fingerprint  *string
	Refuse       *string
	Problems     json.RawMessage
}

// inspectFile runs the built command over a file.
func inspectFile(t *testing.T, path string, args ...string) (code int, found *inspected, stderr string) {
	t.Helper()
	c := command(t, append(append([]string{"inspect", "--format", "json"}, args...), path)...)
	var out, talk bytes.Buffer
	c.Stdout, c.Stderr = &out, &talk
	_ = c.Run()
	found = &inspected{}
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), found); err != nil {
			t.Fatalf("%s: stdout is no JSON: %v\n%s", path, err, out.String())
		}
	}
	return c.ProcessState.ExitCode(), found, talk.String()
}

// TestFixtures: the command finds in other tools' files what the field's own readers
// find there, and refuses what is no table of counts.
func TestFixtures(t *testing.T) {
	dir, expected := fixtures(t)
	for file, variants := range expected {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Errorf("expected.json names a file that is not there: %v", err)
			continue
		}
		for variant, want := range variants {
			t.Run(file+" "+variant, func(t *testing.T) {
				if simulatedName != "cells.h5ad" && filepath.Ext(file) != "" {
					t.Skip("this build has no HDF5")
				}
				compareFixture(t, filepath.Join(dir, file), fixtureArgs(file, variant), want)
			})
		}
	}
}

func compareFixture(t *testing.T, path string, args []string, want expectation) {
	t.Helper()
	code, got, stderr := inspectFile(t, path, args...)
	if want.Refuse != "" {
		if code != 65 || !strings.HasPrefix(stderr, "cellvi: "+path) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("exit code %d, want 65 and one line that names the file (%s):\n%s", code, want.Refuse, stderr)
		}
		if got.Fingerprint != nil {
			t.Error("it has a fingerprint, though it is refused")
		}
		return
	}
	if code != 0 || got.Fingerprint == nil || got.NNZ == nil || got.Total == nil {
		t.Fatalf("exit code %d\n%s%s", code, stderr, got.Problems)
	}
	found := expectation{got.Cells, got.Genes, *got.NNZ, *got.Total, *got.Fingerprint, ""}
	if found != want || got.Refuse != nil {
		t.Errorf("got %+v\nwant %+v", found, want)
	}
}
