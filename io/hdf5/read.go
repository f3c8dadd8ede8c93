//go:build cgo

package hdf5

import (
	"fmt"
)

// Read fills dst with the block of d that begins at start and has count
// values on each axis, row-major, converted by libhdf5 from the file's numeric
// type (clipping; booleans become the enum's numbers). len(dst) is the product
// of count.
func Read[T Number](d *Dataset, dst []T, start, count []int64) error {
	if err := d.checkBlock(int64(len(dst)), start, count); err != nil {
		return err
	}
	if len(dst) == 0 {
		return nil
	}
	enter()
	defer leave()
	if err := readNumbers(d.id, start, count, dst); err != nil {
		return d.readFailure(err)
	}
	return nil
}

// readFailure names a filter that is not there, before libhdf5 says it less
// well. Only after a failure: chunks that an optional filter left alone can be
// read without it.
func (d *Dataset) readFailure(err error) error {
	for _, f := range d.filters {
		if !f.Available {
			found, advice := f.Missing()
			return d.file.fault(d.place, found, advice)
		}
	}
	return d.failure("read", err)
}

// ReadRange fills dst from a dataset of one axis, from index first on.
func ReadRange[T Number](d *Dataset, dst []T, first int64) error {
	return Read(d, dst, []int64{first}, []int64{int64(len(dst))})
}

// ReadAll gives all values of a dataset of one axis.
func ReadAll[T Number](d *Dataset) ([]T, error) {
	if err := d.Plausible(); err != nil {
		return nil, err
	}
	dst := make([]T, d.is.points)
	return dst, ReadRange(d, dst, 0)
}

// checkBlock holds a numeric read within the dataset.
func (d *Dataset) checkBlock(n int64, start, count []int64) error {
	if !d.is.Numeric() {
		return d.file.fault(d.place, fmt.Sprintf("holds %s values, numbers expected", d.is.Type), "")
	}
	if len(start) != len(d.is.shape) || len(count) != len(start) || d.is.null {
		return d.file.fault(d.place, fmt.Sprintf("has shape %v, %d axes expected", d.is.shape, len(start)), "")
	}
	product := int64(1)
	for i := range start {
		if start[i] < 0 || count[i] < 0 || start[i] > d.is.shape[i]-count[i] {
			return d.file.fault(d.place, fmt.Sprintf("has shape %v, values from %v to %v asked", d.is.shape, start, count), Damaged)
		}
		product *= count[i]
	}
	if product != n {
		panic(fmt.Sprintf("hdf5: buffer of %d for a block of %d", n, product))
	}
	return nil
}

// ReadTexts gives count strings of a dataset of one axis (or a scalar, as one),
// from index first on.
func (d *Dataset) ReadTexts(first, count int64) ([]string, error) {
	if d.is.Class != Text {
		return nil, d.file.fault(d.place, fmt.Sprintf("holds %s values, text expected", d.is.Type), "")
	}
	if len(d.is.shape) > 1 || first < 0 || count < 0 || first > d.is.points-count {
		return nil, d.file.fault(d.place, fmt.Sprintf("has shape %v, values %d to %d asked", d.is.shape, first, first+count), Damaged)
	}
	if int64(d.is.Size) > maxText {
		return nil, d.file.fault(d.place, fmt.Sprintf("claims strings of %d bytes", d.is.Size), Damaged)
	}
	return inSteps(d.is.Size, first, count, d.readTexts)
}

// inSteps reads count strings of size bytes from first on, a bounded part at a time.
func inSteps(size int, first, count int64, read func(first, count int64) ([]string, error)) ([]string, error) {
	out := make([]string, 0, min(count, 1<<20))
	for step := maxText / int64(max(size, 64)); count > 0; {
		n := min(step, count)
		part, err := read(first, n)
		if err != nil {
			return nil, err
		}
		out, first, count = append(out, part...), first+n, count-n
	}
	return out, nil
}

func (d *Dataset) readTexts(first, count int64) ([]string, error) {
	enter()
	defer leave()
	v, err := readStrings(d.id, false, first, count)
	if err != nil {
		return nil, d.readFailure(err)
	}
	return v, nil
}

// Plausible refuses a dataset that claims far more values than its bytes in the
// file can hold: reading it whole would exhaust memory or time.
func (d *Dataset) Plausible() error {
	claimed := float64(d.is.points) * float64(d.is.Size)
	if claimed < 1<<20 {
		return nil
	}
	enter()
	defer leave()
	if stored := storageOf(d.id); claimed > d.densest()*float64(stored) {
		return d.file.fault(d.place, fmt.Sprintf("claims %d values, but only %d bytes are stored", d.is.points, stored), Damaged)
	}
	return nil
}

// densest is how many bytes of values one stored byte may stand for. gzip packs
// 1032:1 at most, lzf 88:1. What others can do is not known here, and some make a
// chunk of equal values out of nothing, but chunks are seldom above 1 MiB.
func (d *Dataset) densest() float64 {
	for _, f := range d.filters {
		if (f.ID < 1 || f.ID > 3) && f.ID != 32000 {
			return 1 << 16
		}
	}
	return 1100
}
