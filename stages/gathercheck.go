package stages

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// gathered is a table of cells in pieces.
type gathered struct {
	name    string // of the file, in the run's folder
	columns []string
	pieces  []partFile // in the order of the parts
}

// partFile is a part's file.
type partFile struct {
	path string
	partKey
}

// gather opens the parts of a table, and checks that they make a whole.
func gather(ctx context.Context, name string, paths []string) (*gathered, error) {
	t := &gathered{name: name}
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := t.add(path); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(t.pieces, func(a, b partFile) int { return a.Part - b.Part })
	return t, t.isWhole()
}

// add takes a file in that goes with those before it.
func (t *gathered) add(path string) error {
	r, p, err := openPiece(path)
	if err != nil {
		return err
	}
	columns := r.Columns()
	if err := r.Close(); err != nil {
		return err
	}
	if len(t.pieces) == 0 {
		t.columns = columns
	} else {
		if err := p.goesWith(&t.pieces[0]); err != nil {
			return err
		}
		if !slices.Equal(columns, t.columns) {
			return pipeline.BadInput("%s: has other columns than %s: make every part with the same options", path, t.pieces[0].path)
		}
	}
	t.pieces = append(t.pieces, *p)
	return nil
}

// goesWith refuses a part of another whole than first's.
func (p *partFile) goesWith(first *partFile) error {
	if p.Of != first.Of {
		return pipeline.BadInput("%s: is part %d of %d, %s is part %d of %d: gather parts of one number of parts", p.path, p.Part, p.Of, first.path, first.Part, first.Of)
	}
	if p.Refine != first.Refine {
		return pipeline.BadInput("%s: its posteriors are %s, those of %s are %s: embed every part with the same --refine", p.path, fittedAs(p.Refine), first.path, fittedAs(first.Refine))
	}
	return p.sameData(first)
}

// fittedAs says how posteriors were made.
func fittedAs(refine string) string {
	if refine == "" {
		return "the encoder's"
	}
	return "fitted to each cell (" + refine + ")"
}

// sameData refuses a part of other data than first's.
func (p *partFile) sameData(first *partFile) error {
	var what string
	switch {
	case p.Model != first.Model:
		what = "model"
	case p.Store != first.Store:
		what = "cells store"
	case p.Prepared != first.Prepared || p.Cells != first.Cells:
		what = "prepared folder"
	default: // one copy for all, of which there may be many thousands
		p.Model, p.Store, p.Prepared = first.Model, first.Store, first.Prepared
		return nil
	}
	return pipeline.BadInput("%s: was made of another %s than %s: make every part of the same", p.path, what, first.path)
}

// isWhole refuses parts that are there twice or are missing.
func (t *gathered) isWhole() error {
	var missing []string
	n, next := 0, 1
	skip := func(to int) {
		for ; next < to; next++ {
			if n++; n <= mostNamed {
				missing = append(missing, strconv.Itoa(next))
			}
		}
		next = to + 1
	}
	for i := range t.pieces {
		p := &t.pieces[i]
		if i > 0 && p.Part == t.pieces[i-1].Part {
			return pipeline.BadInput("%s: is part %d of %d, and so is %s: give each part once", p.path, p.Part, p.Of, t.pieces[i-1].path)
		}
		skip(p.Part)
	}
	of := t.pieces[0].Of
	skip(of + 1)
	if n == 0 {
		return nil
	}
	more := ""
	if n > mostNamed {
		more = ", …"
	}
	what := "part"
	if n > 1 {
		what = "parts"
	}
	return pipeline.BadInput("%s: misses %s %s%s of %d: name the folders of all parts",
		t.name, what, some(missing, mostNamed), more, of)
}

// mostNamed is how many missing parts are named.
const mostNamed = 20

// cells is how many there are in all.
func (t *gathered) cells() int { return t.pieces[0].Cells }

// paths are the pieces'.
func (t *gathered) paths() []string {
	var paths []string
	for i := range t.pieces {
		paths = append(paths, t.pieces[i].path)
	}
	return paths
}

// groups are the row groups of the whole.
func (t *gathered) groups() (groups []bounds) {
	from := 0
	for i := range t.pieces {
		for _, to := range t.pieces[i].Ends {
			groups, from = append(groups, bounds{from, to}), to
		}
	}
	return groups
}

// openPiece opens a part's file and holds it to what it says of itself.
func openPiece(path string) (*results.Reader, *partFile, error) {
	r, err := results.Open(path)
	if err != nil {
		return nil, nil, err
	}
	p := &partFile{path: path}
	if err := p.read(r); err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	return r, p, nil
}

// read takes the key and compares it with the file.
func (p *partFile) read(r *results.Reader) error {
	text, there := r.Metadata[partEntry]
	if !there {
		return pipeline.BadInput("%s: was written without --part, or by another program: gather joins what cellvi embed --part and reconstruct --part wrote", p.path)
	}
	if err := json.Unmarshal([]byte(text), &p.partKey); err != nil {
		return pipeline.BadInput("%s: its metadata %s is not as cellvi writes it (%w): make this part again", p.path, partEntry, err)
	}
	if p.Format != partFormat {
		return pipeline.BadInput("%s: is a part of format %d, this cellvi reads %d: use the version that wrote it", p.path, p.Format, partFormat)
	}
	if !p.isSound() || r.Index != "cell_id" || !slices.Equal(p.rows(), groupRowsOf(r)) {
		return pipeline.BadInput("%s: does not hold the rows that its metadata %s tells: it is damaged, or was written anew by another program: make this part again", p.path, partEntry)
	}
	return nil
}

// isSound tells whether the key makes sense.
func (p *partFile) isSound() bool {
	if p.Of < 1 || p.Of > mostParts || p.Part < 1 || p.Part > p.Of || p.Cells < 0 || p.Cells > math.MaxInt32 {
		return false
	}
	own, before := partBounds(p.Cells, p.Part, p.Of), p.First
	for _, end := range p.Ends {
		if end <= before || end > own.to {
			return false
		}
		before = end
	}
	return p.First == own.from && (p.Part < p.Of || before == p.Cells)
}

// rows are the sizes of the row groups that the file must have.
func (p *partFile) rows() (sizes []int64) {
	at := p.First
	for _, end := range append(slices.Clip(p.Ends), partBounds(p.Cells, p.Part, p.Of).to) {
		if end > at {
			sizes, at = append(sizes, int64(end-at)), end
		}
	}
	return sizes
}

// groupRowsOf are the sizes of the row groups that a file has.
func groupRowsOf(r *results.Reader) (sizes []int64) {
	for g := range r.RowGroups() {
		sizes = append(sizes, r.GroupRows(g))
	}
	return sizes
}
