package store

import (
	"crypto/sha256"
	"encoding/hex"
)

// bounds are the first byte of batch i's segment and the one after its last.
func (f *arrowFile) bounds(i int) (start, end int64) {
	if i > 0 {
		start = f.segments[i-1].end
	}
	return start, f.segments[i].end
}

// around is how far from a byte that is touched the system may map pages too: up
// to a large folio of its page cache. Measured on Linux 6.18: a quarter of a file
// stayed resident where drop took no more than each batch's own pages.
const around = 2 << 20

// drop lets the system have back the memory of batch i's pages: they are the
// file's and come again when touched. Without it, what was ever read would stay
// resident.
func (f *arrowFile) drop(i int) {
	start, end := f.bounds(i)
	releasePages(f.data, max(start-around, 0), min(end+around, int64(len(f.data))))
}

// Soon tells that cells from … to−1 of batch i will be read before long. It
// returns at once.
func (s *Store) Soon(i, from, to int) {
	start, end := s.cells.bounds(i)
	if !s.cells.verified[i].Load() { // all of it will be read
		expectPages(s.cells.data, start, end)
		return
	}
	n, size := int64(min(BatchCells, s.Cells()-i*BatchCells)), end-start
	// Where a column's bytes begin is not known here, so each column's share is
	// taken to be alike: most of a segment is genes and counts, two or one bytes
	// to a nonzero.
	for _, column := range [][2]int64{{0, size * 2 / 3}, {size * 2 / 3, size}} {
		width := column[1] - column[0]
		expectPages(s.cells.data, start+column[0]+width*int64(from)/n, start+column[0]+width*int64(to)/n)
	}
}

// Checksum tells apart stores of different content: the SHA-256 of where the
// record batches of cells.arrow end and of their CRCs.
func (s *Store) Checksum() string {
	sum := sha256.Sum256(encodeTrailer(s.cells.segments))
	return hex.EncodeToString(sum[:])
}
