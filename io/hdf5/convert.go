//go:build cgo

package hdf5

import (
	"math"
	"unsafe"
)

// ScanFloats fills dst with the values of n rows from row first on, row-major:
// len(dst) is n rows' worth. Of a Scan by columns it is n columns, each a row of dst.
func ScanFloats(s *Scan, dst []float64, first, n int64) error {
	return scan(s, dst, first, n, s.floats, func(dst []float64, start, count []int64) error {
		return Read(s.d, dst, start, count)
	})
}

// ScanIndices fills dst with whole numbers from first on, of a dataset of one
// axis. A negative number becomes one of 2³¹ or more, and one above 2³²−1 that:
// hold them against a limit below.
func ScanIndices(s *Scan, dst []uint32, first int64) error {
	return scan(s, dst, first, int64(len(dst)), s.indices, func(dst []uint32, start, count []int64) error {
		s.ints = append(s.ints[:0], make([]int64, len(dst))...)
		if err := Read(s.d, s.ints, start, count); err != nil {
			return err
		}
		narrow(dst, s.ints)
		return nil
	})
}

// floats converts values of the dataset's type.
func (s *Scan) floats(dst []float64, src []byte) {
	switch t := s.d.is.Type; {
	case t.Class == Float && t.Size == 4:
		convert(dst, view[float32](src))
	case t.Class == Float:
		convert(dst, view[float64](src))
	case t.Size <= 2:
		small(dst, t, src)
	case t.Size == 4 && t.Signed:
		convert(dst, view[int32](src))
	case t.Size == 4:
		convert(dst, view[uint32](src))
	case t.Signed:
		convert(dst, view[int64](src))
	default:
		convert(dst, view[uint64](src))
	}
}

// small converts integers of one or two bytes.
func small[T float64 | uint32](dst []T, t Type, src []byte) {
	switch {
	case t.Size == 1 && t.Signed:
		convert(dst, view[int8](src))
	case t.Size == 1:
		convert(dst, view[uint8](src))
	case t.Size == 2 && t.Signed:
		convert(dst, view[int16](src))
	default:
		convert(dst, view[uint16](src))
	}
}

// indices converts whole numbers of the dataset's type.
func (s *Scan) indices(dst []uint32, src []byte) {
	switch t := s.d.is.Type; {
	case t.Size <= 2:
		small(dst, t, src)
	case t.Size == 4:
		copy(dst, view[uint32](src))
	default:
		narrow(dst, view[int64](src))
	}
}

// view is the memory of bytes as values; src begins at a multiple of their size.
func view[T any](src []byte) []T {
	var one T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(src))), len(src)/int(unsafe.Sizeof(one)))
}

func convert[D float64 | uint32, S float32 | float64 | int8 | uint8 | int16 | uint16 | int32 | uint32 | int64 | uint64](dst []D, src []S) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = D(v)
	}
}

func narrow(dst []uint32, src []int64) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = uint32(min(uint64(v), math.MaxUint32))
	}
}
