package hdf5

import (
	"fmt"

	"cellvi/io/counts"
)

// Placed is a group, dataset or column of a file: what knows its file and its
// place in it.
type Placed interface {
	File() *File
	Place() string
}

// Fault is an InputError at a place in a file.
func Fault(at Placed, found, advice string) error {
	return &counts.InputError{File: at.File().Path(), Place: at.Place(), Found: found, Advice: advice}
}

// Damaged is what the advice says where a file contradicts itself.
const Damaged = "the file is truncated or damaged"

// Member opens a dataset of one axis that the encoding of g asks for.
func Member(g *Group, name string) (*Dataset, error) {
	kind, err := g.Kind(name)
	if err != nil {
		return nil, err
	}
	if kind != IsDataset {
		return nil, Fault(g, "has no dataset "+name, Damaged)
	}
	d, err := g.OpenDataset(name)
	if err != nil {
		return nil, err
	}
	if len(d.Shape()) != 1 {
		defer d.Close()
		return nil, Fault(d, fmt.Sprintf("has %d axes, one expected", len(d.Shape())), Damaged)
	}
	return d, nil
}
