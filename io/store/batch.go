package store

import (
	"errors"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// batch gathers the cells of the next record batch.
type batch struct {
	obs     counts.Frame
	genes   int
	offsets []int32 // cells+1, from 0, into indices and values
	indices indices
	values  values
	rounded int64
}

// indices are gene indices in the store's width; one slice is in use.
type indices struct {
	wide bool
	u16  []uint16
	u32  []uint32
}

// values are counts in the store's type; one slice is in use.
type values struct {
	kind CountType
	u8   []uint8
	u16  []uint16
	u32  []uint32
	f32  []float32
}

func newBatch(header counts.Frame, genes int, kind CountType) *batch {
	return &batch{
		obs: header, genes: genes, offsets: make([]int32, 1, BatchCells+1),
		indices: indices{wide: geneType(genes).ID() == arrow.UINT32},
		values:  values{kind: kind},
	}
}

func (b *batch) cells() int { return b.obs.Len() }

// errRow is what add returns for a row that breaks the promises of a Table.
var errRow = errors.New("store: a row of genes out of order or with zeros")

// add takes the counts of one cell; on an error, bad is the place of the culprit,
// and the batch is of no use any more.
func (b *batch) add(genes []uint32, vals []float64) (bad int, err error) {
	switch b.values.kind {
	case Uint8:
		b.values.u8, bad, err = appendWhole(b.values.u8, vals, math.MaxUint8)
	case Uint16:
		b.values.u16, bad, err = appendWhole(b.values.u16, vals, math.MaxUint16)
	case Uint32:
		b.values.u32, bad, err = appendWhole(b.values.u32, vals, math.MaxUint32)
	default:
		genes, bad, err = b.addFloats(genes, vals)
	}
	if err != nil {
		return bad, err
	}
	var ok bool
	if b.indices.wide {
		b.indices.u32, ok = appendGenes(b.indices.u32, genes, b.genes)
	} else {
		b.indices.u16, ok = appendGenes(b.indices.u16, genes, b.genes)
	}
	if !ok {
		return 0, errRow
	}
	b.offsets = append(b.offsets, int32(b.values.len()))
	return 0, nil
}

// appendGenes checks on the way that genes ascend below limit.
func appendGenes[T uint16 | uint32](dst []T, genes []uint32, limit int) ([]T, bool) {
	from := len(dst)
	dst = slices.Grow(dst, len(genes))[:from+len(genes)]
	to, next := dst[from:][:len(genes)], 0
	for k, g := range genes {
		if int(g) < next {
			return dst, false
		}
		to[k], next = T(g), int(g)+1
	}
	return dst, next <= limit
}

// appendWhole checks on the way that every value is a count up to limit.
func appendWhole[T uint8 | uint16 | uint32](dst []T, vals []float64, limit float64) ([]T, int, error) {
	from, zeros := len(dst), 0
	dst = slices.Grow(dst, len(vals))[:from+len(vals)]
	to := dst[from:][:len(vals)]
	for k, v := range vals {
		u := T(v)
		if float64(u) != v {
			return dst, k, misfit(v, limit)
		}
		if u == 0 {
			zeros++
		}
		to[k] = u
	}
	if zeros > 0 {
		return dst, 0, errRow
	}
	return dst, 0, nil
}

// misfit says why v, up to limit, was not stored: too large for a narrow type,
// or no count at all.
func misfit(v, limit float64) error {
	whole := v == math.Trunc(v) && v > 0 && !math.IsInf(v, 0)
	if whole && limit < math.MaxUint32 {
		return ErrTooWide
	}
	e := &counts.InputError{Found: counts.FormatValue(v) + " is not a count"}
	if whole {
		e.Found = counts.FormatValue(v) + " is above 4,294,967,295, the largest count"
	}
	return e
}

// addFloats adds what float32 holds of the values, and returns the genes of
// those that are left.
func (b *batch) addFloats(genes []uint32, vals []float64) ([]uint32, int, error) {
	var left []uint32 // nil: all
	for k, v := range vals {
		f := float32(v)
		if !(v > 0) || f > math.MaxFloat32 {
			return nil, k, &counts.InputError{Found: counts.FormatValue(v) + " is not a count that 32-bit floats hold"}
		}
		if float64(f) != v {
			b.rounded++
		}
		switch {
		case f == 0 && left == nil:
			left = append(make([]uint32, 0, len(genes)), genes[:k]...)
		case f != 0:
			b.values.f32 = append(b.values.f32, f)
			if left != nil {
				left = append(left, genes[k])
			}
		}
	}
	if left != nil {
		return left, 0, nil
	}
	return genes, 0, nil
}

func (v *values) len() int { return len(v.u8) + len(v.u16) + len(v.u32) + len(v.f32) }

func (v *values) bytes() []byte {
	switch v.kind {
	case Uint8:
		return v.u8
	case Uint16:
		return arrow.GetBytes(v.u16)
	case Uint32:
		return arrow.GetBytes(v.u32)
	}
	return arrow.GetBytes(v.f32)
}

func (x *indices) bytes() []byte {
	if x.wide {
		return arrow.GetBytes(x.u32)
	}
	return arrow.GetBytes(x.u16)
}

// trim takes away what add left of a cell that it refused.
func (b *batch) trim() {
	n := int(b.offsets[len(b.offsets)-1])
	b.indices.u16, b.indices.u32 = b.indices.u16[:min(n, len(b.indices.u16))], b.indices.u32[:min(n, len(b.indices.u32))]
	v := &b.values
	v.u8, v.u16 = v.u8[:min(n, len(v.u8))], v.u16[:min(n, len(v.u16))]
	v.u32, v.f32 = v.u32[:min(n, len(v.u32))], v.f32[:min(n, len(v.f32))]
}

// arrays are the batch's columns; they alias it until reset.
func (b *batch) arrays(schema *arrow.Schema, levels []arrow.Array) []arrow.Array {
	columns := []arrow.Array{
		stringArray(b.obs.Names, nil),
		listArray(schema.Field(1).Type.(*arrow.ListType), b.offsets, b.indices.bytes()),
		listArray(schema.Field(2).Type.(*arrow.ListType), b.offsets, b.values.bytes()),
	}
	for i := range b.obs.Columns {
		columns = append(columns, columnArray(&b.obs.Columns[i], levels[i], schema.Field(3+i).Type))
	}
	return columns
}

// reset empties the batch, keeping its memory.
func (b *batch) reset() {
	b.obs.Names = b.obs.Names[:0]
	for i := range b.obs.Columns {
		c := &b.obs.Columns[i]
		c.Codes, c.Strings, c.Ints = c.Codes[:0], c.Strings[:0], c.Ints[:0]
		c.Floats, c.Bools, c.Missing = c.Floats[:0], c.Bools[:0], nil
	}
	b.offsets = b.offsets[:1]
	b.indices.u16, b.indices.u32 = b.indices.u16[:0], b.indices.u32[:0]
	v := &b.values
	v.u8, v.u16, v.u32, v.f32 = v.u8[:0], v.u16[:0], v.u32[:0], v.f32[:0]
}
