package mtx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// BenchmarkRead reads 2 million entries as Cell Ranger writes them, both passes.
func BenchmarkRead(b *testing.B) {
	const cells, genes, perCell = 1000, 30000, 2000
	var matrix, names, features strings.Builder
	fmt.Fprintf(&matrix, "%%%%MatrixMarket matrix coordinate integer general\n%d %d %d\n", genes, cells, cells*perCell)
	for c := range cells {
		fmt.Fprintf(&names, "AAACCCAAG%07d-1\n", c)
		for k := range perCell {
			fmt.Fprintf(&matrix, "%d %d %d\n", 1+k*14+c%14, 1+c, 1+(k*c)%11)
		}
	}
	for g := range genes {
		fmt.Fprintf(&features, "ENSG%011d\tGENE%d\tGene Expression\n", g, g)
	}
	for _, ending := range []string{"", ".gz"} {
		for _, threads := range []int{1, 2} {
			folder := write(b, map[string]string{"matrix.mtx" + ending: matrix.String(), "barcodes.tsv" + ending: names.String(), "features.tsv" + ending: features.String()})
			b.Run(fmt.Sprintf("plain%s/threads=%d", ending, threads), func(b *testing.B) {
				b.SetBytes(int64(2 * matrix.Len()))
				for b.Loop() {
					readAll(b, folder, Options{Threads: threads})
				}
				b.ReportMetric(float64(b.N)*2*cells*perCell/b.Elapsed().Seconds()/1e6, "Mentries/s")
			})
		}
	}
}

func readAll(b *testing.B, path string, opt Options) {
	r, err := Open(path, opt)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for {
		if _, err := r.Next(context.Background()); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}
