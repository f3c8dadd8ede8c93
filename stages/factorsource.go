package stages

import (
	"math"
	"path/filepath"
	"sync"

	"cellvi/io/results"
	"cellvi/model"
	"cellvi/model/factor"
	"cellvi/pipeline"
)

// logNormalized gives counts as log(1 + target·count/total), total over all genes of
// the store: scanpy's normalize_total and log1p before genes are chosen. It implements
// factor.Source; rows are kept cells.
type logNormalized struct {
	source  model.Source
	width   model.Width
	scale   []float64 // of each kept cell, target / total
	scratch sync.Pool // of *normalizing
}

// normalizing is one reader's memory.
type normalizing struct {
	cells  *model.Cells
	counts []float32
	small  [64]float64 // log(1 + scale·count) by count, of one cell; 0: not computed yet
}

func newLogNormalized(source model.Source, width model.Width, scale []float64) *logNormalized {
	return &logNormalized{source: source, width: width, scale: scale,
		scratch: sync.Pool{New: func() any { return &normalizing{cells: model.NewCells(width, 0, model.Extent{})} }}}
}

// Read makes into the cells of rows.
func (s *logNormalized) Read(rows []int32, into *factor.Rows) error {
	x := s.scratch.Get().(*normalizing)
	defer s.scratch.Put(x)
	x.cells.Reset()
	if err := s.source.Read(rows, x.cells); err != nil {
		return err
	}
	into.Ptr, into.Genes, into.Y, x.counts = append(into.Ptr[:0], 0), into.Genes[:0], into.Y[:0], x.counts[:0]
	into.Item = append(into.Item[:0], x.cells.Item...)
	for i := range x.cells.Len() {
		into.Genes, x.counts = x.cells.AppendRow(i, into.Genes, x.counts)
		into.Y = x.normalize(into.Y, s.scale[rows[i]])
		into.Ptr = append(into.Ptr, int32(len(into.Genes)))
	}
	return nil
}

// normalize appends to y what the counts behind those of y become.
func (x *normalizing) normalize(y []float64, scale float64) []float64 {
	clear(x.small[:])
	for _, c := range x.counts[len(y):] {
		k := int(c)
		if k >= len(x.small) || float32(k) != c {
			y = append(y, math.Log1p(scale*float64(c)))
			continue
		}
		if x.small[k] == 0 {
			x.small[k] = math.Log1p(scale * float64(k))
		}
		y = append(y, x.small[k])
	}
	return y
}

// scales reads of every kept cell target / its total counts.
func scales(prepared string, target float64) (out []float64, err error) {
	path := filepath.Join(prepared, "cells.parquet")
	r, err := results.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close() // only read from
	out = make([]float64, 0, r.Rows())
	for g := range r.RowGroups() {
		t, err := r.Read(g, "library_size")
		if err != nil {
			return nil, err
		}
		c := t.Column("library_size")
		if c == nil || len(c.Float64) != t.Rows() {
			return nil, pipeline.BadInput("%s: column library_size is missing, or not of type float64: it was not made by this version of cellvi prepare", path)
		}
		for _, total := range c.Float64 {
			scale := 0.0 // of a cell without counts
			if total > 0 {
				scale = target / total
			}
			out = append(out, scale)
		}
	}
	return out, nil
}
