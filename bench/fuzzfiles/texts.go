package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// writeTexts makes the same few counts as tables of text and as a folder of mtx,
// plain and packed.
func writeTexts(dir string) ([]string, error) {
	const cells, genes = 30, 12
	r := rand.New(rand.NewPCG(1, 1))
	var names, barcodes, table, entries strings.Builder
	table.WriteString("cell")
	for g := range genes {
		fmt.Fprintf(&names, "ENSG%05d\tgene%d\tGene Expression\n", g, g)
		fmt.Fprintf(&table, ",gene%d", g)
	}
	n := 0
	for c := range cells {
		fmt.Fprintf(&barcodes, "cell%d\n", c)
		fmt.Fprintf(&table, "\ncell%d", c)
		for g := range genes {
			v := max(0, r.IntN(9)-3)
			fmt.Fprintf(&table, ",%d", v)
			if v > 0 {
				fmt.Fprintf(&entries, "%d %d %d\n", g+1, c+1, v)
				n++
			}
		}
	}
	table.WriteByte('\n')
	matrix := fmt.Sprintf("%%%%MatrixMarket matrix coordinate integer general\n%%\n%d %d %d\n%s", genes, cells, n, entries.String())
	tsv := strings.ReplaceAll(table.String(), ",", "\t")
	files := map[string]string{
		"table.csv": table.String(), "table.tsv.gz": packed(tsv),
		"mtx/matrix.mtx": matrix, "mtx/barcodes.tsv": barcodes.String(), "mtx/features.tsv": names.String(),
		"mtxgz/matrix.mtx.gz": packed(matrix), "mtxgz/barcodes.tsv.gz": packed(barcodes.String()), "mtxgz/features.tsv.gz": packed(names.String()),
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return nil, err
		}
	}
	var paths []string
	for _, name := range []string{"table.csv", "table.tsv.gz", "mtx", "mtxgz"} {
		paths = append(paths, filepath.Join(dir, name))
	}
	return paths, nil
}

// packed is text as gzip.
func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // to memory: it cannot fail
	_ = w.Close()
	return b.String()
}
