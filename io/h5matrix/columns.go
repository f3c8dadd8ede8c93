package h5matrix

import (
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// smallColumn is what libhdf5 keeps of any dataset, in bytes: below it there is
// nothing to save.
const smallColumn = 1 << 20

// LargeColumn tells a chunked dataset of which it matters what is kept in memory;
// its chunk is that many bytes.
func LargeColumn(a hdf5.Array) (d *hdf5.Dataset, chunk int64, large bool) {
	d, ok := a.(*hdf5.Dataset)
	if !ok || len(d.Chunk()) == 0 || d.Len()*int64(d.Type().Size) <= smallColumn {
		return nil, 0, false
	}
	chunk = int64(d.Type().Size)
	for _, n := range d.Chunk() {
		chunk *= n
	}
	return d, chunk, true
}

// FitColumns refuses annotations, which stand at a place and are read together
// range by range, where that would take more than half of the memory: one chunk is
// kept of each, and of one also what it is decoded from. Else taken is that, in
// bytes, for Options.Taken.
func (o Options) FitColumns(at hdf5.Placed, columns ...hdf5.Array) (taken int64, err error) {
	var large []*hdf5.Dataset
	largest := int64(0)
	for _, a := range columns {
		if d, chunk, yes := LargeColumn(a); yes {
			large, taken, largest = append(large, d), taken+chunk, max(largest, chunk)
		}
	}
	taken += 2 * largest
	if taken <= o.memory()/2 {
		return taken, nil
	}
	e := &counts.MemoryError{File: at.File().Path(), Place: at.Place(), Found: fmt.Sprintf("a chunk of each of %d columns has to be in memory", len(large)),
		Need: 2 * taken, Allow: o.memory(), Advice: "write the annotations in smaller chunks"}
	if len(large) == 1 {
		e.Place, e.Found, e.Advice = large[0].Place(), "one chunk holds "+extent(large[0])+" values", "write it in smaller chunks"
	}
	return 0, e
}
