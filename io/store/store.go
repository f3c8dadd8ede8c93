package store

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// Store is an open cells store. Its methods may be called by several goroutines
// at the same time, except Close.
type Store struct {
	cells  *arrowFile
	meta   metadata // of genes.arrow
	genes  *counts.Frame
	totals []float64
	detect []int64
	kind   CountType
	narrow bool // gene indices are uint16
	header *counts.Frame
}

// Open opens the store in a folder, or by the path of its cells.arrow. What it
// reads at once is the genes; cells are read when asked for. A file that is
// truncated, damaged or of a later version is a *counts.InputError. The files
// must not be changed while the store is open.
func Open(path string) (*Store, error) {
	dir := path
	if filepath.Base(path) == CellsFile {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			dir = filepath.Dir(path)
		}
	}
	cells, err := openFile(filepath.Join(dir, CellsFile))
	if err != nil {
		return nil, err
	}
	s := &Store{cells: cells}
	if err := s.open(filepath.Join(dir, GenesFile)); err != nil {
		return nil, errors.Join(err, cells.close())
	}
	return s, nil
}

func (s *Store) open(genesPath string) error {
	m, err := s.cells.metadata()
	if err != nil {
		return err
	}
	if err := s.checkSchema(m.Genes); err != nil {
		return err
	}
	if err := s.readGenes(genesPath); err != nil {
		return err
	}
	if s.meta.Genes != m.Genes || len(s.cells.segments) != max(1, s.Batches()) {
		return s.cells.damaged("%d genes and %d batches of cells, but %s tells of %d genes and %d cells",
			m.Genes, len(s.cells.segments), GenesFile, s.meta.Genes, s.meta.Cells)
	}
	return s.readHeader(m)
}

// checkSchema takes the widths from the schema and checks the store's columns.
func (s *Store) checkSchema(genes int) error {
	fields := s.cells.schema.Fields()
	if len(fields) < 3 || fields[0].Name != cellID || fields[1].Name != genesList || fields[2].Name != countsList {
		return s.cells.damaged("its first columns are not %s, %s and %s", cellID, genesList, countsList)
	}
	index, ok := fields[1].Type.(*arrow.ListType)
	value, ok2 := fields[2].Type.(*arrow.ListType)
	if !ok || !ok2 || !arrow.TypeEqual(index.Elem(), geneType(genes)) {
		return s.cells.damaged("%s is %s and %s is %s, for %d genes", genesList, fields[1].Type, countsList, fields[2].Type, genes)
	}
	if s.kind, ok = countTypeOf(value.Elem()); !ok {
		return s.cells.damaged("%s is %s", countsList, fields[2].Type)
	}
	s.narrow = index.Elem().ID() == arrow.UINT16
	return nil
}

// readHeader learns the annotations' levels, which the first batch leads to.
func (s *Store) readHeader(m metadata) error {
	return s.within(0, func(record arrow.RecordBatch) error {
		frame, err := s.cells.frame(record, m.Renamed)
		if err != nil {
			return err
		}
		s.meta.Renamed = m.Renamed
		header := frame.Header()
		s.header = &header
		return nil
	})
}

// Genes are the genes' names and annotations, a row a gene.
func (s *Store) Genes() *counts.Frame { return s.genes }

// GeneTotals are the sums of counts per gene, over all cells.
func (s *Store) GeneTotals() []float64 { return s.totals }

// GeneCells are the numbers of cells per gene that have a count of it.
func (s *Store) GeneCells() []int64 { return s.detect }

// Cells is the number of cells.
func (s *Store) Cells() int { return int(s.meta.Cells) }

// LeftOut is how many cells of the inputs the store was not to have: levels of
// annotations may be theirs alone.
func (s *Store) LeftOut() int64 { return s.meta.LeftOut }

// NNZ is the number of nonzero counts.
func (s *Store) NNZ() int64 { return s.meta.NNZ }

// Count is the type of the stored counts.
func (s *Store) Count() CountType { return s.kind }

// Batches is the number of record batches to Read: BatchCells cells each, but
// for the last.
func (s *Store) Batches() int { return (s.Cells() + BatchCells - 1) / BatchCells }

// Close lets go of the files. Nothing of the store may be used any more; what it
// gave out stays valid.
func (s *Store) Close() error { return s.cells.close() }
