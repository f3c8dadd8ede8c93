package model

import (
	"context"
	"fmt"
)

// PieceCells is how many cells of a Section are read together.
const PieceCells = 64

// Source is where cells are kept that need not fit in memory: see Section for
// those that a Trainer takes from it.
type Source interface {
	// Read appends the cells of rows, which ascend, to into, in that order,
	// each with the code of its batch and the number that names its random
	// streams. It keeps neither argument. Several goroutines may call it at the
	// same time. An error ends the work that the cells were wanted for.
	Read(rows []int32, into *Cells) error
	// Soon tells that rows are likely to be read before long, so that a slow
	// disk may begin. It returns at once.
	Soon(rows []int32)
}

// Section is some rows of a Source: those to train on, or to validate with.
type Section struct {
	Rows   []int32  // ascending
	Pieces []Extent // the room that rows 64k … 64k+63 of Rows take, for each k
}

// Len is the number of cells.
func (s *Section) Len() int { return len(s.Rows) }

// piece is the rows of piece k.
func (s *Section) piece(k int) []int32 {
	return s.Rows[k*PieceCells : min((k+1)*PieceCells, len(s.Rows))]
}

// Extent is the room that all cells of the section take.
func (s *Section) Extent() Extent {
	var e Extent
	for _, p := range s.Pieces {
		e.Add(p)
	}
	return e
}

// Dataset is the cells of a training, as a Source keeps them.
type Dataset struct {
	Width
	Source     Source
	Train, Val Section
}

// Bytes is the memory that all cells take together.
func (d *Dataset) Bytes() int64 {
	e := d.Train.Extent()
	e.Add(d.Val.Extent())
	return e.Bytes(d.Width, int64(d.Train.Len()+d.Val.Len()))
}

// Load reads all cells, those to train on first, with several threads.
func (d *Dataset) Load(ctx context.Context, threads int) (*Cells, error) {
	e := d.Train.Extent()
	e.Add(d.Val.Extent())
	n := d.Train.Len() + d.Val.Len()
	w := window{cells: NewCells(d.Width, n, e)}
	for _, s := range []*Section{&d.Train, &d.Val} {
		for k := range s.Pieces {
			w.add(s, k)
		}
	}
	w.cells.stretch(n, e)
	team := newWorkers(threads)
	defer team.close()
	return w.cells, w.finish(ctx, team, d.Source)
}

// load is a piece and where in a window's cells it goes.
type load struct {
	rows  []int32
	first int    // cell
	at    Extent // counts before it
	size  Extent
}

// do reads the piece into its place in cells.
func (l *load) do(source Source, cells *Cells) error {
	part := cells.part(l.first, len(l.rows), l.at, l.size)
	if err := source.Read(l.rows, &part); err != nil {
		return err
	}
	end := l.at
	end.Add(l.size)
	if part.Len() != l.first+len(l.rows) || part.Extent() != end {
		return fmt.Errorf("%d cells with %v counts were read where %d with %v were announced: the data changed meanwhile",
			part.Len()-l.first, part.Extent(), len(l.rows), end)
	}
	return nil
}
