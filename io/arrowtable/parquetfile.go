package arrowtable

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	arrowmemory "github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	pqfile "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"cellvi/io/counts"
)

// parquetFile is a Parquet file, read by row groups, of a row group by columns, of
// a column by pages.
type parquetFile struct {
	path   string
	file   *os.File
	memory int64

	reader *pqfile.Reader
	arrows *pqarrow.FileReader
	arrow  *arrow.Schema
	rows   []int64
	leaves [][]int // of each field, its columns in the file

	at    int // the row group that group is of
	group *pqfile.RowGroupReader
	scratch
}

// The memory that a file of Parquet takes beside what is read: a footer as
// arrow-go holds it is some six times as long as in the file, and a column that is
// read holds a page and a dictionary, a megabyte each as most writers make them.
const (
	footerFactor = 6
	columnBytes  = 3 << 20
	streamBytes  = 64 << 10
)

func openParquet(f *os.File, path string, size, memory int64) (file, error) {
	p := &parquetFile{path: path, file: f, memory: memory, at: -1}
	if err := p.checkFooter(size); err != nil {
		return nil, err
	}
	props := parquet.NewReaderProperties(arrowmemory.DefaultAllocator)
	props.BufferedStreamEnabled, props.BufferSize = true, streamBytes
	props.MaxCompressedPageSize, props.MaxUncompressedPageSize = p.mostPage(), p.mostPage()
	var err error
	if p.reader, err = pqfile.NewParquetReader(f, pqfile.WithReadProps(props)); err != nil {
		return nil, err
	}
	meta := p.reader.MetaData().KeyValueMetadata()
	if text := meta.FindValue("ARROW:schema"); text != nil {
		verifyStored(*text)
	}
	p.arrows, err = pqarrow.NewFileReader(p.reader, pqarrow.ArrowReadProperties{BatchSize: pieceRows}, arrowmemory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	return p, p.outline()
}

// mostPage is the largest page that is read.
func (p *parquetFile) mostPage() int64 { return max(p.memory/4, 1) }

// checkFooter verifies the footer before arrow-go reads it.
func (p *parquetFile) checkFooter(size int64) error {
	tail := make([]byte, 8)
	if size < 12 {
		return truncatedParquet(p.path)
	}
	if _, err := p.file.ReadAt(tail, size-8); err != nil {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return truncatedParquet(p.path)
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	if length > size-12 {
		return fmt.Errorf("a footer of %d bytes in a file of %d", length, size)
	}
	if need := length * footerFactor; need > p.memory {
		return &counts.MemoryError{File: p.path, Place: "footer", Found: fmt.Sprintf("it is of %s bytes", counts.Thousands(length)),
			Need: need, Allow: p.memory, Advice: "write the file in larger row groups"}
	}
	footer := make([]byte, length)
	if _, err := p.file.ReadAt(footer, size-8-length); err != nil {
		return err
	}
	verifyFooter(footer)
	return nil
}

func truncatedParquet(path string) error {
	return &counts.InputError{File: path, Found: "the end of the file is missing", Advice: "it is truncated: write it again"}
}

// verifyStored verifies the schema that Arrow leaves in the file's metadata.
func verifyStored(text string) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < 16 {
		panic("the entry ARROW:schema is no schema")
	}
	if binary.LittleEndian.Uint32(b) == 0xFFFFFFFF {
		b = b[4:]
	}
	root := fbRoot(b[4:])
	if schema, ok := root.table(messageHeader); ok && root.int8(messageType) == typeSchema {
		verifySchema(schema)
		return
	}
	panic("the entry ARROW:schema is no schema")
}

// outline learns the schema, the row groups, and which columns make a field.
func (p *parquetFile) outline() (err error) {
	if p.arrow, err = p.arrows.Schema(); err != nil {
		return err
	}
	for i := range p.reader.NumRowGroups() {
		group := p.reader.MetaData().RowGroup(i)
		n := group.NumRows()
		if n < 0 || n > mostRows || group.NumColumns() != p.reader.MetaData().Schema.NumColumns() {
			return fmt.Errorf("row group %d: %d rows, %d columns of %d", i, n, group.NumColumns(), p.reader.MetaData().Schema.NumColumns())
		}
		p.rows = append(p.rows, n)
	}
	p.leaves = make([][]int, len(p.arrows.Manifest.Fields))
	for i := range p.arrows.Manifest.Fields {
		p.leaves[i] = leavesOf(&p.arrows.Manifest.Fields[i], nil)
	}
	return nil
}

func leavesOf(f *pqarrow.SchemaField, list []int) []int {
	if f.IsLeaf() {
		return append(list, f.ColIndex)
	}
	for i := range f.Children {
		list = leavesOf(&f.Children[i], list)
	}
	return list
}

func (p *parquetFile) name() string          { return p.path }
func (p *parquetFile) format() string        { return "Parquet" }
func (p *parquetFile) schema() *arrow.Schema { return p.arrow }
func (p *parquetFile) parts() []int64        { return p.rows }
func (p *parquetFile) close() error          { return p.file.Close() }

// compression is that of the first row group.
func (p *parquetFile) compression(column int) string {
	if len(p.rows) == 0 || len(p.leaves[column]) == 0 {
		return ""
	}
	chunk, err := p.reader.MetaData().RowGroup(0).ColumnChunk(p.leaves[column][0])
	if err != nil {
		return ""
	}
	name := strings.ToLower(chunk.Compression().String())
	if name == "uncompressed" {
		return ""
	}
	return name
}

// scan reads columns side by side.
func (p *parquetFile) scan(ctx context.Context, part int, columns []int, rows int) iter.Seq2[piece, error] {
	return func(yield func(piece, error) bool) {
		readers, err := p.columnReaders(ctx, part, columns)
		defer func() {
			for _, r := range readers {
				r.Release()
			}
		}()
		for left := p.rows[part]; err == nil && left > 0; {
			if err = ctx.Err(); err != nil {
				break
			}
			var out piece
			if out, err = p.nextPiece(part, columns, readers, min(left, int64(rows))); err != nil {
				break
			}
			left -= int64(out.rows)
			if !yield(out, nil) {
				return
			}
		}
		if err != nil {
			yield(piece{}, p.tooLarge(err, part))
		}
	}
}

// columnReaders begins the reading of columns, in the order asked for.
func (p *parquetFile) columnReaders(ctx context.Context, part int, columns []int) ([]*pqarrow.ColumnReader, error) {
	if err := p.checkColumns(part, columns); err != nil {
		return nil, err
	}
	var readers []*pqarrow.ColumnReader
	for _, c := range columns {
		leaves := map[int]bool{}
		for _, leaf := range p.leaves[c] {
			leaves[leaf] = true
		}
		r, err := p.arrows.GetFieldReader(ctx, c, leaves, []int{part})
		if err != nil {
			return readers, err
		}
		readers = append(readers, r)
	}
	return readers, nil
}

// checkColumns holds what reading columns side by side takes against the memory.
func (p *parquetFile) checkColumns(part int, columns []int) error {
	group, need := p.reader.MetaData().RowGroup(part), int64(0)
	for _, c := range columns {
		for _, leaf := range p.leaves[c] {
			chunk, err := group.ColumnChunk(leaf)
			if err != nil {
				return err
			}
			if chunk.TotalUncompressedSize() < 0 {
				return fmt.Errorf("row group %d: a column of %d bytes", part, chunk.TotalUncompressedSize())
			}
			need += min(2*chunk.TotalUncompressedSize(), columnBytes)
		}
	}
	if need > p.memory {
		return &counts.MemoryError{File: p.path, Place: fmt.Sprintf("row group %d", part),
			Found: fmt.Sprintf("%s columns are read side by side", counts.Thousands(int64(len(columns)))), Need: need, Allow: p.memory,
			Advice: "write the file in smaller row groups"}
	}
	return nil
}

// nextPiece reads n rows of each column.
func (p *parquetFile) nextPiece(part int, columns []int, readers []*pqarrow.ColumnReader, n int64) (piece, error) {
	out := piece{rows: int(n)}
	for i, r := range readers {
		chunked, err := r.NextBatch(n)
		if err != nil {
			return out, err
		}
		if int64(chunked.Len()) != n {
			return out, fmt.Errorf("row group %d: column %s ends before its %d rows", part, p.arrow.Field(columns[i]).Name, p.rows[part])
		}
		out.columns = append(out.columns, slices.Clone(chunked.Chunks()))
	}
	return out, nil
}

// tooLarge makes arrow-go's error of a page above the limit one of memory; it has
// no type of its own.
func (p *parquetFile) tooLarge(err error, part int) error {
	var size, limit int64
	text := err.Error()
	at := strings.Index(text, "compressed page size ")
	if at < 0 || errors.Is(err, context.Canceled) {
		return err
	}
	if n, _ := fmt.Sscanf(text[at:], "compressed page size %d exceeds configured limit %d", &size, &limit); n != 2 {
		return err
	}
	return &counts.MemoryError{File: p.path, Place: fmt.Sprintf("row group %d", part),
		Found: fmt.Sprintf("a page of %s bytes", counts.Thousands(size)), Need: 4 * size, Allow: p.memory, Advice: "write the file in smaller pages"}
}
