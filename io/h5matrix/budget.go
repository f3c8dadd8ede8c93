package h5matrix

import (
	"strconv"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// Chunks may take five eighths of the memory, what they leave goes to sorting, and
// an eighth is for the table and its making. Of the least chunks we take always.
const (
	chunkShare  = 5
	tableShare  = 1
	shares      = 8
	leastChunks = 16 << 20
)

// DefaultMemory is what Options.Memory 0 stands for, in bytes.
const DefaultMemory = 256 << 20

// memory is the budget in bytes.
func (o Options) memory() int64 {
	if o.Memory > 0 {
		return o.Memory
	}
	return DefaultMemory
}

// left is the part of the budget that is not taken by annotations.
func (o Options) left() int64 { return max(0, o.memory()-o.Taken) }

// chunks is the part of the budget that chunks may take.
func (o Options) chunks() int64 { return max(leastChunks, o.left()/shares*chunkShare) }

// sorting is the part left for sorting beside chunks that take so much.
func (o Options) sorting(taken int64) int64 {
	return max(0, o.left()/shares*(shares-tableShare)-taken)
}

// fits refuses a dataset of which the chunks that must be in memory together, as
// stored and decoded, are more than the budget has for them.
func (o Options) fits(d *hdf5.Dataset, way hdf5.Way) error {
	need, err := d.Needs(way)
	if err != nil {
		return err
	}
	return o.fit(d, need)
}

// fit is fits where the need is known.
func (o Options) fit(d *hdf5.Dataset, need int64) error {
	if need <= o.chunks() {
		return nil
	}
	return &counts.MemoryError{File: d.File().Path(), Place: d.Place(), Found: "one chunk holds " + extent(d) + " values",
		Need: need/chunkShare*shares + shares + o.Taken, Allow: o.memory(), Advice: "write it in smaller chunks"}
}

// extent is a chunk's, as messages show it.
func extent(d *hdf5.Dataset) string {
	axes := make([]string, len(d.Chunk()))
	for i, n := range d.Chunk() {
		axes[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(axes, " × ")
}
