//go:build cgo

package hdf5

import "iter"

// Blocks goes through the whole dataset of a Scan by blocks, chunk by chunk, each
// decoded once, and yields the values of each in pieces of at most 65,536. A chunk that
// is not stored is passed over where its values would be zero. After an error nothing
// more comes. The Values are the Scan's, until it goes on.
func (s *Scan) Blocks() iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		for k := range s.chunks {
			chunk, err := s.chunkValues(k)
			if err != nil {
				yield(Block{}, err)
				return
			}
			if chunk == nil {
				continue
			}
			for b := range pieces(s.extent(k)) {
				b.Values, err = chunk(b)
				if !yield(b, err) || err != nil {
					return
				}
			}
		}
	}
}

// extent is the part of the dataset that chunk k covers.
func (s *Scan) extent(k int64) Block {
	row, col := k/s.across*s.deep, k%s.across*s.wide
	return Block{Row: row, Col: col, Rows: min(s.deep, s.rows-row), Cols: min(s.wide, s.cols-col)}
}

// pieces cuts a block in parts of at most blockValues, which follow each other.
func pieces(whole Block) iter.Seq[Block] {
	cols := min(whole.Cols, blockValues)
	rows := max(1, blockValues/max(cols, 1))
	return func(yield func(Block) bool) {
		for row := int64(0); row < whole.Rows; row += rows {
			for col := int64(0); col < whole.Cols; col += cols {
				b := Block{Row: whole.Row + row, Col: whole.Col + col, Rows: min(rows, whole.Rows-row), Cols: min(cols, whole.Cols-col)}
				if !yield(b) {
					return
				}
			}
		}
	}
}

// chunkValues gives what reads the values of pieces of chunk k; nil where they
// are all zero.
func (s *Scan) chunkValues(k int64) (func(Block) ([]float64, error), error) {
	if !s.direct {
		return s.libraryValues, nil
	}
	s.seek(k)
	c, err := s.wait(k)
	if err != nil {
		return nil, err
	}
	if c.missing {
		return s.fillValues()
	}
	whole, size := s.extent(k), int64(s.d.is.Size)
	return func(b Block) ([]float64, error) {
		v := s.room(b)
		for row := range b.Rows {
			at := (b.Row-whole.Row+row)*s.wide + b.Col - whole.Col
			s.floats(v[row*b.Cols:][:b.Cols], c.data[at*size:][:b.Cols*size])
		}
		return v, nil
	}, nil
}

// fillValues is chunkValues of a chunk that is not stored.
func (s *Scan) fillValues() (func(Block) ([]float64, error), error) {
	bytes, err := s.fillBytes()
	if err != nil {
		return nil, err
	}
	var one [1]float64
	if s.floats(one[:], bytes); one[0] == 0 {
		return nil, nil //nolint:nilnil // nothing to read, and no fault
	}
	return func(b Block) ([]float64, error) {
		v := s.room(b)
		for i := range v {
			v[i] = one[0]
		}
		return v, nil
	}, nil
}

func (s *Scan) libraryValues(b Block) ([]float64, error) {
	v := s.room(b)
	return v, Read(s.d, v, []int64{b.Row, b.Col}, []int64{b.Rows, b.Cols})
}

// room is the Scan's buffer for the values of a piece.
func (s *Scan) room(b Block) []float64 {
	if s.piece == nil {
		s.piece = make([]float64, blockValues)
	}
	return s.piece[:b.Rows*b.Cols]
}
