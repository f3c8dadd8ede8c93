//go:build !cgo

package hdf5

import (
	"iter"

	"cellvi/io/counts"
)

// Without cgo there is no libhdf5: Open and Create say so, and the types exist
// only so that the formats compile. No File, Group or Dataset ever comes to be.

// File would be an open HDF5 file.
type File struct{ path string }

// Open says that HDF5 is not built in; a missing file gives the operating
// system's error first.
func Open(path string) (*File, error) {
	if _, err := readable(path); err != nil {
		return nil, err
	}
	return nil, notBuilt(path)
}

// Create says that HDF5 is not built in.
func Create(path string) (*File, error) { return nil, notBuilt(path) }

func notBuilt(path string) error {
	return &counts.InputError{File: path, Found: "this cellvi was built without HDF5 (CGO_ENABLED=0)",
		Advice: "convert the file with a full build: cellvi ingest, or give an Arrow store"}
}

// Path is the file's name.
func (f *File) Path() string { return f.path }

// Root would open the group "/".
func (f *File) Root() (*Group, error) { return nil, notBuilt(f.path) }

// Close does nothing.
func (f *File) Close() error { return nil }

type object struct {
	file  *File
	place string
}

func (o *object) Place() string                      { return o.place }
func (o *object) File() *File                        { return o.file }
func (o *object) HasAttr(string) (bool, error)       { return false, notBuilt(o.file.path) }
func (o *object) AttrText(string) (string, error)    { return "", notBuilt(o.file.path) }
func (o *object) AttrTexts(string) ([]string, error) { return nil, notBuilt(o.file.path) }
func (o *object) AttrInts(string) ([]int64, error)   { return nil, notBuilt(o.file.path) }
func (o *object) AttrTarget(string) (string, error)  { return "", notBuilt(o.file.path) }
func (o *object) SetText(string, string) error       { return notBuilt(o.file.path) }
func (o *object) SetTexts(string, []string) error    { return notBuilt(o.file.path) }
func (o *object) SetInts(string, []int64) error      { return notBuilt(o.file.path) }
func (o *object) SetBool(string, bool) error         { return notBuilt(o.file.path) }

// Group would be an open group.
type Group struct{ object }

func (g *Group) Names() ([]string, error)             { return nil, notBuilt(g.file.path) }
func (g *Group) Kind(string) (Kind, error)            { return Absent, notBuilt(g.file.path) }
func (g *Group) OpenGroup(string) (*Group, error)     { return nil, notBuilt(g.file.path) }
func (g *Group) OpenDataset(string) (*Dataset, error) { return nil, notBuilt(g.file.path) }
func (g *Group) CreateGroup(string) (*Group, error)   { return nil, notBuilt(g.file.path) }
func (g *Group) Close() error                         { return nil }
func (g *Group) WriteTexts(string, []string, Layout) (*Dataset, error) {
	return nil, notBuilt(g.file.path)
}
func (g *Group) WriteBools(string, []bool, Layout) (*Dataset, error) {
	return nil, notBuilt(g.file.path)
}

// Dataset would be an open dataset.
type Dataset struct{ object }

func (d *Dataset) Close() error                             { return nil }
func (d *Dataset) Type() Type                               { return Type{} }
func (d *Dataset) Shape() []int64                           { return nil }
func (d *Dataset) Plausible() error                         { return notBuilt(d.file.path) }
func (d *Dataset) KeepOneChunk() error                      { return notBuilt(d.file.path) }
func (d *Dataset) Null() bool                               { return true }
func (d *Dataset) Len() int64                               { return 0 }
func (d *Dataset) flatten()                                 {}
func (d *Dataset) Chunk() []int64                           { return nil }
func (d *Dataset) Filters() []Filter                        { return nil }
func (d *Dataset) ReadTexts(int64, int64) ([]string, error) { return nil, notBuilt(d.file.path) }

// Read, ReadRange, ReadAll, WriteArray, CreateArray and Append would move numbers.
func Read[T Number](d *Dataset, dst []T, start, count []int64) error { return notBuilt(d.file.path) }
func ReadRange[T Number](d *Dataset, dst []T, first int64) error     { return notBuilt(d.file.path) }
func ReadAll[T Number](d *Dataset) ([]T, error)                      { return nil, notBuilt(d.file.path) }
func WriteArray[T Stored](g *Group, name string, shape []int64, v []T, l Layout) (*Dataset, error) {
	return nil, notBuilt(g.file.path)
}
func CreateArray[T Stored](g *Group, name string, l Layout) (*Dataset, error) {
	return nil, notBuilt(g.file.path)
}
func Append[T Stored](d *Dataset, v []T) error { return notBuilt(d.file.path) }

// Decoders would undo the filters of chunks.
type Decoders struct{}

// NewDecoders starts nothing.
func NewDecoders(int) *Decoders { return &Decoders{} }

// Close does nothing.
func (p *Decoders) Close() {}

// Scan would read a dataset range after range, or block after block.
type Scan struct{}

func (d *Dataset) Scan(*Decoders, Way, int64) (*Scan, error) { return nil, notBuilt(d.file.path) }
func (d *Dataset) Needs(Way) (int64, error)                  { return 0, notBuilt(d.file.path) }
func (s *Scan) Takes() int64                                 { return 0 }
func (s *Scan) Blocks() iter.Seq2[Block, error]              { return func(func(Block, error) bool) {} }
func (s *Scan) Close()                                       {}
func ScanFloats(*Scan, []float64, int64, int64) error        { return notBuilt("") }
func ScanIndices(*Scan, []uint32, int64) error               { return notBuilt("") }
