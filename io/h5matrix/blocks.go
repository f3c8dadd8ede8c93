package h5matrix

import (
	"context"
	"iter"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// blocks reads a dense dataset chunk by chunk, in the order in which chunks lie,
// and sorts what is not zero by cell; see counts.ByCell.
type blocks struct {
	d      *hdf5.Dataset
	byGene bool // genes × cells
	about  About
	scan   *hdf5.Scan
	sorted *counts.ByCell
	found  counts.Entries // of one block
}

func newBlocks(d *hdf5.Dataset, byGene bool, about About, opt Options) (Matrix, error) {
	if err := opt.fits(d, hdf5.ByBlocks); err != nil {
		return nil, err
	}
	m := &blocks{d: d, byGene: byGene, about: about}
	var err error
	if m.scan, err = d.Scan(opt.Pool, hdf5.ByBlocks, opt.chunks()); err != nil {
		return nil, err
	}
	m.sorted = counts.NewByCell(m.entries, about.Cells, about.Genes, opt.sorting(m.scan.Takes()))
	return m, nil
}

// Fill sorts the next cells.
func (m *blocks) Fill(ctx context.Context, first, n int64, t *counts.Table) (int64, error) {
	return m.sorted.Fill(ctx, first, n, t)
}

// entries goes through the chunks.
func (m *blocks) entries(ctx context.Context) iter.Seq2[counts.Entries, error] {
	return func(yield func(counts.Entries, error) bool) {
		for b, err := range m.scan.Blocks() {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(counts.Entries{}, err)
				return
			}
			m.nonzero(b)
			if !yield(m.found, nil) {
				return
			}
		}
	}
}

// nonzero finds what is not zero in a block.
func (m *blocks) nonzero(b hdf5.Block) {
	rows, cols, values := m.found.Cells[:0], m.found.Genes[:0], m.found.Values[:0]
	if m.byGene {
		rows, cols = cols, rows
	}
	for row := range b.Rows {
		for col, v := range b.Values[row*b.Cols : (row+1)*b.Cols] {
			if v != 0 {
				rows, cols, values = append(rows, uint32(b.Row+row)), append(cols, uint32(b.Col+int64(col))), append(values, v)
			}
		}
	}
	if m.byGene {
		rows, cols = cols, rows
	}
	m.found = counts.Entries{Cells: rows, Genes: cols, Values: values}
}

// About is what the file says of the matrix.
func (m *blocks) About() About { return m.about }

// Close closes the dataset.
func (m *blocks) Close() {
	m.sorted.Close()
	m.scan.Close()
	m.d.Close()
}
