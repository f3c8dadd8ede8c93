package mtx

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"cellvi/io/counts"
)

// FuzzOpen reads any three files: each table that comes keeps its promises, each
// fault is the user's to read.
func FuzzOpen(f *testing.F) {
	real := "%%MatrixMarket matrix coordinate real general\r\n% x\r\n2 3 4\r\n1 1 5.50\r\n1 3 -2e3\r\n2 2 nan\r\n2 3 1\r\n"
	f.Add([]byte(goodMatrix), []byte(goodFeatures), []byte(goodBarcodes), false, false)
	f.Add([]byte(real), []byte("E1\tA\n\nE2\t\nE3\t\"C\"\n"), []byte("\"c1\"\tx\nc2\n"), true, true)
	f.Add([]byte("%%MatrixMarket matrix coordinate pattern general\n3 2 3\n1 1\n 2 2 \n1 1"), []byte("A\nB\nC"), []byte("c1\nc2"), false, true)
	f.Add(compressed(f, []byte(goodMatrix)), compressed(f, []byte(goodFeatures)), compressed(f, []byte(goodBarcodes)), true, false)
	f.Add([]byte("%%MatrixMarket matrix coordinate integer general\n99999999 99999999 9999999999999\n"), []byte("A\n"), []byte("c\n"), false, false)
	f.Fuzz(func(t *testing.T, matrix, genes, cells []byte, threads, all bool) {
		folder := t.TempDir()
		for name, raw := range map[string][]byte{"matrix.mtx": matrix, "features.tsv": genes, "barcodes.tsv": cells} {
			if err := os.WriteFile(filepath.Join(folder, name), raw, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		opt := Options{Memory: 4 << 20, Threads: 1}
		if threads {
			opt.Threads = 2
		}
		if all {
			opt.FeatureTypes = []string{"all"}
		}
		if _, err := Describe(folder, opt); err != nil {
			sound(t, err)
		}
		sound(t, readSound(t, folder, opt))
	})
}

// sound holds an error to what a reader may say.
func sound(t *testing.T, err error) {
	var input *counts.InputError
	var memory *counts.MemoryError
	var system *fs.PathError
	if err != nil && !errors.As(err, &input) && !errors.As(err, &memory) && !errors.As(err, &system) {
		t.Fatalf("%T: %v", err, err)
	}
}

// readSound reads to the end and holds every table to its promises.
func readSound(t *testing.T, path string, opt Options) error {
	r, err := Open(path, opt)
	if err != nil {
		return err
	}
	defer r.Close()
	for cells := int64(0); ; {
		table, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			if cells != r.Cells() {
				t.Fatalf("%d cells came, %d were promised", cells, r.Cells())
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := table.Validate(r.Genes().Len()); err != nil || table.Cells() == 0 {
			t.Fatalf("a table of %d cells: %v", table.Cells(), err)
		}
		cells += int64(table.Cells())
	}
}
