package wire

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"io"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"cellvi/io/counts"
)

// header is what stands before the cells. Gob, for JSON has no NaN.
type header struct {
	Cells int64
	Genes counts.Frame
	Obs   counts.Frame // columns without rows
	Notes []string     // what the reader left out, for the log
}

// Send writes everything that reader yields to w, notes before it.
func Send(ctx context.Context, w io.Writer, reader counts.Reader, notes []string) (err error) {
	out := bufio.NewWriterSize(framer{w}, mostFrame)
	h := header{Cells: reader.Cells(), Genes: *reader.Genes(), Obs: reader.Obs().Header(), Notes: notes}
	if err := gob.NewEncoder(out).Encode(h); err != nil {
		return err
	}
	schema := schemaOf(&h.Obs)
	stream := ipc.NewWriter(out, ipc.WithSchema(schema))
	defer func() { err = errors.Join(err, stream.Close(), out.Flush()) }()
	for {
		table, err := reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			end := counts.Table{Obs: h.Obs, Indptr: []int64{0}}
			return sendTable(stream, schema, &end)
		}
		if err != nil {
			return err
		}
		if err := sendTable(stream, schema, table); err != nil {
			return err
		}
	}
}

func sendTable(stream *ipc.Writer, schema *arrow.Schema, t *counts.Table) error {
	arrays := make([]arrow.Array, 0, schema.NumFields())
	arrays = append(arrays, stringArray(t.Obs.Names, nil),
		numbers(arrow.PrimitiveTypes.Uint32, t.Indptr, bytesOf(t.Genes)),
		numbers(arrow.PrimitiveTypes.Float64, t.Indptr, bytesOf(t.Values)))
	for i := range t.Obs.Columns {
		arrays = append(arrays, columnArray(&t.Obs.Columns[i]))
	}
	batch := array.NewRecordBatch(schema, arrays, int64(t.Cells()))
	for _, a := range arrays {
		a.Release()
	}
	defer batch.Release()
	return stream.Write(batch)
}

// schemaOf is the schema of a batch: names, genes, values, then annotations,
// numbered so that no name can clash.
func schemaOf(obs *counts.Frame) *arrow.Schema {
	fields := []arrow.Field{
		{Name: "cell", Type: arrow.BinaryTypes.String},
		{Name: "genes", Type: arrow.LargeListOfNonNullable(arrow.PrimitiveTypes.Uint32)},
		{Name: "values", Type: arrow.LargeListOfNonNullable(arrow.PrimitiveTypes.Float64)},
	}
	for _, c := range obs.Columns {
		fields = append(fields, arrow.Field{Name: c.Name, Type: typeOf(c.Kind), Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

// typeOf is how a column's values travel; codes of a categorical are plain
// numbers, its levels stand in the header.
func typeOf(k counts.Kind) arrow.DataType {
	switch k {
	case counts.Categorical:
		return arrow.PrimitiveTypes.Int32
	case counts.String:
		return arrow.BinaryTypes.String
	case counts.Int:
		return arrow.PrimitiveTypes.Int64
	case counts.Float:
		return arrow.PrimitiveTypes.Float64
	}
	return arrow.FixedWidthTypes.Boolean
}

// numbers is a list array over the rows that indptr cuts; it aliases both.
func numbers(t arrow.DataType, indptr []int64, values []byte) arrow.Array {
	n := int(indptr[len(indptr)-1])
	items := array.NewData(t, n, []*memory.Buffer{nil, memory.NewBufferBytes(values)}, nil, 0, 0)
	defer items.Release()
	list := array.NewData(arrow.LargeListOfNonNullable(t), len(indptr)-1,
		[]*memory.Buffer{nil, memory.NewBufferBytes(bytesOf(indptr))}, []arrow.ArrayData{items}, 0, 0)
	defer list.Release()
	return array.MakeFromData(list)
}

// bytesOf is the memory of a slice of numbers.
func bytesOf[T int64 | uint32 | float64](s []T) []byte {
	var one T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(one)))
}

func columnArray(c *counts.Column) arrow.Array {
	valid := validity(c.Missing)
	switch c.Kind {
	case counts.Categorical:
		b := array.NewInt32Builder(memory.DefaultAllocator)
		defer b.Release()
		b.AppendValues(c.Codes, nil)
		return b.NewArray()
	case counts.String:
		return stringArray(c.Strings, valid)
	case counts.Int:
		b := array.NewInt64Builder(memory.DefaultAllocator)
		defer b.Release()
		b.AppendValues(c.Ints, valid)
		return b.NewArray()
	case counts.Float:
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		defer b.Release()
		b.AppendValues(c.Floats, nil)
		return b.NewArray()
	}
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(c.Bools, valid)
	return b.NewArray()
}

func stringArray(values []string, valid []bool) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(values, valid)
	return b.NewArray()
}

// validity is the opposite of missing; nil: all are valid.
func validity(missing []bool) []bool {
	if missing == nil {
		return nil
	}
	valid := make([]bool, len(missing))
	for i, m := range missing {
		valid[i] = !m
	}
	return valid
}
