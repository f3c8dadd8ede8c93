package mtx

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts/countstest"
)

// shown reads a table whole and writes it as text: cell gene=count, one line a cell.
func shown(t *testing.T, path string, opt Options) (text string, notes []string) {
	t.Helper()
	r, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	table, err := countstest.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, name := range table.Obs.Names {
		b.WriteString(name)
		genes, values := table.Row(i)
		for k, g := range genes {
			fmt.Fprintf(&b, " %s=%g", r.Genes().Names[g], values[k])
		}
		b.WriteString("\n")
	}
	return b.String(), r.Notes()
}

// TestForms has matrices as tools and people write them, each the same table.
func TestForms(t *testing.T) {
	const want = "c1 A=5 C=2\nc2 B=7 C=1\n"
	names := func(matrix string) map[string]string {
		return map[string]string{"matrix.mtx": matrix, "genes.tsv": "E1\tA\nE2\tB\nE3\tC\n", "barcodes.tsv": goodBarcodes}
	}
	for name, contents := range map[string]map[string]string{
		"as it is":          names(goodMatrix),
		"no last newline":   names(strings.TrimSuffix(goodMatrix, "\n")),
		"CRLF":              names(strings.ReplaceAll(goodMatrix, "\n", "\r\n")),
		"byte-order mark":   names("\ufeff" + goodMatrix),
		"capitals":          names(strings.Replace(goodMatrix, "matrix coordinate integer", "MATRIX Coordinate Integer", 1)),
		"numbers":           names("%%MatrixMarket matrix coordinate real general\n3 2 4\n1 1 5.0\n3 1 2e0\n2 2 +7.\n3 2 00000000000000000001\n"),
		"comments, blanks":  names("%%MatrixMarket matrix coordinate integer general\n%a\n\n% b\n 3  2\t4 \n\n1 1 5\n%c\n   3\t1   2  \n2 2 7\n3 2 1\n\n\n"),
		"repeats, zeros":    names("%%MatrixMarket matrix coordinate integer general\n3 2 7\n1 1 3\n3 1 2\n1 1 2\n2 1 0\n2 2 7\n3 2 2\n3 2 -1\n"),
		"no order":          names("%%MatrixMarket matrix coordinate integer general\n3 2 4\n3 2 1\n2 2 7\n3 1 2\n1 1 5\n"),
		"cells first":       names("%%MatrixMarket matrix coordinate integer general\n2 3 4\n1 1 5\n1 3 2\n2 2 7\n2 3 1\n"),
		"quoted, more":      {"matrix.mtx": goodMatrix, "features.tsv": "\"E1\"\t\"A\"\t\"Gene Expression\"\tx\nE2\tB\tGene Expression\nE3\tC\tGene Expression\tx\n", "barcodes.tsv": "\"c1\"\tsample 1\nc2\tsample 2\n"},
		"blank lines":       {"matrix.mtx": goodMatrix, "features.tsv": "A\n\nB\nC\n\n", "barcodes.tsv": "c1\n\nc2\n\n"},
		"both, as gzip too": {"matrix.mtx": goodMatrix, "genes.tsv": "A\nB\nC\n", "genes.tsv.gz": "X\nY\nZ\n", "barcodes.tsv": goodBarcodes, "barcodes.tsv.gz": "x\ny\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := shown(t, write(t, contents), Options{}); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
	pattern := strings.Replace(goodMatrix, "integer", "pattern", 1)
	for _, v := range []string{" 5\n", " 2\n", " 7\n"} {
		pattern = strings.Replace(pattern, v, "\n", 1)
	}
	pattern = strings.Replace(pattern, "3 2 1\n", "3 2\n", 1)
	if got, _ := shown(t, write(t, names(pattern)), Options{}); got != "c1 A=1 C=1\nc2 B=1 C=1\n" {
		t.Errorf("pattern: %s", got)
	}
}

// TestPassesThrough has values that are numbers and no counts: they are not the
// reader's to judge.
func TestPassesThrough(t *testing.T) {
	matrix := "%%MatrixMarket matrix coordinate real general\n3 2 4\n1 1 -5\n3 1 nan\n2 2 inf\n3 2 0.25\n"
	got, _ := shown(t, write(t, map[string]string{"matrix.mtx": matrix, "features.tsv": "A\nB\nC\n", "barcodes.tsv": goodBarcodes}), Options{})
	if want := "c1 A=-5 C=NaN\nc2 B=+Inf C=0.25\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFeatureTypes takes gene expression, others or all, and says what it leaves.
func TestFeatureTypes(t *testing.T) {
	folder := write(t, map[string]string{"matrix.mtx.gz": goodMatrix, "features.tsv.gz": goodFeatures, "barcodes.tsv.gz": goodBarcodes})
	for _, c := range []struct {
		types []string
		want  string
		notes []string
	}{
		{nil, "c1 A=5\nc2 B=7\n", []string{"features other than Gene Expression are left out: 1 Antibody Capture (--feature-types all keeps them)"}},
		{[]string{"Antibody Capture"}, "c1 C=2\nc2 C=1\n", []string{"features other than Antibody Capture are left out: 2 Gene Expression (--feature-types all keeps them)"}},
		{[]string{"Antibody Capture", "Gene Expression"}, "c1 A=5 C=2\nc2 B=7 C=1\n", nil},
		{[]string{"all"}, "c1 A=5 C=2\nc2 B=7 C=1\n", nil},
	} {
		got, notes := shown(t, folder, Options{FeatureTypes: c.types})
		if got != c.want || !slices.Equal(notes, c.notes) {
			t.Errorf("%q: got %q and %q, want %q and %q", c.types, got, notes, c.want, c.notes)
		}
	}
}

// TestNoGeneExpression refuses, naming what there is.
func TestNoGeneExpression(t *testing.T) {
	folder := write(t, map[string]string{"matrix.mtx": goodMatrix, "features.tsv": "E1\tA\tPeaks\nE2\tB\tPeaks\nE3\tC\tCustom\n", "barcodes.tsv": goodBarcodes})
	_, err := Open(folder, Options{})
	want := filepath.Join(folder, "features.tsv") + ": has no features of type Gene Expression; it has 1 Custom and 2 Peaks: choose with --feature-types, or --feature-types all"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestNotes: what the reader decides is said.
func TestNotes(t *testing.T) {
	square := "%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 2 5\n"
	folder := write(t, map[string]string{
		"matrix.mtx": square, "features.tsv": "E1\tA\nE2\t\n", "barcodes.tsv": goodBarcodes,
		"cells_x_genes.mtx": square, "cells_x_genes.genes.txt": "A\nB\n", "cells_x_genes.barcodes.txt": goodBarcodes,
	})
	got, notes := shown(t, filepath.Join(folder, "matrix.mtx"), Options{})
	if got != "c1\nc2 A=5\n" || !slices.Equal(notes, []string{"genes without a symbol, named by their identifier: 1"}) {
		t.Errorf("genes × cells: got %q, %q", got, notes)
	}
	path := filepath.Join(folder, "cells_x_genes.mtx")
	got, notes = shown(t, path, Options{})
	if got != "c1 B=5\nc2\n" || !slices.Equal(notes, []string{"rows of " + path + " are cells, its columns genes, as the numbers of names say"}) {
		t.Errorf("cells × genes: got %q, %q", got, notes)
	}
}

// TestPrefix names one of several tables of a folder by its file.
func TestPrefix(t *testing.T) {
	other := strings.Replace(goodMatrix, "1 1 5", "1 1 9", 1)
	folder := write(t, map[string]string{
		"GSM1_a_matrix.mtx.gz": goodMatrix, "GSM1_a_features.tsv.gz": "A\nB\nC\n", "GSM1_a_barcodes.tsv.gz": goodBarcodes,
		"GSM1_b_matrix.mtx.gz": other, "GSM1_b_features.tsv.gz": "A\nB\nC\n", "GSM1_b_barcodes.tsv.gz": goodBarcodes,
		"notes.txt": "",
	})
	const want = "c1 A=9 C=2\nc2 B=7 C=1\n"
	if got, _ := shown(t, filepath.Join(folder, "GSM1_b_matrix.mtx.gz"), Options{}); got != want {
		t.Errorf("by the file: %s", got)
	}
	for path, want := range map[string]bool{"": true, "GSM1_a_matrix.mtx.gz": true, "GSM1_a_features.tsv.gz": false, "notes.txt": false, "absent.mtx": false} {
		if Is(filepath.Join(folder, path)) != want {
			t.Errorf("Is(%q) is %v", path, !want)
		}
	}
	if Is(t.TempDir()) {
		t.Error("an empty folder is taken")
	}
}

// TestDescribe tells what is there without the entries, which may be damaged.
func TestDescribe(t *testing.T) {
	folder := write(t, map[string]string{"matrix.mtx.gz": goodMatrix + "?\n", "features.tsv.gz": goodFeatures, "barcodes.tsv.gz": goodBarcodes})
	d, err := Describe(folder, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "{Matrix Market (10x, version 3, or STARsolo) 2 2 [{matrix.mtx.gz coordinate integer [gzip] 2 2 4 }] [] [{gene_ids string [] } {feature_types string [] }]}"
	if got := fmt.Sprint(*d); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestSortsInPasses has more entries in the order of genes than the memory for
// sorting holds at once.
func TestSortsInPasses(t *testing.T) {
	const cells, genes = 20_000, 30
	var matrix, names, barcodes strings.Builder
	fmt.Fprintf(&matrix, "%%%%MatrixMarket matrix coordinate integer general\n%d %d %d\n", genes, cells, cells*genes)
	for g := range genes {
		fmt.Fprintf(&names, "g%d\n", g)
		for c := range cells {
			fmt.Fprintln(&matrix, g+1, c+1, 1+(g*c)%7)
		}
	}
	for c := range cells {
		fmt.Fprintf(&barcodes, "c%d\n", c)
	}
	r, err := Open(write(t, map[string]string{"matrix.mtx": matrix.String(), "genes.tsv": names.String(), "barcodes.tsv": barcodes.String()}), Options{Memory: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	table, err := countstest.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for c := range cells {
		genes, values := table.Row(c)
		for k, g := range genes {
			if int(g) != k || values[k] != float64(1+(k*c)%7) {
				t.Fatalf("cell %d: genes %v, counts %v", c, genes, values)
			}
		}
		if len(genes) != 30 {
			t.Fatalf("cell %d has %d genes", c, len(genes))
		}
	}
}
