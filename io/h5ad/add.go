package h5ad

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// Adder adds arrays to a file, which is changed in place: give it a copy. Values
// come for the marked cells alone, in the file's order; the others get NaN, no
// category, or false. Memory holds a mebibyte an array.
type Adder struct {
	file   *hdf5.File
	root   *hdf5.Group
	marks  Marks
	arrays []filler
}

// filler fills one array.
type filler interface {
	add(marks *Marks, raw []byte) error
	finish(marks *Marks) error
	close()
}

// OpenAdder opens a file and makes the arrays of list in it. marks has a bit for
// each cell of the file. What is in the way is an InputError, as for OpenTarget.
func OpenAdder(path string, list []Addition, replace bool, marks Marks) (*Adder, error) {
	a := &Adder{marks: marks}
	var err error
	if a.file, err = hdf5.OpenEdit(path); err != nil {
		return nil, err
	}
	if err = a.open(list, replace); err != nil {
		return nil, errors.Join(err, a.release())
	}
	return a, nil
}

func (a *Adder) open(list []Addition, replace bool) (err error) {
	if a.root, err = a.file.Root(); err != nil {
		return err
	}
	cells, genes, err := a.shape()
	if err != nil {
		return err
	}
	if !a.marks.sound() || cells != a.marks.N {
		return fmt.Errorf("%s: marks for %d cells, but there are %d", a.file.Path(), a.marks.N, cells)
	}
	if err := checkAdditions(a.root, list, replace); err != nil {
		return err
	}
	for i := range list {
		x, err := a.create(&list[i], genes)
		if err != nil {
			return err
		}
		a.arrays = append(a.arrays, x)
	}
	return nil
}

// shape is the number of cells and of genes.
func (a *Adder) shape() (cells, genes int64, err error) {
	for name, n := range map[string]*int64{"obs": &cells, "var": &genes} {
		f, err := openFrame(a.root, name, h5matrix.Options{Memory: DefaultMemory})
		if err != nil {
			return 0, 0, err
		}
		*n = f.rows
		f.close()
	}
	return cells, genes, nil
}

// create makes an array, empty as yet, in its group, which it makes where there is none.
func (a *Adder) create(x *Addition, genes int64) (filler, error) {
	g, err := a.group(x.Group)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	kind, err := g.Kind(x.Name)
	if err == nil && kind != hdf5.Absent {
		err = g.Remove(x.Name)
	}
	if err != nil {
		return nil, err
	}
	switch x.Group {
	case "obs":
		if err := listColumn(g, x.Name); err != nil {
			return nil, err
		}
		return a.createColumn(g, x)
	case "layers":
		for _, gene := range x.Genes {
			if gene < 0 || int64(gene) >= genes {
				return nil, fmt.Errorf("%s: layers/%s: gene %d, but there are %d", a.file.Path(), x.Name, gene, genes)
			}
		}
		return newRows[float32, float32](g, x, float32(math.NaN()), a.marks.N, genes)
	}
	return newRows[float32, float32](g, x, float32(math.NaN()), a.marks.N, int64(x.Cols))
}

func (a *Adder) group(name string) (*hdf5.Group, error) {
	kind, err := a.root.Kind(name)
	if err != nil {
		return nil, err
	}
	if kind == hdf5.Absent {
		return newGroup(a.root, name, "dict", "0.1.0")
	}
	return a.root.OpenGroup(name)
}

// createColumn makes a column of obs. Codes are as narrow as pandas has them.
func (a *Adder) createColumn(g *hdf5.Group, x *Addition) (filler, error) {
	n := a.marks.N
	switch x.Kind {
	case counts.Float:
		return newRows[float64, float64](g, x, math.NaN(), n)
	case counts.Bool:
		d, err := g.CreateBools(x.Name, n)
		return encodedRows[int8, int8](d, err, x, 0)
	}
	sub, err := newGroup(g, x.Name, "categorical", versions["categorical"])
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	if err := errors.Join(sub.SetBool("ordered", false), writeTexts(sub, "categories", x.Levels, 0)); err != nil {
		return nil, err
	}
	codes := &Addition{Name: "codes", Cols: 1}
	switch levels := len(x.Levels); {
	case levels <= math.MaxInt8:
		return newRows[int32, int8](sub, codes, -1, n)
	case levels <= math.MaxInt16:
		return newRows[int32, int16](sub, codes, -1, n)
	}
	return newRows[int32, int32](sub, codes, -1, n)
}

// listColumn adds a name to the columns that obs lists, where it lists any.
func listColumn(g *hdf5.Group, name string) error {
	has, err := g.HasAttr("column-order")
	if err != nil || !has {
		return err
	}
	names, err := g.AttrTexts("column-order")
	if err != nil || slices.Contains(names, name) {
		return err
	}
	if err := g.RemoveAttr("column-order"); err != nil {
		return err
	}
	return g.SetTexts("column-order", append(names, name))
}

// Add gives array i of the list values for the next marked cells, whole rows, as
// little-endian bytes: float32 for obsm and layers; for obs float64, int32 codes
// (−1: none), or int8 0 and 1.
func (a *Adder) Add(i int, raw []byte) error {
	if i < 0 || i >= len(a.arrays) {
		return fmt.Errorf("%s: values for array %d of %d", a.file.Path(), i, len(a.arrays))
	}
	return a.arrays[i].add(&a.marks, raw)
}

// Finish writes what is left, and closes the file, which is whole only where there is
// no error. That values are missing is one.
func (a *Adder) Finish() error {
	var err error
	for _, x := range a.arrays {
		if err == nil {
			err = x.finish(&a.marks)
		}
	}
	if closing := a.release(); err == nil {
		err = closing
	}
	return err
}

// Abandon closes the file, which is of no use any more.
func (a *Adder) Abandon() { _ = a.release() }

func (a *Adder) release() error {
	for _, x := range a.arrays {
		x.close()
	}
	if a.root != nil {
		a.root.Close()
	}
	return a.file.Close()
}
