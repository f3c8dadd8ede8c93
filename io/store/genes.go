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
	genes []geneSum
	cells int64
	nnz   int64

	leftOut int64 // cells of the inputs that the store was not to have
}

// geneSum is side by side, for each count touches both.
type geneSum struct {
	total  float64 // of the counts
	detect int64   // cells with a count
}

func newTotals(genes int) totals { return totals{genes: make([]geneSum, genes)} }

// add takes in a batch.
func (s *totals) add(b *batch) {
	s.cells += int64(b.cells())
	s.nnz += int64(b.values.len())
	if b.indices.wide {
		addValues(s.genes, b.indices.u32, &b.values)
	} else {
		addValues(s.genes, b.indices.u16, &b.values)
	}
}

func addValues[G uint16 | uint32](sums []geneSum, genes []G, v *values) {
	switch v.kind {
	case Uint8:
		addCounts(sums, genes, v.u8)
	case Uint16:
		addCounts(sums, genes, v.u16)
	case Uint32:
		addCounts(sums, genes, v.u32)
	default:
		addCounts(sums, genes, v.f32)
	}
}

func addCounts[G uint16 | uint32, V uint8 | uint16 | uint32 | float32](sums []geneSum, genes []G, v []V) {
	v = v[:len(genes)]
	for k, g := range genes {
		s := &sums[g]
		s.total += float64(v[k])
		s.detect++
	}
}

func writeGenes(path string, genes *counts.Frame, s *totals) error {
	annotations, renamed := fieldsOf(genes, "var_", geneID, geneTotal, geneCells)
	m := metadata{Version: Version, Genes: genes.Len(), Renamed: renamed, Cells: s.cells, NNZ: s.nnz, LeftOut: s.leftOut}
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
	detect := array.NewInt64Builder(memory.DefaultAllocator)
	for _, g := range s.genes {
		total.Append(g.total)
		detect.Append(g.detect)
	}
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
