//go:build cgo

package hdf5

import "math"

// measured is up to how many large chunks are asked for their size in the file.
const measured = 1 << 12

// grid is how chunks tile a dataset. A Scan goes along one axis; the chunks at the
// same place of it lie across.
type grid struct {
	way         Way
	rows, cols  int64 // of the dataset; cols is 1 for one axis
	deep, wide  int64 // of a chunk: along and across
	long, broad int64 // of the dataset: along and across
	across      int64 // chunks side by side
	chunks      int64 // in all
	axes        int
}

// offset is where chunk k begins: one number an axis.
func (g *grid) offset(k int64) []int64 {
	along, across := k/g.across*g.deep, k%g.across*g.wide
	if g.way == ByColumns {
		along, across = across, along
	}
	return []int64{along, across}[:g.axes]
}

// layOut works out how d is read in that way.
func (d *Dataset) layOut(way Way) (*Scan, error) {
	s := &Scan{d: d, grid: grid{way: way, cols: 1, axes: len(d.is.shape)}}
	var err error
	if s.recipe, s.direct, err = d.recipe(); err != nil {
		return nil, d.failure("read", err)
	}
	if s.axes < 1 || s.axes > 2 || d.is.null {
		s.direct, s.axes = false, max(1, min(s.axes, 2))
		return s, nil
	}
	if s.rows = d.is.shape[0]; s.axes > 1 {
		s.cols = d.is.shape[1]
	}
	chunk := d.tile(s.rows, s.cols)
	s.deep, s.long, s.wide, s.broad = chunk[0], s.rows, chunk[1], s.cols
	if way == ByColumns {
		s.deep, s.long, s.wide, s.broad = s.wide, s.broad, s.deep, s.long
	}
	s.across = ceil(s.broad, s.wide)
	s.chunks = s.across * ceil(s.long, s.deep)
	s.direct = s.direct && s.chunks > 0
	if s.direct {
		s.most = s.mostRaw()
	}
	return s, nil
}

// tile is the rows and columns of a chunk; what is not chunked is cut in rows.
func (d *Dataset) tile(rows, cols int64) [2]int64 {
	switch {
	case d.chunkBytes() == 0:
		return [2]int64{max(1, min(rows, blockValues/max(cols, 1))), max(cols, 1)}
	case len(d.chunk) > 1:
		return [2]int64{d.chunk[0], d.chunk[1]}
	}
	return [2]int64{d.chunk[0], 1}
}

func ceil(n, by int64) int64 { return (n + by - 1) / by }

// mostRaw bounds the bytes stored of one chunk. Large chunks are asked, since they
// decide what fits.
func (s *Scan) mostRaw() int64 {
	bound := mostStored(int64(s.recipe.bytes))
	if s.recipe.bytes < 1<<20 || s.chunks > measured {
		return bound
	}
	enter()
	defer leave()
	most := int64(0)
	for k := range s.chunks {
		if n := chunkStored(s.d, s.offset(k)); n > 0 { // an error comes again with the chunk
			most = max(most, n)
		}
	}
	return min(most, bound)
}

// each is the bytes that one chunk takes: as stored, decoded, and between the steps
// of decoding.
func (s *Scan) each() int64 {
	n := s.most + int64(s.recipe.bytes)
	if s.recipe.shuffle > 1 {
		n += int64(s.recipe.bytes)
	}
	return n
}

// least is how many chunks must be in memory together.
func (s *Scan) least() int64 {
	if s.way == ByBlocks {
		return 1
	}
	return s.across
}

// fitting is how many chunks may be in memory: all where there is room, else what
// is needed and some ahead.
func (s *Scan) fitting(memory int64) int64 {
	fit := memory / s.each()
	ahead := max(2, min(scanChunks, scanAhead/int64(s.recipe.bytes)))
	if s.way == ByBlocks && fit >= s.chunks {
		return s.chunks
	}
	return max(s.least(), min(fit, max(s.least()+1, ahead)))
}

// Takes is the bytes that the Scan's chunks take.
func (s *Scan) Takes() int64 {
	switch {
	case s.direct:
		return times(min(s.window, s.chunks), s.each())
	case s.cached():
		return s.libraryCache() + 3*s.d.chunkBytes()
	}
	return 0
}

// cached tells whether libhdf5 reads d by chunks.
func (s *Scan) cached() bool { return !s.direct && s.d.chunkBytes() > 0 && s.chunks > 0 }

// libraryCache is the cache that libhdf5 needs in order to decode a chunk once. To
// decode it, its filters take as much again as stored, and may take it twice.
func (s *Scan) libraryCache() int64 { return times(s.least(), s.d.chunkBytes()) }

// Needs is the bytes that reading d in that way takes at least: its chunks, stored
// and decoded.
func (d *Dataset) Needs(way Way) (int64, error) {
	s, err := d.layOut(way)
	if err != nil {
		return 0, err
	}
	s.window = s.least()
	return s.Takes(), nil
}

// times is a product, or the largest number.
func times(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64/2/b {
		return math.MaxInt64 / 2
	}
	return a * b
}
