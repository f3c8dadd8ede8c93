package mtx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

const (
	goodMatrix   = "%%MatrixMarket matrix coordinate integer general\n%\n3 2 4\n1 1 5\n3 1 2\n2 2 7\n3 2 1\n"
	goodFeatures = "E1\tA\tGene Expression\nE2\tB\tGene Expression\nE3\tC\tAntibody Capture\n"
	goodBarcodes = "c1\nc2\n"
)

// message reads a folder to its end and gives the error, the folder's name cut out.
func message(t *testing.T, contents map[string]string, path string, opt Options) string {
	t.Helper()
	folder := write(t, contents)
	err := read(filepath.Join(folder, path), opt)
	if err == nil {
		t.Fatal("no error")
	}
	var input *counts.InputError
	var memory *counts.MemoryError
	var system *fs.PathError // as the child can tell it
	if !errors.As(err, &input) && !errors.As(err, &memory) && !errors.As(err, &system) {
		t.Errorf("the error is a %T", err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(err.Error(), folder+string(filepath.Separator), ""), folder, "DIR")
}

func read(path string, opt Options) error {
	r, err := Open(path, opt)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = countstest.ReadAll(r)
	return err
}

// TestFaultsOfMatrix has the whole line that the user reads, for each fault.
func TestFaultsOfMatrix(t *testing.T) {
	edit := func(old, now string) string { return strings.Replace(goodMatrix, old, now, 1) }
	for name, c := range map[string]struct{ matrix, want string }{
		"empty":           {"", `matrix.mtx: line 1: expected "%%MatrixMarket matrix coordinate integer general", found "": this is no Matrix Market file`},
		"no banner":       {"3 2 4\n", `matrix.mtx: line 1: expected "%%MatrixMarket matrix coordinate integer general", found "3 2 4": this is no Matrix Market file`},
		"short banner":    {"%%MatrixMarket matrix\n", `matrix.mtx: line 1: expected 5 words such as "%%MatrixMarket matrix coordinate integer general", found 2`},
		"vector":          {edit("matrix", "vector"), "matrix.mtx: line 1: holds a vector, not a matrix"},
		"array":           {edit("coordinate", "array"), "matrix.mtx: line 1: is a matrix in array format; coordinate is what is read: write it as a sparse matrix"},
		"complex":         {edit("integer", "complex"), "matrix.mtx: line 1: has complex values; expected integer, real or pattern"},
		"symmetric":       {edit("general", "symmetric"), "matrix.mtx: line 1: is symmetric; counts are cells × genes: expected general: write it without symmetry"},
		"no sizes":        {"%%MatrixMarket matrix coordinate integer general\n%\n", "matrix.mtx: ends before the line of sizes: rows, columns, entries: the file is truncated: copy or download it again"},
		"two sizes":       {edit("3 2 4", "3 2"), `matrix.mtx: line 3: expected three sizes, rows, columns and entries, found "3 2"`},
		"negative size":   {edit("3 2 4", "3 -2 4"), `matrix.mtx: line 3: expected three sizes, rows, columns and entries, found "3 -2 4"`},
		"huge":            {edit("3 2 4", "3 99999999999 4"), "matrix.mtx: line 3: says 3 × 99,999,999,999; at most 4,294,967,295 of either are read"},
		"beyond int64":    {edit("3 2 4", "3 2 99999999999999999999"), `matrix.mtx: line 3: expected three sizes, rows, columns and entries, found "3 2 99999999999999999999"`},
		"other sizes":     {edit("3 2 4", "4 2 4"), "matrix.mtx: line 3: says 4 × 2, but there are 3 genes in features.tsv and 2 cells in barcodes.tsv: give the three files of one table"},
		"heading":         {edit("3 2 4", "2 2 4"), "matrix.mtx: line 3: says 2 × 2, but there are 3 genes in features.tsv and 2 cells in barcodes.tsv: take away the first line of the genes' file if it is a heading"},
		"heading, cells":  {edit("3 2 4", "3 1 4"), "matrix.mtx: line 3: says 3 × 1, but there are 3 genes in features.tsv and 2 cells in barcodes.tsv: take away the first line of the cells' file if it is a heading"},
		"too few":         {edit("3 2 4", "3 2 9"), "matrix.mtx: line 7: is the last, and 4 entries were found; line 3 says 9: the file is truncated: copy or download it again"},
		"too many":        {edit("3 2 4", "3 2 2"), "matrix.mtx: line 6: is one entry more than the 2 that line 3 says: the file is damaged, or two were joined"},
		"row 0":           {edit("1 1 5", "0 1 5"), "matrix.mtx: line 4: row 0 is not in 1 to 3, as line 3 has it: the file is damaged"},
		"row too large":   {edit("2 2 7", "4 2 7"), "matrix.mtx: line 6: row 4 is not in 1 to 3, as line 3 has it: the file is damaged"},
		"column":          {edit("2 2 7", "2 -1 7"), "matrix.mtx: line 6: column -1 is not in 1 to 2, as line 3 has it: the file is damaged"},
		"far too large":   {edit("2 2 7", "4294967298 2 7"), "matrix.mtx: line 6: row 4294967298 is not in 1 to 3, as line 3 has it: the file is damaged"},
		"no value":        {edit("2 2 7", "2 2"), `matrix.mtx: line 6: expected row, column and value, found "2 2": the file is damaged, or truncated here`},
		"word":            {edit("2 2 7", "2 2 x7"), `matrix.mtx: line 6: expected row, column and value, found "2 2 x7": the file is damaged, or truncated here`},
		"hexadecimal":     {edit("2 2 7", "2 2 0x7"), `matrix.mtx: line 6: expected row, column and value, found "2 2 0x7": the file is damaged, or truncated here`},
		"fraction index":  {edit("2 2 7", "2 2.5 7"), `matrix.mtx: line 6: expected row, column and value, found "2 2.5 7": the file is damaged, or truncated here`},
		"four words":      {edit("2 2 7", "2 2 7 0"), `matrix.mtx: line 6: expected row, column and value, found "2 2 7 0": the file is damaged, or truncated here`},
		"control letters": {edit("2 2 7", "2 2 \x1b[2J"), `matrix.mtx: line 6: expected row, column and value, found "2 2 \x1b[2J": the file is damaged, or truncated here`},
		"pattern":         {edit("integer", "pattern"), `matrix.mtx: line 4: expected row and column, found "1 1 5": the file is damaged, or truncated here`},
		"zeros":           {"\x00\x00\x00\x00\x00", "matrix.mtx: it is no text: it holds zero bytes"},
		"a zip":           {"PK\x03\x04....", "matrix.mtx: it is a zip archive; expected text, plain or gzip: unpack it"},
	} {
		t.Run(name, func(t *testing.T) {
			got := message(t, map[string]string{"matrix.mtx": c.matrix, "features.tsv": goodFeatures, "barcodes.tsv": goodBarcodes}, "", Options{})
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestFaultsOfNames is the same for the other two files and for the folder.
func TestFaultsOfNames(t *testing.T) {
	m, f, b := goodMatrix, goodFeatures, goodBarcodes
	for name, c := range map[string]struct {
		contents map[string]string
		path     string
		opt      Options
		want     string
	}{
		"columns":      {map[string]string{"matrix.mtx": m, "features.tsv": "E1\tA\nE2\n", "barcodes.tsv": b}, "", Options{}, "features.tsv: line 2: expected 2 columns as on the lines before, found 1"},
		"Latin-1":      {map[string]string{"matrix.mtx": m, "features.tsv": "E1\t\xe9\n", "barcodes.tsv": b}, "", Options{}, `features.tsv: line 1: is no valid UTF-8: "E1\t�": save the file as UTF-8`},
		"Latin-1 cell": {map[string]string{"matrix.mtx": m, "features.tsv": f, "barcodes.tsv": "c1\n\xe9\n"}, "", Options{}, `barcodes.tsv: line 2: is no valid UTF-8: "�": save the file as UTF-8`},
		"type":         {map[string]string{"matrix.mtx": m, "features.tsv": f, "barcodes.tsv": b}, "", Options{FeatureTypes: []string{"Peaks"}}, "features.tsv: has no features of type Peaks; it has 1 Antibody Capture and 2 Gene Expression: choose with --feature-types, or --feature-types all"},
		"no types":     {map[string]string{"matrix.mtx": m, "genes.tsv": "A\nB\nC\n", "barcodes.tsv": b}, "", Options{FeatureTypes: []string{"Peaks"}}, "genes.tsv: has no types of features in a third column to choose by: leave out --feature-types"},
		"no cells":     {map[string]string{"matrix.mtx": m, "features.tsv": f}, "", Options{}, "matrix.mtx: the file of cells is missing beside it: barcodes.tsv, plain or .gz: put it there"},
		"no genes":     {map[string]string{"P_matrix.mtx": m, "P_barcodes.tsv": b, "features.tsv": f}, "", Options{}, "P_matrix.mtx: the file of genes is missing beside it: P_features.tsv or P_genes.tsv, plain or .gz: put it there"},
		"alone":        {map[string]string{"a.mtx": m}, "a.mtx", Options{}, "a.mtx: the files of cells and genes are missing beside it: barcodes.tsv, and features.tsv or genes.tsv, plain or .gz: put them there"},
		"both":         {map[string]string{"matrix.mtx": m, "barcodes.tsv": b, "features.tsv": f, "genes.tsv": f}, "", Options{}, "DIR: holds features.tsv, genes.tsv; expected one of them: take the others away"},
		"several":      {map[string]string{"A_matrix.mtx": m, "B_matrix.mtx.gz": m}, "", Options{}, "DIR: 2 matrices in this folder: A_matrix.mtx, B_matrix.mtx.gz: give one of these files as the input, not the folder"},
		"none":         {map[string]string{"x.txt": m}, "", Options{}, "DIR: no matrix in this folder: expected matrix.mtx or .mtx.gz"},
		"within":       {map[string]string{"outs/filtered/matrix.mtx": m, "outs/raw/matrix.mtx.gz": m}, "", Options{}, "DIR: no matrix in this folder: expected matrix.mtx or .mtx.gz: give the folder within that holds it: outs/filtered, outs/raw"},
		"nowhere":      {nil, "absent", Options{}, "stat absent: no such file or directory"},
		"memory":       {map[string]string{"matrix.mtx": m, "features.tsv": f, "barcodes.tsv": b}, "", Options{Memory: 100}, "features.tsv: the names of genes are held: reading it needs 1 MB, the reader may take 0 MB: raise --memory"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := message(t, c.contents, c.path, c.opt); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestTruncatedGzip cuts each of the files in its middle, and spoils its checksum.
func TestTruncatedGzip(t *testing.T) {
	contents := map[string]string{"matrix.mtx.gz": goodMatrix, "features.tsv.gz": goodFeatures, "barcodes.tsv.gz": goodBarcodes}
	for name := range contents {
		for _, threads := range []int{1, 2} {
			folder := write(t, contents)
			path := filepath.Join(folder, name)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for n := range raw {
				if err := os.WriteFile(path, raw[:n], 0o644); err != nil {
					t.Fatal(err)
				}
				var input *counts.InputError
				if err := read(folder, Options{Threads: threads}); !errors.As(err, &input) {
					t.Fatalf("%s cut at %d of %d: %v", name, n, len(raw), err)
				}
			}
			raw[len(raw)-6]++
			if err := os.WriteFile(path, raw, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := read(folder, Options{Threads: threads}); err == nil || !strings.Contains(err.Error(), "the gzip checksum does not fit: the file is damaged: copy or download it again") {
				t.Errorf("%s with another checksum: %v", name, err)
			}
		}
	}
}

// TestChanged reads a matrix that changes between the passes.
func TestChanged(t *testing.T) {
	folder := write(t, map[string]string{"matrix.mtx": goodMatrix, "features.tsv": goodFeatures, "barcodes.tsv": goodBarcodes})
	r, err := Open(folder, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := os.WriteFile(filepath.Join(folder, "matrix.mtx"), []byte(strings.Replace(goodMatrix, "3 2 4", "3 1 4", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(t.Context()); err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "the file changed while it was read") {
		t.Errorf("got %v", err)
	}
}

// TestEndlessCell: one cell with ever more entries is refused before it fills the
// memory.
func TestEndlessCell(t *testing.T) {
	const n = 2_200_000
	matrix := fmt.Sprintf("%%%%MatrixMarket matrix coordinate integer general\n3 2 %d\n", n) + strings.Repeat("1 2 1\n", n)
	got := message(t, map[string]string{"matrix.mtx.gz": matrix, "features.tsv": goodFeatures, "barcodes.tsv": goodBarcodes}, "", Options{})
	if want := "cell 2 has more than 64 entries for every gene: the file is damaged"; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
