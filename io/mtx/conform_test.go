package mtx

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// storage is one way to write a table.
type storage struct {
	matrix, genes, cells string // the files' names
	columns              int    // of the genes' file
	field                string
	cellsFirst           bool // cells × genes
	byGene               bool // entries in the order of genes
	crlf                 bool
	memory               int64
}

var storages = map[string]storage{
	"version 3":           {matrix: "matrix.mtx.gz", genes: "features.tsv.gz", cells: "barcodes.tsv.gz", columns: 3, field: "integer"},
	"version 2":           {matrix: "matrix.mtx", genes: "genes.tsv", cells: "barcodes.tsv", columns: 2, field: "integer"},
	"positions":           {matrix: "matrix.mtx.gz", genes: "features.tsv.gz", cells: "barcodes.tsv", columns: 6, field: "integer"},
	"STARsolo":            {matrix: "UniqueAndMult-EM.mtx", genes: "features.tsv", cells: "barcodes.tsv", columns: 3, field: "real"},
	"prefix, mixed":       {matrix: "GSM1_a_matrix.mtx.gz", genes: "GSM1_a_features.tsv", cells: "GSM1_a_barcodes.tsv.gz", columns: 1, field: "real", crlf: true},
	"kallisto":            {matrix: "cells_x_genes.mtx", genes: "cells_x_genes.genes.txt", cells: "cells_x_genes.barcodes.txt", columns: 1, field: "real", cellsFirst: true},
	"alevin":              {matrix: "quants_mat.mtx", genes: "quants_mat_cols.txt", cells: "quants_mat_rows.txt", columns: 1, field: "real", cellsFirst: true, byGene: true},
	"by gene, few memory": {matrix: "matrix.mtx", genes: "genes.tsv", cells: "barcodes.tsv", columns: 2, field: "integer", byGene: true, memory: 20 << 20},
}

// write writes a table so and gives the folder.
func (s storage) write(t testing.TB, full *countstest.FullTable) string {
	end := "\n"
	if s.crlf {
		end = "\r\n"
	}
	var genes strings.Builder
	for i, name := range full.Genes.Names {
		row := []string{"ENSG" + strconv.Itoa(i), name, "Gene Expression", "chr1", "5", "9"}[:max(2, s.columns)]
		if s.columns == 1 {
			row = row[1:]
		}
		genes.WriteString(strings.Join(row, "\t") + end)
	}
	return write(t, map[string]string{
		s.genes: genes.String(), s.matrix: s.text(full, end),
		s.cells: strings.Join(full.Table.Obs.Names, end) + end[:min(len(end), len(full.Table.Obs.Names))],
	})
}

// text is the matrix.
func (s storage) text(full *countstest.FullTable, end string) string {
	table, genes := full.Table, full.Genes.Len()
	var lines []string
	add := func(cell int, k int64) {
		row, col := int(table.Genes[k])+1, cell+1
		if s.cellsFirst {
			row, col = col, row
		}
		lines = append(lines, fmt.Sprintf("%d %d %s", row, col, strconv.FormatFloat(table.Values[k], 'g', -1, 64)))
	}
	order := [][2]int{{0, genes}}
	if s.byGene {
		order = nil
		for g := range min(genes, 20) { // the rest together
			order = append(order, [2]int{g, g + 1})
		}
		order = append(order, [2]int{20, genes})
	}
	for _, o := range order {
		for i := range table.Cells() {
			for k := table.Indptr[i]; k < table.Indptr[i+1]; k++ {
				if g := int(table.Genes[k]); g >= o[0] && g < o[1] {
					add(i, k)
				}
			}
		}
	}
	rows, cols := genes, table.Cells()
	if s.cellsFirst {
		rows, cols = cols, rows
	}
	head := fmt.Sprintf("%%%%MatrixMarket matrix coordinate %s general%s%% a comment%s\t%d %d %d%s", s.field, end, end, rows, cols, len(lines), end)
	return head + strings.Join(append(lines, ""), end)
}

// bare hides the genes' annotations, which the suite's table does not have, once
// they were looked at.
type bare struct {
	*Reader
	genes counts.Frame
}

func (b *bare) Genes() *counts.Frame { return &b.genes }

func (s storage) open(t *testing.T, full *countstest.FullTable) counts.Reader {
	t.Helper()
	r, err := Open(s.write(t, full), Options{Memory: s.memory, Threads: 1 + s.columns%2})
	if err != nil {
		t.Fatal(err)
	}
	genes := r.Genes()
	want := []string{"gene_ids", "feature_types"}[:min(s.columns, 3)-1]
	if got := genes.ColumnNames(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("annotations of genes are %q, want %q", got, want)
	}
	if n := genes.Len(); s.columns > 1 && n > 0 && genes.Columns[0].Strings[n-1] != "ENSG"+strconv.Itoa(n-1) {
		t.Fatalf("the last of gene_ids is %s", genes.Columns[0].Strings[n-1])
	}
	return &bare{r, counts.Frame{Names: genes.Names}}
}

func TestConformance(t *testing.T) {
	for name, s := range storages {
		t.Run(name, func(t *testing.T) {
			countstest.RunWithin(t, countstest.Limits{NoObs: true, NoVar: true}, s.open)
		})
	}
}
