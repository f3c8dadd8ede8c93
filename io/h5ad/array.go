package h5ad

import (
	"fmt"
	"math"

	"cellvi/io/hdf5"
)

// array is values along one axis: a dataset, or one field of a table of records.
type array interface {
	hdf5.Placed
	Type() hdf5.Type
	Len() int64
	Plausible() error
	ReadTexts(first, count int64) ([]string, error)
	Close() error
}

var _, _ array = (*hdf5.Dataset)(nil), (*hdf5.Field)(nil)

// readRange fills dst with numbers from index first on.
func readRange[T hdf5.Number](a array, dst []T, first int64) error {
	if f, ok := a.(*hdf5.Field); ok {
		return hdf5.ReadField(f, dst, first)
	}
	return hdf5.ReadRange(a.(*hdf5.Dataset), dst, first)
}

// eachPiece reads an array of whole numbers from front to back; those that an
// int64 cannot hold come as the nearest that it can.
func eachPiece(a array, use func(first int64, piece []int64) error) error {
	const most = 1 << 16
	piece := make([]int64, min(most, a.Len()))
	for first := int64(0); first < a.Len(); first += most {
		piece = piece[:min(most, a.Len()-first)]
		if err := readRange(a, piece, first); err != nil {
			return err
		}
		if err := use(first, piece); err != nil {
			return err
		}
	}
	return nil
}

// tooLarge says why unsigned numbers of 64 bits have no place in a table: some
// are beyond int64. It is "" where none is, and for other types.
func tooLarge(a array) (why string, err error) {
	if t := a.Type(); t.Class != hdf5.Integer || t.Signed || t.Size < 8 {
		return "", nil
	}
	if err := a.Plausible(); err != nil {
		return "", err
	}
	err = eachPiece(a, func(first int64, piece []int64) error {
		for i, v := range piece {
			if v == math.MaxInt64 && why == "" {
				why = fmt.Sprintf("holds numbers above 9223372036854775806, the first in row %d", first+int64(i))
			}
		}
		return nil
	})
	return why, err
}
