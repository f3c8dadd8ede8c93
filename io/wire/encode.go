package wire

import (
	"encoding/binary"
	"unsafe"

	"cellvi/io/counts"
)

// A Table is arrays one after the other, each beginning at a multiple of eight
// bytes, in the machine's byte order, for both ends are one program on one
// machine:
//
//	cells, counts, bytes of a gene, kind of the counts  // uint64 each
//	counts of each cell            // uint32
//	genes                          // uint16 or uint32
//	counts                         // uint8, uint16, uint32 or float64
//	names of the cells: bytes of each, uint32; then all of them
//	each annotation                // codes int32, text as names, int64, float64, bool;
//	                               // but for codes and floats: 0 or 1, then bool where missing

// valueKind is the type in which counts travel.
type valueKind uint64

const (
	asUint8 valueKind = iota
	asUint16
	asUint32
	asFloat64
)

// encoder writes Tables, one after the other into the same memory.
type encoder struct {
	narrow bool      // genes as uint16
	kind   valueKind // that held the last Table
	out    []byte
}

// encode gives the message of t, with room for a frame's head before it.
func (e *encoder) encode(t *counts.Table, buf []byte) []byte {
	width := uint64(4)
	if e.narrow {
		width = 2
	}
	for e.out = buf; ; {
		e.out = extended(e.out[:0], headBytes)
		for _, v := range []uint64{uint64(t.Cells()), uint64(len(t.Values)), width, uint64(e.kind)} {
			e.out = binary.NativeEndian.AppendUint64(e.out, v)
		}
		e.lengths(t)
		e.genes(t.Genes)
		if e.values(t.Values) {
			break
		}
		e.kind++ // asFloat64 holds all
	}
	e.texts(t.Obs.Names)
	for i := range t.Obs.Columns {
		e.column(&t.Obs.Columns[i])
	}
	return e.out
}

// room adds n values of type T, for the caller to fill.
func room[T any](e *encoder, n int) []T {
	var one T
	from, size := len(e.out), n*int(unsafe.Sizeof(one))
	e.out = extended(e.out, size+(-size&7))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(e.out[from:]))), n)
}

// extended is b with n more bytes, a multiple of eight, the last eight zero.
func extended(b []byte, n int) []byte {
	if n == 0 {
		return b
	}
	if cap(b)-len(b) < n {
		grown := make([]byte, len(b), 2*cap(b)+n)
		copy(grown, b)
		b = grown
	}
	b = b[:len(b)+n]
	clear(b[len(b)-8:])
	return b
}

func (e *encoder) lengths(t *counts.Table) {
	n := room[uint32](e, t.Cells())
	for i := range n {
		n[i] = uint32(t.Indptr[i+1] - t.Indptr[i])
	}
}

func (e *encoder) genes(genes []uint32) {
	if !e.narrow {
		copy(room[uint32](e, len(genes)), genes)
		return
	}
	narrow := room[uint16](e, len(genes))
	for i, g := range genes[:len(narrow)] {
		narrow[i] = uint16(g)
	}
}

// values writes the counts in the encoder's kind; false where one does not fit.
func (e *encoder) values(v []float64) bool {
	switch e.kind {
	case asUint8:
		return fit(room[uint8](e, len(v)), v)
	case asUint16:
		return fit(room[uint16](e, len(v)), v)
	case asUint32:
		return fit(room[uint32](e, len(v)), v)
	}
	copy(room[float64](e, len(v)), v)
	return true
}

func fit[T uint8 | uint16 | uint32](dst []T, src []float64) bool {
	src = src[:len(dst)]
	for i, v := range src {
		u := T(v)
		if float64(u) != v {
			return false
		}
		dst[i] = u
	}
	return true
}

func (e *encoder) texts(s []string) {
	total := 0
	for i, n := 0, room[uint32](e, len(s)); i < len(s); i++ {
		n[i] = uint32(len(s[i]))
		total += len(s[i])
	}
	all := room[byte](e, total)
	for _, text := range s {
		all = all[copy(all, text):]
	}
}

func (e *encoder) column(c *counts.Column) {
	switch c.Kind {
	case counts.Categorical:
		copy(room[int32](e, len(c.Codes)), c.Codes)
		return
	case counts.Float:
		copy(room[float64](e, len(c.Floats)), c.Floats)
		return
	case counts.String:
		e.texts(c.Strings)
	case counts.Int:
		copy(room[int64](e, len(c.Ints)), c.Ints)
	case counts.Bool:
		e.bools(c.Bools)
	}
	missing := uint64(len(c.Missing))
	e.out = binary.NativeEndian.AppendUint64(e.out, min(missing, 1))
	e.bools(c.Missing)
}

func (e *encoder) bools(v []bool) {
	b := room[byte](e, len(v))
	for i := range b {
		b[i] = 0
		if v[i] {
			b[i] = 1
		}
	}
}
