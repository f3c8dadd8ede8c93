package arrowtable

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"cellvi/io/counts"
)

// wideFiller reads a wide table: of a row group or record batch one gene after the
// other, sorted by cell.
type wideFiller struct {
	r      *Reader
	cursor *cursor
	file   int
	part   int
	done   int64 // cells of the part that were read
	sorted *counts.ByCell
	passes int // over the part
	counts.Entries
}

func (r *Reader) openWide(ctx context.Context) error {
	rows, err := r.table.newRowReader(ctx, r.plan.cell, r.plan.annotations, r.opt.Memory/4)
	if err != nil {
		return err
	}
	r.notes = append(r.notes, rows.notes...)
	r.obs, r.cells = rows.header, r.table.rows()
	r.genes = &counts.Frame{}
	var computed []string
	for _, k := range r.plan.genes {
		name := r.table.columns[k].name
		r.genes.Names = append(r.genes.Names, name)
		if slices.Contains(summaries, name) {
			computed = append(computed, name)
		}
	}
	if len(computed) > 0 {
		r.notes = append(r.notes, fmt.Sprintf("%s: columns that look computed are taken for genes: %d, the first %s: --obs-columns names those that annotate cells",
			r.path, len(computed), computed[0]))
	}
	if err := r.checkParts(); err != nil {
		return err
	}
	r.filler = &wideFiller{r: r, cursor: r.table.newCursor(ctx, rows)}
	return nil
}

// checkParts holds that the bookkeeping of sorting the largest part fits: 8 bytes
// for 64 cells.
func (r *Reader) checkParts() error {
	for _, f := range r.table.files {
		for _, rows := range f.parts() {
			if need := rows / 8; need > r.opt.Memory/4 {
				return &counts.MemoryError{File: f.name(), Found: fmt.Sprintf("%s rows are together in one part of the file", counts.Thousands(rows)),
					Need: 4 * need, Allow: r.opt.Memory, Advice: "write the file in smaller row groups or record batches"}
			}
		}
	}
	return nil
}

// fill reads the next cells of the part, or of the next one that has some.
func (w *wideFiller) fill(ctx context.Context, t *counts.Table) error {
	f := w.r.table.files[w.file]
	for w.part == len(f.parts()) || w.done == f.parts()[w.part] {
		w.finish()
		if w.part++; w.part >= len(f.parts()) {
			w.file, w.part = w.file+1, 0
			f = w.r.table.files[w.file]
		}
	}
	rows := f.parts()[w.part]
	if w.sorted == nil {
		w.sorted = counts.NewByCell(w.entries, rows, int64(w.r.genes.Len()), w.r.opt.Memory/2)
	}
	n, err := w.sorted.Fill(ctx, w.done, min(batchCells, rows-w.done), t)
	if err != nil {
		return err
	}
	w.done += n
	t.Obs, err = w.cursor.take(int(n))
	return err
}

// finish lets go of a part.
func (w *wideFiller) finish() {
	if w.sorted != nil {
		w.sorted.Close()
	}
	w.sorted, w.done, w.passes = nil, 0, 0
}

// mostEntries is how many entries are handed over at least, where there are as many.
const mostEntries = 1 << 16

// entries gives the counts of the part, gene by gene.
func (w *wideFiller) entries(ctx context.Context) iter.Seq2[counts.Entries, error] {
	w.passes++
	pass := w.passes
	return func(yield func(counts.Entries, error) bool) {
		f := w.r.table.files[w.file]
		w.r.table.current = f.name()
		w.Cells, w.Genes, w.Values = w.Cells[:0], w.Genes[:0], w.Values[:0]
		for g, k := range w.r.plan.genes {
			cell := uint32(0)
			for p, err := range f.numbers(ctx, w.part, w.r.table.field(w.file, k)) {
				if err != nil {
					yield(counts.Entries{}, err)
					return
				}
				if pass == 1 {
					w.r.nulls += p.nulls
				}
				cell = w.add(uint32(g), cell, p.values)
				if len(w.Cells) < mostEntries {
					continue
				}
				if !yield(w.Entries, nil) {
					return
				}
				w.Cells, w.Genes, w.Values = w.Cells[:0], w.Genes[:0], w.Values[:0]
			}
		}
		yield(w.Entries, nil)
	}
}

// add takes in values of a gene from a cell on, and gives the cell after them.
func (w *wideFiller) add(gene, cell uint32, values []float64) uint32 {
	for _, v := range values {
		if v != 0 {
			w.Cells, w.Genes, w.Values = append(w.Cells, cell), append(w.Genes, gene), append(w.Values, v)
		}
		cell++
	}
	return cell
}

func (w *wideFiller) close() {
	w.finish()
	w.cursor.stop()
}
