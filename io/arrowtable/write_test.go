package arrowtable

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// written is a column of a file to write.
type written struct {
	name  string
	array arrow.Array
}

// storages are the ways in which tests write a table.
var storages = map[string]func(t testing.TB, path string, rec arrow.RecordBatch, rows int64){
	"ipc":           ipcWriter(),
	"ipc lz4":       ipcWriter(ipc.WithLZ4()),
	"ipc zstd":      ipcWriter(ipc.WithZstd()),
	"ipc stream":    streamWriter,
	"parquet":       parquetWriter(parquet.WithDictionaryDefault(true)),
	"parquet v2":    parquetWriter(parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Zstd)),
	"parquet bare":  parquetWriter(parquet.WithStats(false)),
	"parquet pages": parquetWriter(parquet.WithDataPageSize(16), parquet.WithBatchSize(3), parquet.WithCompression(compress.Codecs.Snappy)),
}

func ipcWriter(opts ...ipc.Option) func(testing.TB, string, arrow.RecordBatch, int64) {
	return func(t testing.TB, path string, rec arrow.RecordBatch, rows int64) {
		f := create(t, path)
		w, err := ipc.NewFileWriter(f, append(opts, ipc.WithSchema(rec.Schema()))...)
		if err != nil {
			t.Fatal(err)
		}
		eachBatch(t, rec, rows, w.Write)
		closeBoth(t, w, f)
	}
}

func streamWriter(t testing.TB, path string, rec arrow.RecordBatch, rows int64) {
	f := create(t, path)
	w := ipc.NewWriter(f, ipc.WithSchema(rec.Schema()))
	eachBatch(t, rec, rows, w.Write)
	closeBoth(t, w, f)
}

func parquetWriter(opts ...parquet.WriterProperty) func(testing.TB, string, arrow.RecordBatch, int64) {
	return func(t testing.TB, path string, rec arrow.RecordBatch, rows int64) {
		f := create(t, path)
		w, err := pqarrow.NewFileWriter(rec.Schema(), f, parquet.NewWriterProperties(opts...), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
		if err != nil {
			t.Fatal(err)
		}
		eachBatch(t, rec, rows, w.Write)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func create(t testing.TB, path string) *os.File {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func closeBoth(t testing.TB, w interface{ Close() error }, f *os.File) {
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func eachBatch(t testing.TB, rec arrow.RecordBatch, rows int64, write func(arrow.RecordBatch) error) {
	for lo := int64(0); lo < rec.NumRows() || lo == 0; lo += rows {
		if err := write(rec.NewSlice(lo, min(lo+rows, rec.NumRows()))); err != nil {
			t.Fatal(err)
		}
	}
}

// record puts columns together, index being what pandas is told of.
func record(columns []written, index string) arrow.RecordBatch {
	var fields []arrow.Field
	var arrays []arrow.Array
	for _, c := range columns {
		fields = append(fields, arrow.Field{Name: c.name, Type: c.array.DataType(), Nullable: true})
		arrays = append(arrays, c.array)
	}
	md := arrow.NewMetadata([]string{"pandas"}, []string{fmt.Sprintf(`{"index_columns": [%q]}`, index)})
	return array.NewRecordBatch(arrow.NewSchema(fields, &md), arrays, -1)
}

func stringsOf(v []string, missing []bool) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues(v, valid(missing))
	return b.NewArray()
}

func valid(missing []bool) []bool {
	if missing == nil {
		return nil
	}
	out := make([]bool, len(missing))
	for i := range out {
		out[i] = !missing[i]
	}
	return out
}

// annotation writes a column as pyarrow would.
func annotation(c *counts.Column) arrow.Array {
	switch c.Kind {
	case counts.String:
		return stringsOf(c.Strings, c.Missing)
	case counts.Int:
		b := array.NewInt64Builder(memory.DefaultAllocator)
		b.AppendValues(c.Ints, valid(c.Missing))
		return b.NewArray()
	case counts.Float:
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		b.AppendValues(c.Floats, nil)
		return b.NewArray()
	case counts.Bool:
		b := array.NewBooleanBuilder(memory.DefaultAllocator)
		b.AppendValues(c.Bools, valid(c.Missing))
		return b.NewArray()
	}
	b := array.NewInt8Builder(memory.DefaultAllocator)
	for _, code := range c.Codes {
		if code < 0 {
			b.AppendNull()
		} else {
			b.Append(int8(code))
		}
	}
	t := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String, Ordered: c.Ordered}
	return array.NewDictionaryArray(t, b.NewArray(), stringsOf(c.Levels, nil))
}

func annotations(f *counts.Frame) []written {
	columns := []written{{"__index_level_0__", stringsOf(f.Names, nil)}}
	for i := range f.Columns {
		columns = append(columns, written{f.Columns[i].Name, annotation(&f.Columns[i])})
	}
	return columns
}

// wideRecord has the counts in a type by the gene's number.
func wideRecord(full *countstest.FullTable) arrow.RecordBatch {
	columns := annotations(&full.Table.Obs)
	n := full.Table.Cells()
	values := make([]float64, n*full.Genes.Len())
	for i := range n {
		genes, v := full.Table.Row(i)
		for k, g := range genes {
			values[int(g)*n+i] = v[k]
		}
	}
	for g, name := range full.Genes.Names {
		columns = append(columns, written{name, numbersOf(values[g*n:(g+1)*n], g)})
	}
	return record(columns, "__index_level_0__")
}

// numbersOf writes numbers in the first type, from one by k on, that holds them.
func numbersOf(values []float64, k int) arrow.Array {
	switch k % 4 {
	case 0:
		b := array.NewInt64Builder(memory.DefaultAllocator)
		for _, v := range values {
			if v != float64(int64(v)) {
				return numbersOf(values, 3)
			}
			b.Append(int64(v))
		}
		return b.NewArray()
	case 1:
		b := array.NewUint32Builder(memory.DefaultAllocator)
		for _, v := range values {
			if v != float64(uint32(v)) {
				return numbersOf(values, 3)
			}
			b.Append(uint32(v))
		}
		return b.NewArray()
	case 2:
		b := array.NewUint8Builder(memory.DefaultAllocator)
		for _, v := range values {
			if v != float64(uint8(v)) {
				return numbersOf(values, 3)
			}
			b.Append(uint8(v))
		}
		return b.NewArray()
	}
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	return b.NewArray()
}

// listRecord has genes by number.
func listRecord(full *countstest.FullTable) arrow.RecordBatch {
	genes := array.NewListBuilder(memory.DefaultAllocator, arrow.PrimitiveTypes.Int32)
	values := array.NewListBuilder(memory.DefaultAllocator, arrow.PrimitiveTypes.Float64)
	for i := range full.Table.Cells() {
		g, v := full.Table.Row(i)
		genes.Append(true)
		values.Append(true)
		for k := range g {
			genes.ValueBuilder().(*array.Int32Builder).Append(geneNumber(full.Genes, g[k]))
			values.ValueBuilder().(*array.Float64Builder).Append(v[k])
		}
	}
	return record(append(annotations(&full.Table.Obs), written{"genes", genes.NewArray()}, written{"counts", values.NewArray()}), "__index_level_0__")
}

// longRecord has genes by number, and a zero for a cell without counts.
func longRecord(full *countstest.FullTable) arrow.RecordBatch {
	var cells []string
	var genes, values []float64
	for i, name := range full.Table.Obs.Names {
		g, v := full.Table.Row(i)
		if len(g) == 0 {
			g, v = []uint32{0}, []float64{0}
		}
		for k := range g {
			cells, genes, values = append(cells, name), append(genes, float64(geneNumber(full.Genes, g[k]))), append(values, v[k])
		}
	}
	return record([]written{{"cell", stringsOf(cells, nil)}, {"gene", numbersOf(genes, 1)}, {"count", numbersOf(values, 0)}}, "")
}

// temporary is a path for a file.
func temporary(t testing.TB, name string) string { return filepath.Join(t.TempDir(), name) }

// geneNumber is what stands for a gene: its place, or its name where all are whole
// numbers.
func geneNumber(genes *counts.Frame, g uint32) int32 {
	numbers := numbered(genes.Len(), func(i int) (int64, bool) {
		n, err := strconv.ParseInt(genes.Names[i], 10, 64)
		return n, err == nil
	})
	for n, place := range numbers {
		if place == g {
			return int32(n)
		}
	}
	return int32(g)
}
