package store

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"cellvi/io/counts"
)

// totals are what genes.arrow holds beside the annotations.
type totals struct {
	total   []float64 // per gene, sum of the counts
	detect  []int64   // per gene, cells with a count
	cells   int64
	nnz     int64
	batches int
}

func newTotals(genes int) totals {
	return totals{total: make([]float64, genes), detect: make([]int64, genes)}
}

// add takes in the batch's newest cell, whose counts begin at from.
func (s *totals) add(b *batch, from int) {
	for k := from; k < b.values.len(); k++ {
		g := b.indices.at(k)
		s.total[g] += b.values.at(k)
		s.detect[g]++
	}
	s.cells++
	s.nnz += int64(b.values.len() - from)
}

func writeGenes(path string, genes *counts.Frame, s *totals) error {
	annotations, renamed := fieldsOf(genes, "var_", geneID, geneTotal, geneCells)
	m := metadata{Version: Version, Genes: genes.Len(), Renamed: renamed, Cells: s.cells, NNZ: s.nnz}
	schema := arrow.NewSchema(append([]arrow.Field{
		required(geneID, arrow.BinaryTypes.String),
		required(geneTotal, arrow.PrimitiveTypes.Float64),
		required(geneCells, arrow.PrimitiveTypes.Int64),
	}, annotations...), m.arrow())
	out, err := createSink(path, schema)
	if err != nil {
		return err
	}
	if err := out.batch(geneColumns(genes, s, schema), genes.Len()); err != nil {
		_ = out.close() // the file is broken already: the first error says why
		return err
	}
	return out.close()
}

func geneColumns(genes *counts.Frame, s *totals, schema *arrow.Schema) []arrow.Array {
	total := array.NewFloat64Builder(memory.DefaultAllocator)
	total.AppendValues(s.total, nil)
	detect := array.NewInt64Builder(memory.DefaultAllocator)
	detect.AppendValues(s.detect, nil)
	columns := []arrow.Array{stringArray(genes.Names, nil), total.NewFloat64Array(), detect.NewInt64Array()}
	levels := levelArrays(genes)
	for i := range genes.Columns {
		columns = append(columns, columnArray(&genes.Columns[i], levels[i], schema.Field(3+i).Type))
	}
	return columns
}

// readGenes fills the store's gene side from genes.arrow.
func (s *Store) readGenes(path string) error {
	f, err := openFile(path)
	if err != nil {
		return err
	}
	defer f.close()
	if s.meta, err = f.metadata(); err != nil {
		return err
	}
	if len(f.segments) != 1 {
		return f.damaged("%d record batches where one is expected", len(f.segments))
	}
	record, err := f.batch(0)
	if err != nil {
		return err
	}
	defer record.Release()
	if int(record.NumRows()) != s.meta.Genes {
		return f.damaged("%d genes, but its metadata says %d", record.NumRows(), s.meta.Genes)
	}
	return f.guard(func() error {
		total, ok := record.Column(1).(*array.Float64)
		detect, ok2 := record.Column(2).(*array.Int64)
		if !ok || !ok2 {
			return f.damaged("columns %s and %s are missing", geneTotal, geneCells)
		}
		s.totals = slices.Clone(total.Float64Values())
		s.detect = slices.Clone(detect.Int64Values())
		s.genes, err = f.frame(record, s.meta.Renamed)
		return err
	})
}
