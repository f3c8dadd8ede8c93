package arrowtable

import (
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	arrowmemory "github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	pqfile "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
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
	return p, p.outline(size)
}

// mostPage is the largest page that is read.
func (p *parquetFile) mostPage() int64 { return max(p.memory/4, 1) }

// outline learns the schema, the row groups, and which columns make a field.
func (p *parquetFile) outline(size int64) (err error) {
	if p.arrow, err = p.arrows.Schema(); err != nil {
		return err
	}
	if err := p.checkRows(size); err != nil {
		return err
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
