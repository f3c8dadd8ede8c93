//go:build cgo

package hdf5

// #include "shim.h"
import "C"

import (
	"sync"
	"unsafe"
)

// recipe is how the chunks of a dataset become values without libhdf5: an
// optional shuffle and one codec, undone here, because libhdf5 runs its filters
// on one thread.
type recipe struct {
	codec   C.int  // H5X_STORED, H5X_DEFLATE or H5X_LZF
	shuffle C.int  // bytes of the values shuffled; 0: none
	swap    C.int  // bytes of the values to be turned around; 0: none
	bytes   int    // of a chunk
	codecAt uint32 // the codec's bit among the filters that a chunk left out
	shufAt  uint32
}

// recipe is false where chunks have to be left to libhdf5: other filters or types.
func (d *Dataset) recipe() (r recipe, ok bool, err error) {
	bytes := d.chunkBytes()
	if bytes == 0 || d.is.Class != Integer && d.is.Class != Float || !littleEndian() {
		return r, false, nil
	}
	enter()
	defer leave()
	var big C.int
	plain := C.h5x_plain(C.hid_t(d.id), &big)
	edges := C.h5x_edges_unfiltered(C.hid_t(d.id))
	if plain < 0 || edges < 0 {
		return r, false, kept()
	}
	if plain == 0 || edges > 0 {
		return r, false, nil
	}
	if big != 0 && d.is.Size > 1 {
		r.swap = C.int(d.is.Size)
	}
	r.bytes = int(bytes)
	for i, f := range d.filters {
		if known, err := r.add(d, i, f.ID); err != nil || !known {
			return r, false, err
		}
	}
	return r, true, nil
}

// add takes in filter i; false for one, or an order, that is not known here.
func (r *recipe) add(d *Dataset, i, id int) (bool, error) {
	bit := uint32(1) << i
	switch id {
	case 2:
		var size C.uint
		n := C.h5x_filter_values(C.hid_t(d.id), C.int(i), &size, 1)
		if n < 0 {
			return false, kept()
		}
		if n == 0 || size == 0 || size > 64 || r.codecAt != 0 || r.shufAt != 0 {
			return false, nil
		}
		r.shuffle, r.shufAt = C.int(size), bit
	case 1, 32000:
		if r.codecAt != 0 {
			return false, nil
		}
		r.codec, r.codecAt = C.H5X_DEFLATE, bit
		if id == 32000 {
			r.codec = C.H5X_LZF
		}
	default:
		return false, nil
	}
	return true, nil
}

func littleEndian() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 1
}

// chunk is one chunk on its way: raw as stored, then data.
type chunk struct {
	recipe  *recipe
	raw     []byte
	data    []byte
	scratch []byte
	skipped uint32 // filters left out, one bit each
	missing bool   // nothing is stored: fill values
	err     error  // of reading it
	rc      C.int  // of decoding it
	done    chan struct{}
}

// decode undoes the filters.
func (c *chunk) decode() {
	r := c.recipe
	codec, shuffle := r.codec, r.shuffle
	if c.skipped&r.codecAt != 0 {
		codec = C.H5X_STORED
	}
	if c.skipped&r.shufAt != 0 {
		shuffle = 0
	}
	c.data = resized(c.data, r.bytes)
	if shuffle > 1 {
		c.scratch = resized(c.scratch, r.bytes)
	}
	c.rc = C.H5X_DAMAGED
	if len(c.raw) > 0 {
		c.rc = C.h5x_decode(codec, shuffle, r.swap, at(c.raw), C.size_t(len(c.raw)), at(c.data), C.size_t(r.bytes), at(c.scratch))
	}
}

// wrong says in words what decode found.
func (c *chunk) wrong() string {
	switch c.rc {
	case 0:
		return ""
	case C.H5X_SHORT:
		return "holds fewer bytes than its values need"
	}
	return "cannot be decompressed, or does not match its checksum"
}

func resized(b []byte, n int) []byte {
	if cap(b) >= n {
		return b[:n]
	}
	return make([]byte, n)
}

// Decoders are goroutines that undo the filters of chunks, for any number of
// Scans. Close ends them, after the Scans.
type Decoders struct {
	jobs chan *chunk // nil: there are none, whoever hands in a chunk decodes it
	all  sync.WaitGroup
}

// NewDecoders starts threads goroutines; of fewer than two there are none, and
// the caller's does the work.
func NewDecoders(threads int) *Decoders {
	p := &Decoders{}
	if threads < 2 {
		return p
	}
	p.jobs = make(chan *chunk, 2*threads)
	for range threads {
		p.all.Go(func() {
			for c := range p.jobs {
				c.decode()
				c.done <- struct{}{}
			}
		})
	}
	return p
}

// submit has c decoded; c.done tells when.
func (p *Decoders) submit(c *chunk) {
	if p.jobs != nil && !c.missing && c.err == nil {
		p.jobs <- c
		return
	}
	if !c.missing && c.err == nil {
		c.decode()
	}
	c.done <- struct{}{}
}

// Close ends the goroutines.
func (p *Decoders) Close() {
	if p.jobs != nil {
		close(p.jobs)
	}
	p.all.Wait()
}
