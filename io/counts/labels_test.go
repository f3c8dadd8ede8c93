package counts_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
)

func TestLabels(t *testing.T) {
	for paths, want := range map[string]string{
		"pbmc.h5ad":                    "pbmc",
		"x/pbmc.csv.gz y/t.tsv":        "pbmc t",
		"a.mtx.gz b.tar.gz c.h5 .h5ad": "a b.tar.gz c .h5ad",
		"a.h5ad x/a.h5":                "a x",
		"x/a.h5ad a.h5":                "x a",
		"a.h5ad a.loom":                "a a-1",
		"a.h5ad a.h5ad":                "a a-1",
		"x/a.h5ad x/a.h5ad":            "a a-1",
		"x/a.h5 x/a.h5 y/a.h5":         "x x-1 y",
		"/data/s1/outs/filtered_feature_bc_matrix.h5 /data/s2/outs/filtered_feature_bc_matrix.h5": "s1 s2",
		"s1/outs/filtered_feature_bc_matrix s2/outs/filtered_feature_bc_matrix/ b.h5ad":           "s1 s2 b",
		"a/x/outs/f.h5 a/y/outs/f.h5 b/x/outs/f.h5":                                               "a/x a/y b/x",
		"a/x/f.h5 a/y/f.h5 f.h5":        "x y f",
		"a/x/f.h5 b/x/f.h5 x/f.h5":      "a b f",
		"r1/store r2/store/cells.arrow": "r1 r2",
		"store cells.arrow":             "store cells",
		"s1/f.h5 s2/f.h5 s1.h5ad":       "s1 s2 s1-1",
		"./a.h5ad b/../c.h5ad":          "a c",
		"/ .":                           "/ .",
		"x\xff.h5ad":                    "x\uFFFD",
		"Zelle_ü.h5ad":                  "Zelle_ü",
	} {
		if got := counts.Labels(strings.Fields(paths)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: got %q, want %q", paths, got, strings.Fields(want))
		}
	}
}

// TestLabelsDiffer: no two labels are alike, none is empty, and Concat takes them;
// a path's label does not depend on how often Labels is asked.
func TestLabelsDiffer(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", "b", "outs", "store", "cells.arrow", "x.h5ad", "x.csv.gz", "..", ".", "", "a-1"})
	path := rapid.Map(rapid.SliceOfN(part, 0, 4), func(parts []string) string { return strings.Join(parts, "/") })
	rapid.Check(t, func(t *rapid.T) {
		paths := rapid.SliceOfN(path, 1, 6).Draw(t, "paths")
		labels := counts.Labels(paths)
		opt := counts.ConcatOptions{Labels: labels}
		if err := opt.Validate(len(paths)); err != nil {
			t.Fatal(err)
		}
		if again := counts.Labels(paths); !slices.Equal(again, labels) {
			t.Fatalf("%q, then %q", labels, again)
		}
	})
}
