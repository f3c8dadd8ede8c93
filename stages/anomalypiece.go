package stages

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"cellvi/pipeline"
)

// What is judged of a group of cells is a piece of the log that a run goes on from: the
// sums by gene and cell, the candidates, and the scores where they are asked for.

// openLog takes up what an earlier run has judged.
func (s *Anomaly) openLog(ctx context.Context, j *judge, job *pipeline.Job) (*pieceLog, error) {
	options := s.Options
	options.Keep = nil // the cells say it
	key, err := pieceLogKey{Stage: s.Name(), Options: options, Cells: sumRows(j.rows)}.of(ctx, j.fitted, s.Prepared(), s.Model())
	if err != nil {
		return nil, err
	}
	return openPieceLog(job, s.Judging(), key)
}

// judgedSizes are how much a piece holds; it begins with them.
type judgedSizes struct{ Genes, Cells, Candidates, Scores, Tests int64 }

// judgedIn is the cells of a piece.
func judgedIn(piece []byte) int {
	var sizes judgedSizes
	if _, err := binary.Decode(piece, binary.LittleEndian, &sizes); err != nil {
		return 0
	}
	return int(sizes.Cells)
}

// encode appends the group.
func (g *judgedGroup) encode(piece []byte) []byte {
	s := &g.sums
	sizes := &judgedSizes{int64(len(s.genes)), int64(len(s.cells)), int64(len(s.candidates)), int64(len(g.scores)), s.tests}
	values := append([]any{sizes}, g.values()...)
	piece = slices.Grow(piece, sizeOf(values)+sha256.Size) // which the log appends
	for _, v := range values {
		var err error
		if piece, err = binary.Append(piece, binary.LittleEndian, v); err != nil {
			panic(fmt.Sprintf("stages: %T has no fixed size: %v", v, err))
		}
	}
	return piece
}

// values are what a piece holds behind its sizes.
func (g *judgedGroup) values() []any {
	s := &g.sums
	values := []any{s.genes, s.cells, &s.calibration, s.candidates}
	for _, c := range g.scores {
		values = append(values, c.Float32)
	}
	return values
}

// sizeOf is the bytes of values in a piece.
func sizeOf(values []any) (size int) {
	for _, v := range values {
		size += binary.Size(v)
	}
	return size
}

// decode takes the group from a piece; false where it is of another shape.
func (g *judgedGroup) decode(piece []byte, genes int) bool {
	take := func(v any) bool {
		n, err := binary.Decode(piece, binary.LittleEndian, v)
		piece = piece[n:]
		return err == nil
	}
	n := g.to - g.from
	var sizes judgedSizes
	if !take(&sizes) || sizes.Genes != int64(genes) || sizes.Cells != int64(n) || sizes.Scores != int64(len(g.scores)) ||
		sizes.Candidates < 0 || sizes.Candidates > int64(len(piece)) { // each is more than a byte
		return false
	}
	s := &g.sums
	s.begin(genes, n)
	s.tests, s.candidates = sizes.Tests, resized(s.candidates, int(sizes.Candidates))
	values := g.values()
	if sizeOf(values) != len(piece) {
		return false
	}
	for _, v := range values {
		take(v) // of the size that is there
	}
	return true
}
