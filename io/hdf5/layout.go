//go:build cgo

package hdf5

import (
	"errors"

	gonum "gonum.org/v1/hdf5"
)

// properties are the creation properties of a dataset: its chunks and gzip,
// and no modification time, so that the same input gives the same bytes.
func (l Layout) properties(shape []int64) (*gonum.PropList, error) {
	p, err := gonum.NewPropList(gonum.P_DATASET_CREATE)
	if err != nil {
		return nil, keep()
	}
	if err := l.apply(p, shape); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (l Layout) apply(p *gonum.PropList, shape []int64) error {
	if err := noTimes(p.ID()); err != nil {
		return err
	}
	if l.Chunk == 0 || len(shape) == 0 {
		return nil
	}
	dims := []uint{uint(l.Chunk)}
	for _, n := range shape[1:] {
		if l.Wide > 0 {
			n = l.Wide
		}
		dims = append(dims, uint(max(n, 1)))
	}
	if err := p.SetChunk(dims); err != nil {
		return keep()
	}
	if l.Gzip == 0 {
		return nil
	}
	if err := p.SetDeflate(l.Gzip); err != nil {
		return keep()
	}
	return nil
}

func typeAndSpace(typ func() (*gonum.Datatype, error), shape []int64, extensible bool) (*gonum.Datatype, *gonum.Dataspace, error) {
	t, err := typ()
	if err != nil {
		return nil, nil, err
	}
	s, err := space(shape, extensible)
	if err != nil {
		t.Close()
		return nil, nil, err
	}
	return t, s, nil
}

// space is a scalar for no axes, else a simple extent, endless where extensible.
func space(shape []int64, extensible bool) (s *gonum.Dataspace, err error) {
	if len(shape) == 0 {
		s, err = gonum.CreateDataspace(gonum.S_SCALAR)
	} else {
		dims, limit := make([]uint, len(shape)), make([]uint, len(shape))
		for i, n := range shape {
			dims[i], limit[i] = uint(n), uint(n)
			if extensible {
				limit[i] = ^uint(0) // H5S_UNLIMITED
			}
		}
		s, err = gonum.CreateSimpleDataspace(dims, limit)
	}
	if err != nil {
		return nil, keep()
	}
	return s, nil
}

// numberType is the file's type for T: the little-endian standard types.
func numberType[T Stored]() func() (*gonum.Datatype, error) {
	return func() (*gonum.Datatype, error) {
		t := map[any]*gonum.Datatype{float64(0): gonum.T_IEEE_F64LE, float32(0): gonum.T_IEEE_F32LE, int64(0): gonum.T_STD_I64LE,
			int32(0): gonum.T_STD_I32LE, uint64(0): gonum.T_STD_U64LE, int16(0): gonum.T_STD_I16LE, int8(0): gonum.T_STD_I8LE}[any(*new(T))]
		if t == nil {
			return nil, errors.New("hdf5: no such type")
		}
		c, err := t.Copy()
		if err != nil {
			return nil, keep()
		}
		return c, nil
	}
}

// textType is a variable-length UTF-8 string.
func textType() (*gonum.Datatype, error) {
	t, err := gonum.CreateDatatype(gonum.T_STRING, 1)
	if err != nil {
		return nil, keep()
	}
	if err := t.SetSize(-1); err != nil { // H5T_VARIABLE
		return nil, keep()
	}
	return t, setUTF8(t.ID())
}

// boolType is h5py's boolean: an enum of one byte with FALSE 0 and TRUE 1.
func boolType() (*gonum.Datatype, error) {
	t, err := gonum.CreateDatatype(gonum.T_ENUM, 1)
	if err != nil {
		return nil, keep()
	}
	return t, makeBool(t.ID())
}
