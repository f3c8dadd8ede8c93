//go:build cgo

package hdf5

import (
	gonum "gonum.org/v1/hdf5"
)

// WriteArray makes a dataset of that shape from row-major values.
func WriteArray[T Stored](g *Group, name string, shape []int64, v []T, l Layout) (*Dataset, error) {
	return g.create(name, numberType[T](), shape, l, func(id int64) error {
		if len(v) == 0 {
			return nil
		}
		return writeNumbers(id, false, make([]int64, len(shape)), shape, v)
	})
}

// CreateArray makes an empty dataset of one axis that Append makes longer;
// l.Chunk is how many values a chunk holds.
func CreateArray[T Stored](g *Group, name string, l Layout) (*Dataset, error) {
	return g.createIn(name, numberType[T](), []int64{0}, l, true, func(int64) error { return nil })
}

// Append adds values at the end of a dataset that CreateArray made.
func Append[T Stored](d *Dataset, v []T) error {
	if len(v) == 0 {
		return nil
	}
	enter()
	defer leave()
	first, n := d.is.points, int64(len(v))
	if err := extend(d.id, first+n); err != nil {
		return d.failure("write", err)
	}
	d.is.points, d.is.shape = first+n, []int64{first + n}
	if err := writeNumbers(d.id, false, []int64{first}, []int64{n}, v); err != nil {
		return d.failure("write", err)
	}
	return nil
}

// WriteTexts makes a dataset of variable-length UTF-8 strings.
func (g *Group) WriteTexts(name string, v []string, l Layout) (*Dataset, error) {
	return g.create(name, textType, []int64{int64(len(v))}, l, func(id int64) error {
		if len(v) == 0 {
			return nil
		}
		return writeStrings(id, false, v)
	})
}

// WriteBools makes a dataset of booleans as h5py stores them, an enum.
func (g *Group) WriteBools(name string, v []bool, l Layout) (*Dataset, error) {
	shape := []int64{int64(len(v))}
	return g.create(name, boolType, shape, l, func(id int64) error {
		if len(v) == 0 {
			return nil
		}
		return writeNumbers(id, true, []int64{0}, shape, bytesOf(v...))
	})
}

func bytesOf(v ...bool) []int8 {
	b := make([]int8, len(v))
	for i := range v {
		if v[i] {
			b[i] = 1
		}
	}
	return b
}

// SetText sets a scalar string attribute.
func (o *object) SetText(name, v string) error {
	return o.setAttr(name, textType, nil, func(id int64) error { return writeStrings(id, true, []string{v}) })
}

// SetTexts sets an attribute of strings, perhaps of none.
func (o *object) SetTexts(name string, v []string) error {
	return o.setAttr(name, textType, []int64{int64(len(v))}, func(id int64) error {
		if len(v) == 0 {
			return nil
		}
		return writeStrings(id, true, v)
	})
}

// SetInts sets an attribute of 64-bit numbers, at least one.
func (o *object) SetInts(name string, v []int64) error {
	return o.setAttr(name, numberType[int64](), []int64{int64(len(v))}, func(id int64) error {
		return writeAttrNumbers(id, false, v)
	})
}

// SetBool sets a scalar boolean attribute as h5py stores it.
func (o *object) SetBool(name string, v bool) error {
	return o.setAttr(name, boolType, nil, func(id int64) error { return writeAttrNumbers(id, true, bytesOf(v)) })
}

func (o *object) setAttr(name string, typ func() (*gonum.Datatype, error), shape []int64, write func(id int64) error) error {
	enter()
	defer leave()
	t, s, err := typeAndSpace(typ, shape, false)
	if err != nil {
		return o.failure("write", err)
	}
	defer t.Close()
	defer s.Close()
	a, err := o.attrs.CreateAttribute(name, t, s)
	if err != nil {
		return o.failure("write", keep())
	}
	defer a.Close()
	return o.failure("write", write(a.ID()))
}

// create makes a dataset of fixed shape and fills it.
func (g *Group) create(name string, typ func() (*gonum.Datatype, error), shape []int64, l Layout, fill func(id int64) error) (*Dataset, error) {
	return g.createIn(name, typ, shape, l, false, fill)
}

func (g *Group) createIn(name string, typ func() (*gonum.Datatype, error), shape []int64, l Layout, extensible bool, fill func(id int64) error) (*Dataset, error) {
	enter()
	defer leave()
	place := within(g.place, name)
	d, err := g.newDataset(name, place, typ, shape, l, extensible)
	if err != nil {
		return nil, failure("write", g.file.path, place, err)
	}
	if err := fill(d.id); err != nil {
		d.d.Close()
		return nil, failure("write", g.file.path, place, err)
	}
	return d, nil
}

func (g *Group) newDataset(name, place string, typ func() (*gonum.Datatype, error), shape []int64, l Layout, extensible bool) (*Dataset, error) {
	t, s, err := typeAndSpace(typ, shape, extensible)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	defer s.Close()
	p, err := l.properties(shape)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	raw, err := g.g.CreateDatasetWith(name, t, s, p)
	if err != nil {
		return nil, keep()
	}
	return newDataset(g.file, place, raw)
}
