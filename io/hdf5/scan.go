//go:build cgo

package hdf5

// #include "shim.h"
import "C"

import (
	"fmt"
)

// Bounds of a Scan: chunks read ahead, in bytes of their values, and the chunks
// side by side that rows of two axes need at once; larger ones are left to libhdf5.
const (
	scanAhead = 8 << 20
	scanMost  = 64 << 20
)

// Scan reads a numeric dataset of one axis, or of two by whole rows, range after
// range from front to back. Where the dataset is chunked, its filters are undone
// by Decoders, some chunks ahead of what was asked for; where its filters or its
// type are not known here, and where it is contiguous, libhdf5 reads it. Ranges
// may also go back: then it starts anew there. It is used by one goroutine.
type Scan struct {
	d      *Dataset
	pool   *Decoders
	recipe recipe
	direct bool // by chunks

	rows, cols  int64 // of the dataset; cols is 1 for one axis
	deep, wide  int64 // of a chunk
	across      int64 // chunks side by side
	chunks      int64 // in all
	window      int64 // of chunks in the queue
	head, next  int64 // chunk first in the queue, and the one to follow its last, row by row
	queue, free []*chunk
	ints        []int64 // what libhdf5 read, on its way to uint32
}

// Scan begins to read d. Close the Scan before d and the pool.
func (d *Dataset) Scan(pool *Decoders) (*Scan, error) {
	s := &Scan{d: d, pool: pool, cols: 1}
	var err error
	if s.recipe, s.direct, err = d.recipe(); err != nil {
		return nil, d.failure("read", err)
	}
	if n := len(d.is.shape); n < 1 || n > 2 || d.is.null || d.stripe() > scanMost {
		s.direct = false
	}
	if len(d.is.shape) == 0 {
		return s, nil
	}
	if s.rows = d.is.shape[0]; len(d.is.shape) > 1 {
		s.cols = d.is.shape[1]
	}
	if s.direct = s.direct && s.rows > 0 && s.cols > 0; s.direct {
		s.lay()
	}
	return s, nil
}

// lay works out the grid of chunks.
func (s *Scan) lay() {
	s.deep, s.wide = s.d.chunk[0], 1
	if len(s.d.chunk) > 1 {
		s.wide = s.d.chunk[1]
	}
	s.across = (s.cols + s.wide - 1) / s.wide
	s.chunks = s.across * ((s.rows + s.deep - 1) / s.deep)
	s.window = max(s.across+1, min(64, scanAhead/int64(s.recipe.bytes)))
}

// Direct tells whether chunks are read without libhdf5's filters.
func (s *Scan) Direct() bool { return s.direct }

// Close waits for the chunks still being decoded.
func (s *Scan) Close() { s.restart(0) }

// restart lets go of all chunks and begins at chunk k.
func (s *Scan) restart(k int64) {
	for len(s.queue) > 0 {
		s.release()
	}
	s.head, s.next = k, k
}

// release lets go of the first chunk in the queue.
func (s *Scan) release() {
	c := s.queue[0]
	if c.recipe != nil { // not yet waited for
		<-c.done
	}
	s.free = append(s.free, c)
	s.queue = s.queue[:copy(s.queue, s.queue[1:])]
	s.head++
}

// seek makes chunk k the first in the queue and asks for those after it.
func (s *Scan) seek(k int64) {
	if k < s.head || k > s.next {
		s.restart(k)
	}
	for s.head < k {
		s.release()
	}
	for ; int64(len(s.queue)) < s.window && s.next < s.chunks; s.next++ {
		c := s.load(s.next)
		s.queue = append(s.queue, c)
		s.pool.submit(c)
	}
}

// load reads the stored bytes of chunk k. What goes wrong is told when the
// chunk's values are asked for.
func (s *Scan) load(k int64) *chunk {
	c := &chunk{done: make(chan struct{}, 1)}
	if n := len(s.free); n > 0 {
		c, s.free = s.free[n-1], s.free[:n-1]
	}
	c.recipe, c.err, c.rc, c.raw = &s.recipe, nil, 0, c.raw[:0]
	offset := []int64{k / s.across * s.deep, k % s.across * s.wide}[:len(s.d.is.shape)]
	enter()
	defer leave()
	n := int64(C.h5x_chunk_bytes(C.hid_t(s.d.id), C.int(len(offset)), ints(offset)))
	c.missing = n == 0
	switch {
	case n < 0:
		c.err = s.d.failure("read", kept())
	case n > int64(s.recipe.bytes)+int64(s.recipe.bytes)/8+1024: // no codec makes more of them
		c.err = s.d.file.fault(s.d.place, fmt.Sprintf("the chunk at %v claims %d bytes for %d", offset, n, s.recipe.bytes), Damaged)
	case n > 0:
		c.raw = resized(c.raw, int(n))
		var skipped C.uint32_t
		if C.h5x_read_chunk(C.hid_t(s.d.id), C.int(len(offset)), ints(offset), &skipped, at(c.raw)) < 0 {
			c.err = s.d.failure("read", kept())
		}
		c.skipped = uint32(skipped)
	}
	return c
}

// wait gives chunk k, which is in the queue, once it is decoded.
func (s *Scan) wait(k int64) (*chunk, error) {
	c := s.queue[k-s.head]
	if c.recipe != nil {
		<-c.done
		c.recipe = nil
	}
	if c.err != nil {
		return nil, c.err
	}
	if why := c.wrong(); why != "" {
		return nil, s.d.file.fault(s.d.place, fmt.Sprintf("the chunk of values at %d %s", k/s.across*s.deep, why), Damaged)
	}
	return c, nil
}

// scan fills dst with n rows from first on; convert takes the bytes of values in
// a row, fill is libhdf5's way for a block of the dataset.
func scan[T any](s *Scan, dst []T, first, n int64, convert func(dst []T, src []byte), fill func(dst []T, start, count []int64) error) error {
	if err := s.d.checkBlock(int64(len(dst)), s.corner(first, 0), s.corner(n, s.cols)); err != nil {
		return err
	}
	if !s.direct || n == 0 {
		return fill(dst, s.corner(first, 0), s.corner(n, s.cols))
	}
	for row := first / s.deep; row*s.deep < first+n; row++ {
		s.seek(row * s.across)
		from, to := max(first, row*s.deep), min(first+n, (row+1)*s.deep)
		for col := range s.across {
			c, err := s.wait(row*s.across + col)
			if err != nil {
				return err
			}
			p := patch{from: from, to: to, left: col * s.wide, width: min(s.wide, s.cols-col*s.wide), at: (from - first) * s.cols}
			if c.missing {
				err = fillPatch(s, dst, p, fill)
			} else {
				copyPatch(s, dst, p, c.data[(from-row*s.deep)*s.wide*int64(s.d.is.Size):], convert)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// corner is a place or an extent: one number an axis.
func (s *Scan) corner(row, col int64) []int64 { return []int64{row, col}[:max(1, len(s.d.is.shape))] }

// patch is what a range of rows has in common with a chunk: rows from to to, width
// columns from left on. In the range's values the first of these rows begins at at.
type patch struct{ from, to, left, width, at int64 }

// copyPatch converts the patch from a chunk's bytes, which begin with its first row.
func copyPatch[T any](s *Scan, dst []T, p patch, src []byte, convert func([]T, []byte)) {
	size := int64(s.d.is.Size)
	if s.wide == s.cols { // the rows follow each other
		n := (p.to - p.from) * p.width
		convert(dst[p.at:p.at+n], src[:n*size])
		return
	}
	for row := range p.to - p.from {
		at := p.at + row*s.cols + p.left
		convert(dst[at:at+p.width], src[row*s.wide*size:][:p.width*size])
	}
}

// fillPatch has libhdf5 give the fill values of a chunk that is not stored.
func fillPatch[T any](s *Scan, dst []T, p patch, fill func([]T, []int64, []int64) error) error {
	part := make([]T, (p.to-p.from)*p.width)
	if err := fill(part, s.corner(p.from, p.left), s.corner(p.to-p.from, p.width)); err != nil {
		return err
	}
	for row := range p.to - p.from {
		copy(dst[p.at+row*s.cols+p.left:], part[row*p.width:][:p.width])
	}
	return nil
}
