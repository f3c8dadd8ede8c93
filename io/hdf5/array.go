package hdf5

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// Array is values along one axis: a Dataset, or a Field of a table of records.
type Array interface {
	Placed
	Type() Type
	Len() int64
	Plausible() error
	ReadTexts(first, count int64) ([]string, error)
	Close() error
}

var _, _ Array = (*Dataset)(nil), (*Field)(nil)

// ReadArray fills dst with numbers from index first on, as Read converts.
func ReadArray[T Number](a Array, dst []T, first int64) error {
	if f, ok := a.(*Field); ok {
		return ReadField(f, dst, first)
	}
	return ReadRange(a.(*Dataset), dst, first)
}

// TooLarge says why unsigned numbers of 64 bits have no place in a table: some
// are beyond int64. It is "" where none is, and for other types; else all are read.
func TooLarge(a Array) (why string, err error) {
	if !a.Type().Unsigned64() {
		return "", nil
	}
	if err := a.Plausible(); err != nil {
		return "", err
	}
	const most = 1 << 16
	piece := make([]uint64, min(most, a.Len()))
	for first := int64(0); first < a.Len(); first += most {
		piece = piece[:min(most, a.Len()-first)]
		if err := ReadArray(a, piece, first); err != nil {
			return "", err
		}
		for i, v := range piece {
			if v > math.MaxInt64 {
				return fmt.Sprintf("holds numbers above %d, the first in row %d", math.MaxInt64, first+int64(i)), nil
			}
		}
	}
	return "", nil
}

// readDecimals gives whole numbers that are unsigned as text.
func readDecimals(a Array, first, n int64) ([]string, error) {
	v, labels := make([]uint64, n), make([]string, n)
	if err := ReadArray(a, v, first); err != nil {
		return nil, err
	}
	for i, x := range v {
		labels[i] = strconv.FormatUint(x, 10)
	}
	return labels, nil
}

// ReadUTF8 gives n strings from index first on, which must be UTF-8.
func ReadUTF8(a Array, first, n int64) ([]string, error) {
	v, err := a.ReadTexts(first, n)
	if err != nil {
		return nil, err
	}
	for i, s := range v {
		if !utf8.ValidString(s) {
			return nil, Fault(a, fmt.Sprintf("row %d is %q, which is not UTF-8", first+int64(i), s), "write the file's text as UTF-8")
		}
	}
	return v, nil
}
