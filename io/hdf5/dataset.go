//go:build cgo

package hdf5

import (
	"slices"

	gonum "gonum.org/v1/hdf5"
)

// maxCache bounds the decompressed chunks kept of one dataset, in bytes.
const maxCache = 256 << 20

// maxText bounds one read of strings of fixed length, in bytes.
const maxText = 64 << 20

// Dataset is an open dataset: an array of values of one type, and attributes.
type Dataset struct {
	object
	d       *gonum.Dataset
	is      facts
	chunk   []int64
	filters []Filter
}

// OpenDataset opens a member that is a dataset. Where it is chunked, the
// chunks across one step of its first axis stay in memory (up to 256 MiB), so
// that reading it range by range decompresses each chunk once.
func (g *Group) OpenDataset(name string) (*Dataset, error) {
	enter()
	defer leave()
	place := within(g.place, name)
	raw, err := g.g.OpenDataset(name)
	if err != nil {
		return nil, failure("read", g.file.path, place, keep())
	}
	d, err := newDataset(g.file, place, raw)
	if err == nil && d.stripe() > 1<<20 {
		err = d.widenCache(g, name)
	}
	if err != nil {
		raw.Close()
		return nil, failure("read", g.file.path, place, err)
	}
	return d, nil
}

func newDataset(f *File, place string, raw *gonum.Dataset) (*Dataset, error) {
	d := &Dataset{object: object{file: f, id: raw.ID(), place: place, attrs: raw}, d: raw}
	var err error
	if d.is, err = describe(d.id, false); err != nil {
		return nil, err
	}
	if d.chunk, err = chunkOf(d.id); err != nil {
		return nil, err
	}
	d.filters, err = filtersOf(d.id)
	return d, err
}

// stripe is the bytes of all chunks across one step of the first axis; 0
// where the dataset is not chunked, and where the figure is absurd.
func (d *Dataset) stripe() int64 {
	if len(d.chunk) == 0 || len(d.chunk) != len(d.is.shape) {
		return 0
	}
	bytes := int64(d.is.Size) * d.chunk[0]
	for i := 1; i < len(d.chunk); i++ {
		across := (d.is.shape[i] + d.chunk[i] - 1) / d.chunk[i] * d.chunk[i]
		if bytes <= 0 || across > maxCache*4/bytes {
			return 0
		}
		bytes *= across
	}
	return bytes
}

// chunkBytes is the bytes of one chunk's values; 0 where the dataset is not chunked,
// and where the figure is absurd: HDF5 allows 4 GiB.
func (d *Dataset) chunkBytes() int64 {
	if len(d.chunk) == 0 || len(d.chunk) != len(d.is.shape) {
		return 0
	}
	bytes := int64(d.is.Size)
	for _, n := range d.chunk {
		if n < 1 || bytes < 1 || n > maxChunk/bytes {
			return 0
		}
		bytes *= n
	}
	return bytes
}

// maxChunk is what HDF5 allows a chunk to hold, in bytes.
const maxChunk = 4 << 30

// widenCache opens the dataset anew with a chunk cache that holds a stripe.
func (d *Dataset) widenCache(g *Group, name string) error {
	return d.reopen(g.g.OpenDatasetWith, name, min(d.stripe(), maxCache))
}

// KeepOneChunk opens the dataset anew with a cache for one chunk: what reads it from
// front to back needs no more. A chunk of 1 GiB or more is not kept.
func (d *Dataset) KeepOneChunk() error {
	bytes := d.chunkBytes()
	if bytes == 0 || bytes > 1<<30 {
		return nil
	}
	return d.setCache(bytes)
}

// setCache opens the dataset anew with a chunk cache of that many bytes.
func (d *Dataset) setCache(bytes int64) error {
	enter()
	defer leave()
	return d.failure("read", d.reopen(d.file.f.OpenDatasetWith, d.place, bytes))
}

func (d *Dataset) reopen(open func(string, *gonum.PropList) (*gonum.Dataset, error), name string, cache int64) error {
	access, err := gonum.NewPropList(gonum.P_DATASET_ACCESS)
	if err != nil {
		return keep()
	}
	defer access.Close()
	slots := 100003 // a prime; the library asks for many more than chunks
	if cache <= d.chunkBytes() {
		slots = 11
	}
	if err := access.SetChunkCache(slots, int(cache), 0.75); err != nil {
		return keep()
	}
	d.d.Close() // first: an open dataset keeps the cache it has
	again, err := open(name, access)
	if err != nil {
		return keep()
	}
	d.d, d.id, d.attrs = again, again.ID(), again
	return nil
}

// Close closes the dataset.
func (d *Dataset) Close() error {
	enter()
	defer leave()
	return d.d.Close()
}

// Type is the type of the values in the file.
func (d *Dataset) Type() Type { return d.is.Type }

// Shape is the extent of each axis: empty for a scalar and for H5S_NULL.
func (d *Dataset) Shape() []int64 { return slices.Clone(d.is.shape) }

// Null says that the dataset has no extent at all (H5S_NULL).
func (d *Dataset) Null() bool { return d.is.null }

// Len is the number of values in all axes together.
func (d *Dataset) Len() int64 { return d.is.points }

// Chunk is the extent of a chunk on each axis; empty where not chunked.
func (d *Dataset) Chunk() []int64 { return slices.Clone(d.chunk) }

// Filters are the steps that the chunks went through, in writing order.
func (d *Dataset) Filters() []Filter { return slices.Clone(d.filters) }

// flatten makes two axes, of which one is 1, one axis.
func (d *Dataset) flatten() { d.is.shape = []int64{d.is.points} }
