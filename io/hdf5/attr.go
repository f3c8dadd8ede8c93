//go:build cgo

package hdf5

import (
	"fmt"

	gonum "gonum.org/v1/hdf5"
)

// maxAttr bounds how many values an attribute may claim.
const maxAttr = 1 << 22

// object is what Group and Dataset share: a place in a file, with attributes.
type object struct {
	file  *File
	id    int64
	place string
	attrs interface {
		OpenAttribute(name string) (*gonum.Attribute, error)
		CreateAttribute(name string, t *gonum.Datatype, s *gonum.Dataspace) (*gonum.Attribute, error)
	}
}

// Place is the path inside the file, as messages name it: "/obs/sample".
func (o *object) Place() string { return o.place }

// File is the file that the object is in.
func (o *object) File() *File { return o.file }

func (o *object) failure(op string, err error) error {
	return failure(op, o.file.path, o.place, err)
}

// HasAttr says whether the object has an attribute of that name.
func (o *object) HasAttr(name string) (bool, error) {
	enter()
	defer leave()
	has, err := hasAttr(o.id, name)
	if err != nil {
		return false, o.failure("read", err)
	}
	return has, nil
}

// AttrText gives a scalar string attribute, or one of a single value.
func (o *object) AttrText(name string) (string, error) {
	v, err := o.AttrTexts(name)
	if err != nil {
		return "", err
	}
	if len(v) != 1 {
		return "", o.attrFault(name, fmt.Sprintf("has %d values, one expected", len(v)))
	}
	return v[0], nil
}

// AttrTexts gives an attribute of strings; an empty one may have any type.
func (o *object) AttrTexts(name string) (v []string, err error) {
	err = o.withAttr(name, func(a int64, is facts) error {
		if is.points == 0 {
			return nil
		}
		if is.Class != Text {
			return o.attrFault(name, fmt.Sprintf("is %s, text expected", is.Type))
		}
		v, err = readStrings(a, true, 0, is.points)
		return err
	})
	return v, err
}

// AttrInts gives an attribute of whole numbers or booleans (0 and 1).
func (o *object) AttrInts(name string) (v []int64, err error) {
	err = o.withAttr(name, func(a int64, is facts) error {
		if is.points == 0 {
			return nil
		}
		if is.Class != Integer && is.Class != Bool && is.Class != Float { // numbers of R are floats
			return o.attrFault(name, fmt.Sprintf("is %s, whole numbers expected", is.Type))
		}
		v = make([]int64, is.points)
		return readAttrNumbers(a, v)
	})
	return v, err
}

// AttrTarget gives the path of the object that a reference attribute names.
func (o *object) AttrTarget(name string) (target string, err error) {
	err = o.withAttr(name, func(a int64, is facts) error {
		if is.Class != Reference || is.points != 1 {
			return o.attrFault(name, fmt.Sprintf("is %s, a reference expected", is.Type))
		}
		target, err = reference(a)
		return err
	})
	return target, err
}

// withAttr runs read on an open attribute, under the lock.
func (o *object) withAttr(name string, read func(a int64, is facts) error) error {
	enter()
	defer leave()
	a, err := o.attrs.OpenAttribute(name)
	if err != nil {
		keep()
		return o.attrFault(name, "is missing or cannot be read")
	}
	defer a.Close()
	is, err := describe(a.ID(), true)
	if err != nil {
		return o.failure("read", err)
	}
	if is.points > maxAttr || is.points > 0 && int64(is.Size) > maxText/is.points {
		return o.attrFault(name, fmt.Sprintf("claims %d values of %d bytes: %s", is.points, is.Size, Damaged))
	}
	if err := read(a.ID(), is); err != nil {
		return o.failure("read", err)
	}
	return nil
}

func (o *object) attrFault(name, found string) error {
	return o.file.fault(o.place, "attribute "+name+" "+found, "")
}
