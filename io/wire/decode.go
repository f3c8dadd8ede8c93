package wire

import (
	"encoding/binary"
	"math"
	"unsafe"

	"cellvi/io/counts"
)

// decoder reads one message. Everything that it is told is held against what is
// there before it is used; the first fault stays, and all after it reads as empty.
type decoder struct {
	in  []byte
	err error
}

// decode fills t, whose slices are used again; it keeps nothing of message.
func decode(message []byte, h *header, t *counts.Table) error {
	d := &decoder{in: message}
	cells, nnz, width, kind := d.number(), d.number(), d.number(), valueKind(d.number())
	d.lengths(t, int(cells), int(nnz))
	d.genes(t, int(nnz), width, uint64(h.Genes.Len()))
	d.values(t, int(nnz), kind)
	t.Obs.Names = d.texts(t.Obs.Names, int(cells))
	if t.Obs.Columns == nil {
		t.Obs.Columns = h.Obs.Header().Columns
	}
	for i := range t.Obs.Columns {
		d.column(&t.Obs.Columns[i], int(cells))
	}
	if d.err == nil && len(d.in) > 0 {
		d.fail("%d bytes more than a table has", len(d.in))
	}
	return d.err
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = broken(format, args...)
	}
	d.in = nil
}

// number reads one that counts or sizes something, or says what follows.
func (d *decoder) number() uint64 {
	if len(d.in) < 8 {
		d.fail("the end of a table is missing")
		return 0
	}
	v := binary.NativeEndian.Uint64(d.in)
	d.in = d.in[8:]
	if v > math.MaxInt32<<6 {
		d.fail("a table claims %d values", v)
		return 0
	}
	return v
}

// array is the next n values of type T, aliasing the message; none after a fault.
func array[T any](d *decoder, n int) []T {
	var one T
	size := n * int(unsafe.Sizeof(one))
	padded := size + (-size & 7)
	if d.err != nil || n < 0 || padded > len(d.in) {
		d.fail("the end of a table is missing")
		return nil
	}
	v := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(d.in))), n)
	d.in = d.in[padded:]
	return v
}

func (d *decoder) lengths(t *counts.Table, cells, nnz int) {
	t.Indptr = append(t.Indptr[:0], 0)
	at := int64(0)
	for _, n := range array[uint32](d, cells) {
		at += int64(n)
		t.Indptr = append(t.Indptr, at)
	}
	if d.err == nil && at != int64(nnz) {
		d.fail("cells of %d counts where there are %d", at, nnz)
	}
}

// genes reads them and checks that each cell's ascend below limit.
func (d *decoder) genes(t *counts.Table, nnz int, width, limit uint64) {
	ok := false
	switch width {
	case 2:
		src := array[uint16](d, nnz)
		t.Genes = sized(t.Genes, len(src))
		ok = widen(t.Genes, src, t.Indptr, limit)
	case 4:
		src := array[uint32](d, nnz)
		t.Genes = sized(t.Genes, len(src))
		ok = widen(t.Genes, src, t.Indptr, limit)
	}
	if !ok {
		d.fail("a cell's genes do not ascend below %d", limit)
	}
}

func widen[T uint16 | uint32](dst []uint32, src []T, indptr []int64, limit uint64) bool {
	if int64(len(src)) != indptr[len(indptr)-1] {
		return false
	}
	for i := 1; i < len(indptr); i++ {
		next := uint64(0) // the smallest that may follow
		from, to := src[indptr[i-1]:indptr[i]], dst[indptr[i-1]:indptr[i]]
		to = to[:len(from)]
		for k, g := range from {
			if uint64(g) < next {
				return false
			}
			to[k], next = uint32(g), uint64(g)+1
		}
		if next > limit {
			return false
		}
	}
	return true
}

// values reads the counts and checks that none is zero.
func (d *decoder) values(t *counts.Table, nnz int, kind valueKind) {
	zeros := 0
	t.Values = sized(t.Values, len(t.Genes))
	switch kind {
	case asUint8:
		zeros = float(t.Values, array[uint8](d, nnz))
	case asUint16:
		zeros = float(t.Values, array[uint16](d, nnz))
	case asUint32:
		zeros = float(t.Values, array[uint32](d, nnz))
	case asFloat64:
		zeros = float(t.Values, array[float64](d, nnz))
	default:
		d.fail("counts of kind %d", kind)
	}
	if zeros > 0 {
		d.fail("%d counts are zero", zeros)
	}
}

// float converts and counts the zeros; src is empty after a fault.
func float[T uint8 | uint16 | uint32 | float64](dst []float64, src []T) (zeros int) {
	if len(src) != len(dst) {
		return 0
	}
	for i, v := range src {
		if v == 0 {
			zeros++
		}
		dst[i] = float64(v)
	}
	return zeros
}

// texts copies n texts, all at once.
func (d *decoder) texts(s []string, n int) []string {
	lengths := array[uint32](d, n)
	total := int64(0)
	for _, l := range lengths {
		total += int64(l)
	}
	if total > int64(len(d.in)) {
		d.fail("the end of a table is missing")
		return s[:0]
	}
	all := string(array[byte](d, int(total)))
	s = s[:0]
	for _, l := range lengths {
		s = append(s, all[:l])
		all = all[l:]
	}
	return s
}

func (d *decoder) column(c *counts.Column, n int) {
	c.Missing = nil
	switch c.Kind {
	case counts.Categorical:
		c.Codes = append(c.Codes[:0], array[int32](d, n)...)
		for _, code := range c.Codes {
			if code < -1 || int(code) >= len(c.Levels) {
				d.fail("column %s has code %d of %d levels", c.Name, code, len(c.Levels))
			}
		}
		return
	case counts.Float:
		c.Floats = append(c.Floats[:0], array[float64](d, n)...)
		return
	case counts.String:
		c.Strings = d.texts(c.Strings, n)
	case counts.Int:
		c.Ints = append(c.Ints[:0], array[int64](d, n)...)
	case counts.Bool:
		c.Bools = d.bools(c.Bools[:0], n)
	}
	if d.number() != 0 {
		c.Missing = d.bools(nil, n)
	}
}

func (d *decoder) bools(to []bool, n int) []bool {
	for _, b := range array[byte](d, n) {
		to = append(to, b != 0)
	}
	return to
}

// sized gives a slice of n, the given one where it is long enough.
func sized[T any](v []T, n int) []T {
	if cap(v) >= n {
		return v[:n]
	}
	return make([]T, n, n+n/8)
}
