package h5ad

import (
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// smallColumn is what libhdf5 keeps of any dataset, in bytes: below it there is
// nothing to save.
const smallColumn = 1 << 20

// large is the dataset of an array that is chunked and not small.
func large(a array) (*hdf5.Dataset, bool) {
	d, ok := a.(*hdf5.Dataset)
	if !ok || len(d.Chunk()) == 0 || d.Len()*int64(d.Type().Size) <= smallColumn {
		return nil, false
	}
	return d, true
}

// keepLittle makes libhdf5 keep no more than one chunk of each part of a column:
// a range of rows comes after the one before.
func (c *column) keepLittle() error {
	for _, a := range []array{c.values, c.mask} {
		if d, ok := large(a); ok {
			if err := d.KeepOneChunk(); err != nil {
				return err
			}
		}
	}
	return nil
}

// takes is the bytes of the chunks that reading f range by range keeps in memory:
// one of each large column.
func (f *frame) takes() (bytes int64, columns int) {
	for _, c := range append([]*column{f.index}, f.columns...) {
		for _, a := range []array{c.values, c.mask} {
			d, ok := large(a)
			if !ok {
				continue
			}
			one := int64(d.Type().Size)
			for _, n := range d.Chunk() {
				one *= n
			}
			bytes, columns = bytes+one, columns+1
		}
	}
	return bytes, columns
}

// fits refuses a frame whose chunks would take more than half of the memory: the
// matrix needs the other.
func (f *frame) fits(memory int64) error {
	bytes, columns := f.takes()
	if bytes <= memory/2 {
		return nil
	}
	return &counts.MemoryError{File: f.at.File().Path(), Place: f.at.Place(), Need: 2 * bytes, Allow: memory,
		Found: fmt.Sprintf("a chunk of each of %d columns has to be in memory", columns), Advice: "write the annotations in smaller chunks"}
}
