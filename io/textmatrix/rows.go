package textmatrix

import (
	"context"
	"errors"
	"io"
	"iter"

	"cellvi/io/counts"
	"cellvi/io/textfile"
)

// rows reads the lines that are rows, from the first on.
type rows struct {
	*row
}

// openRows opens the file behind its head.
func openRows(path string, h *head, opt Options) (*rows, error) {
	f, err := textfile.Open(path, textfile.Options{Memory: opt.memory() / 2, Threads: opt.Threads})
	if err != nil {
		return nil, err
	}
	for range h.line {
		if _, err := f.Line(); err != nil {
			_ = f.Close() // only read from; the fault is what counts
			return nil, changed(f, err)
		}
	}
	return &rows{newRow(f, h)}, nil
}

// next is the next line that is a row; after the last, io.EOF.
func (r *rows) next() ([]byte, error) {
	for {
		if line, err := r.file.Line(); err != nil || len(line) > 0 {
			return line, err
		}
	}
}

// changed is what an end where none was says.
func changed(f *textfile.File, err error) error {
	if errors.Is(err, io.EOF) {
		return f.Fault("", "the file changed while it was read", "")
	}
	return err
}

// fill puts the next n rows, which are cells, into t, or fewer where they have many
// counts.
func (r *rows) fill(ctx context.Context, n int64, t *counts.Table) error {
	t.Obs.Names, t.Indptr = t.Obs.Names[:0], append(t.Indptr[:0], 0)
	r.columns, r.values = r.columns[:0], r.values[:0]
	for ; n > 0 && len(r.values) < tableEntries; n-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, err := r.next()
		if err != nil {
			return changed(r.file, err)
		}
		name, rest := r.split(line)
		t.Obs.Names = append(t.Obs.Names, string(name))
		if err := r.add(rest); err != nil {
			return err
		}
		t.Indptr = append(t.Indptr, int64(len(r.values)))
	}
	t.Genes, t.Values = r.columns, r.values
	return nil
}

// entriesPiece is about how many entries come at a time.
const entriesPiece = 1 << 16

// entries reads all rows, which are genes; see counts.EntrySource.
func (r *Reader) entries(ctx context.Context) iter.Seq2[counts.Entries, error] {
	return func(yield func(counts.Entries, error) bool) {
		lines, err := openRows(r.path, r.survey.head, r.opt)
		if err != nil {
			yield(counts.Entries{}, err)
			return
		}
		defer lines.file.Close() // only read from
		var genes []uint32
		for gene := range r.survey.rows {
			if genes, err = lines.addGene(ctx, uint32(gene), genes); err != nil {
				yield(counts.Entries{}, err)
				return
			}
			if len(genes) < entriesPiece && gene < r.survey.rows-1 {
				continue
			}
			if !yield(counts.Entries{Cells: lines.columns, Genes: genes, Values: lines.values}, nil) {
				return
			}
			lines.columns, lines.values, genes = lines.columns[:0], lines.values[:0], genes[:0]
		}
	}
}

// addGene appends the counts of the next row, which is this gene.
func (r *rows) addGene(ctx context.Context, gene uint32, genes []uint32) ([]uint32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	line, err := r.next()
	if err != nil {
		return nil, changed(r.file, err)
	}
	_, rest := r.split(line)
	if err := r.add(rest); err != nil {
		return nil, err
	}
	for len(genes) < len(r.columns) {
		genes = append(genes, gene)
	}
	return genes, nil
}
