package stages

import (
	"context"
	"errors"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// footBytes is about what a column of a row group takes in the footer of a file that is
// read.
const footBytes = 1000

// fits holds what gathering the table takes to the budget: two row groups, the
// records of all, and a part's footer.
func (t *gathered) fits(job *pipeline.Job) error {
	columns := int64(len(t.columns))
	row := columns*4 + nameBytes
	most, footer := int64(0), 0
	groups := t.groups()
	for _, g := range groups {
		most = max(most, int64(g.to-g.from))
	}
	for i := range t.pieces {
		footer = max(footer, len(t.pieces[i].rows()))
	}
	need := int64(programBytes+garbageBytes) + 2*most*row + int64(len(groups))*columns*chunkBytes + int64(footer)*columns*footBytes
	if job.Memory > 0 && need > job.Memory {
		return pipeline.OverMemory("%s: joining %s of %d columns needs about %s, --memory allows %s: raise it",
			t.name, plural(int64(t.cells()), "cell", "cells"), columns, human(need), human(job.Memory))
	}
	return nil
}

// write streams the table, a row group at a time: while one is written the next is read.
func (t *gathered) write(ctx context.Context, job *pipeline.Job, path string) error {
	schema := results.Schema{Index: t.columns[0], Columns: []results.Field{{Name: t.columns[0], Type: results.String}}}
	for _, name := range t.columns[1:] {
		schema.Columns = append(schema.Columns, results.Field{Name: name, Type: results.Float32})
	}
	if t.name == refinedName {
		schema.Metadata = map[string]string{refinedEntry: t.pieces[0].Refine}
	}
	w, err := results.Create(path, schema)
	if err != nil {
		return err
	}
	job.Progress.Begin("gathering "+t.name, "cells", int64(t.cells()))
	defer job.Progress.End()
	from := &pieceReader{t: t}
	err = overlap(t.groups(),
		func(g *gatheredGroup, first, end int) error { return from.fill(ctx, job, g, end-first) },
		func(g *gatheredGroup) error { return w.WriteRowGroup(g.columns) })
	return errors.Join(err, from.close(), w.Close())
}

// gatheredGroup is a row group of the whole.
type gatheredGroup struct{ columns []results.Column }

// room makes g that of n cells.
func (g *gatheredGroup) room(columns []string, n int) {
	if g.columns == nil {
		g.columns = make([]results.Column, len(columns))
	}
	for i, name := range columns {
		c := &g.columns[i]
		c.Name = name
		if i == 0 {
			c.String = resized(c.String, n)
		} else {
			c.Float32 = resized(c.Float32, n)
		}
	}
}

// pieceReader reads the parts' row groups one after the other.
type pieceReader struct {
	t      *gathered
	next   int // part to open
	piece  *partFile
	file   *results.Reader // nil: none is open
	group  int             // of the file, to read next
	digest *digest
}

// fill reads the next n cells, which is a whole number of the parts' row groups.
func (r *pieceReader) fill(ctx context.Context, job *pipeline.Job, g *gatheredGroup, n int) error {
	g.room(r.t.columns, n)
	for at := 0; at < n; {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := r.read(g.columns, at)
		if err != nil {
			return err
		}
		at += rows
		job.Progress.Add(int64(rows))
	}
	return nil
}

// read reads the next row group of the parts into rows at … of cols.
func (r *pieceReader) read(cols []results.Column, at int) (rows int, err error) {
	for r.file == nil {
		if err := r.open(); err != nil {
			return 0, err
		}
	}
	rows = int(r.file.GroupRows(r.group))
	if err := r.file.ReadRows(r.group, cols, at); err != nil {
		return 0, err
	}
	r.digest.add(cols, at, rows)
	if r.group++; r.group < r.file.RowGroups() {
		return rows, nil
	}
	if r.digest.sum() != r.piece.SHA256 {
		return 0, pipeline.BadInput("%s: its names and numbers are not those that were written (SHA-256): the file is damaged: make part %d of %d again", r.piece.path, r.piece.Part, r.piece.Of)
	}
	return rows, r.close()
}

// open opens the next part's file; none where it has no cells.
func (r *pieceReader) open() (err error) {
	path := r.t.pieces[r.next].path
	if r.file, r.piece, err = openPiece(path); err != nil {
		return err
	}
	if r.piece.SHA256 != r.t.pieces[r.next].SHA256 {
		return pipeline.BadInput("%s: changed while it was read: let its writer end first", path)
	}
	r.next, r.group, r.digest = r.next+1, 0, newDigest()
	if r.file.RowGroups() == 0 {
		return r.close()
	}
	return nil
}

// close closes the file, if one is open.
func (r *pieceReader) close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
