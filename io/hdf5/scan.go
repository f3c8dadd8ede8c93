//go:build cgo

package hdf5

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// scanAhead is how many bytes of values are decoded ahead of what was asked for,
// where the memory allows, in at most scanChunks chunks.
const (
	scanAhead  = 8 << 20
	scanChunks = 64
)

// Scan reads a numeric dataset of one axis or of two from front to back, in one
// Way. Where the dataset is chunked, its filters are undone by Decoders, some
// chunks ahead of what was asked for; where its filters or its type are not known
// here, and where it is contiguous, libhdf5 reads it. Ranges may also go back: then
// it starts anew there. It is used by one goroutine.
type Scan struct {
	d      *Dataset
	pool   *Decoders
	recipe recipe
	direct bool // by chunks
	grid
	most   int64 // bytes stored of one chunk, at most
	window int64 // of chunks in the queue

	head, next  int64 // chunk first in the queue, and the one to follow its last
	queue, free []*chunk
	fill        uint64 // the bytes of the value of what is not stored,
	filled      bool   // once they are known
	ints        []int64
	piece       []float64
}

// Scan begins to read d, with memory bytes for chunks: at least what Needs says
// for that way is taken. Close the Scan before d and the pool.
func (d *Dataset) Scan(pool *Decoders, way Way, memory int64) (*Scan, error) {
	s, err := d.layOut(way)
	if err != nil {
		return nil, err
	}
	s.pool = pool
	if s.direct {
		s.window = s.fitting(memory)
		return s, nil
	}
	if s.cached() {
		return s, d.setCache(s.libraryCache())
	}
	return s, nil
}

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
	s.queue = s.queue[1:]
	s.head++
}

// seek makes chunk k the first in the queue and asks for those after it. Where all
// chunks have a place they stay.
func (s *Scan) seek(k int64) {
	if k < s.head || k > s.next {
		s.restart(k)
	}
	for s.head < k && s.window < s.chunks {
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
	offset := s.offset(k)
	enter()
	defer leave()
	n := chunkStored(s.d, offset)
	c.missing = n == 0
	switch {
	case n < 0:
		c.err = s.d.failure("read", kept())
	case n > mostStored(int64(s.recipe.bytes)):
		c.err = s.d.file.fault(s.d.place, fmt.Sprintf("the chunk at %v claims %d bytes for %d", offset, n, s.recipe.bytes), Damaged)
	case n > 0:
		if int64(cap(c.raw)) < n {
			c.raw = make([]byte, max(n, s.most)) // once
		}
		c.raw = c.raw[:n]
		var skipped C.uint32_t
		if C.h5x_read_chunk(C.hid_t(s.d.id), C.int(len(offset)), ints(offset), &skipped, at(c.raw)) < 0 {
			c.err = s.d.failure("read", kept())
		}
		c.skipped = uint32(skipped)
	}
	return c
}

// chunkStored is the bytes stored of the chunk at offset, 0 where there is none,
// negative after an error; under the lock.
func chunkStored(d *Dataset, offset []int64) int64 {
	return int64(C.h5x_chunk_bytes(C.hid_t(d.id), C.int(len(offset)), ints(offset)))
}

// mostStored is the most bytes that a chunk of that many is stored in: no codec
// makes more of them.
func mostStored(bytes int64) int64 { return bytes + bytes/8 + 1024 }

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
	if c.rc == C.H5X_MEMORY {
		return nil, s.d.failure("read", errLibrary(noMemory))
	}
	if why := c.wrong(); why != "" {
		return nil, s.d.file.fault(s.d.place, fmt.Sprintf("the chunk of values at %d %s", s.offset(k)[0], why), Damaged)
	}
	return c, nil
}

// fillBytes is the value of what is not stored, as the dataset's type in this
// machine's order.
func (s *Scan) fillBytes() ([]byte, error) {
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&s.fill)), s.d.is.Size)
	if s.filled {
		return bytes, nil
	}
	enter()
	defer leave()
	if err := check(C.h5x_fill(C.hid_t(s.d.id), unsafe.Pointer(&s.fill))); err != nil {
		return nil, s.d.failure("read", err)
	}
	s.filled = true
	return bytes, nil
}
