package arrowtable

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	pqfile "github.com/apache/arrow-go/v18/parquet/file"
)

// claimIPC makes the first record batch of a file tell of another number of rows.
func claimIPC(t *testing.T, path string, rows int64) {
	f, err := openFile(path, DefaultMemory)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	p := f.(*ipcFile)
	b, err := p.header(p.batches[0])
	if err != nil {
		t.Fatal(err)
	}
	header, _ := fbRoot(b).table(messageHeader)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint64(whole[p.batches[0].header+int64(header.field(batchLength)):], uint64(rows))
	if err := os.WriteFile(path, whole, 0o666); err != nil {
		t.Fatal(err)
	}
}

// claimParquet does the same to the first row group, and to its columns with values.
func claimParquet(t *testing.T, path string, rows int64, values bool) {
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pqfile.NewParquetReader(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	meta := r.MetaData()
	meta.RowGroups[0].NumRows = rows
	for _, c := range meta.RowGroups[0].Columns {
		if values {
			c.MetaData.NumValues = rows
		}
	}
	length := binary.LittleEndian.Uint32(whole[len(whole)-8:])
	out := bytes.NewBuffer(whole[: len(whole)-8-int(length) : len(whole)-8-int(length)])
	n, err := meta.WriteTo(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
	out.WriteString("PAR1")
	if err := os.WriteFile(path, out.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestClaims has small files that tell of more cells than can be in them: these are
// refused when they are opened, not when the cells are read.
func TestClaims(t *testing.T) {
	many := int64(1<<31 - 1)
	for _, c := range []struct {
		way   string
		claim func(path string)
		want  string
	}{
		{"ipc", func(path string) { claimIPC(t, path, many) }, "record batch 0: its headers tell of 2147483647 rows, for which there are N bytes"},
		{"ipc", func(path string) { claimIPC(t, path, -1) }, "a record batch of -1 rows"},
		{"ipc stream", func(path string) { claimIPC(t, path, many) }, "record batch 0: its headers tell of 2147483647 rows, for which there are N bytes"},
		{"ipc zstd", func(path string) { claimIPC(t, path, many) }, "record batch 0: its headers tell of 2147483647 rows, for which there are N bytes"},
		{"parquet", func(path string) { claimParquet(t, path, many, false) }, "row group 0 of 2147483647 rows: column 0 tells of 2 values in N bytes"},
		{"parquet", func(path string) { claimParquet(t, path, many, true) }, "its headers tell of 2147483648 rows, for which there are N bytes"},
		{"parquet v2", func(path string) { claimParquet(t, path, 1, false) }, "row group 0 of 1 rows: column 0 tells of 2 values in N bytes"},
	} {
		path := temporary(t, "x")
		storages[c.way](t, path, wideRecord(seed()), 2)
		c.claim(path)
		_, err := Open(path, Options{})
		if err == nil {
			t.Errorf("%s: no error", c.way)
			continue
		}
		expected(t, err)
		got := strings.TrimSuffix(strings.TrimPrefix(err.Error(), path+": cannot be read ("), "): "+damaged)
		if before, after, is := strings.Cut(got, " in "); is { // the bytes are the writer's affair
			got = before + " in N" + strings.TrimLeft(after, "0123456789")
		} else if before, after, is := strings.Cut(got, "there are "); is {
			got = before + "there are N" + strings.TrimLeft(after, "0123456789")
		}
		if got != c.want {
			t.Errorf("%s: %s\nwant %s", c.way, got, c.want)
		}
	}
}

// TestClaimsOfSmallRows: what is a bit a row, or compressed well, is no false claim.
func TestClaimsOfSmallRows(t *testing.T) {
	const n = 200_000
	flags, zeros := make([]bool, n), make([]uint8, n)
	b, z := array.NewBooleanBuilder(memory.DefaultAllocator), array.NewUint8Builder(memory.DefaultAllocator)
	b.AppendValues(flags, nil)
	z.AppendValues(zeros, nil)
	for way := range storages {
		if way == "parquet pages" { // would have 50,000
			continue
		}
		path := temporary(t, "x")
		storages[way](t, path, record([]written{{"flag", b.NewBooleanArray()}}, ""), n)
		b.AppendValues(flags, nil)
		if f, _, err := ReadFrame(path, FrameOptions{}); err == nil || !strings.Contains(err.Error(), "cannot name cells") {
			t.Errorf("%s: flags alone: %v, %v", way, f, err)
		}
		storages[way](t, path, record([]written{{"A", z.NewUint8Array()}}, ""), n)
		z.AppendValues(zeros, nil)
		r, err := Open(path, Options{})
		if err != nil {
			t.Errorf("%s: zeros alone: %v", way, err)
			continue
		}
		if r.Cells() != n {
			t.Errorf("%s: %d cells", way, r.Cells())
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTakesBytes(t *testing.T) {
	null := arrow.Field{Name: "x", Type: arrow.Null}
	for want, types := range map[bool][]arrow.DataType{
		false: {arrow.Null, arrow.StructOf(null), arrow.FixedSizeListOf(3, arrow.Null), &arrow.FixedSizeBinaryType{}, arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int8)},
		true: {arrow.FixedWidthTypes.Boolean, arrow.ListOf(arrow.Null), arrow.BinaryTypes.String, text32(arrow.PrimitiveTypes.Int8, false),
			arrow.StructOf(null, arrow.Field{Name: "y", Type: arrow.PrimitiveTypes.Int8}), arrow.FixedSizeListOf(3, arrow.PrimitiveTypes.Int8)},
	} {
		for _, typ := range types {
			if takesBytes(typ) != want {
				t.Error(fmt.Sprint(typ), !want)
			}
		}
	}
}
