package arrowtable

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"cellvi/io/counts"
)

// recordBatch is the header of a record batch, or of the values of a dictionary:
// where the buffers of its columns lie.
type recordBatch struct {
	file    *ipcFile
	at      message
	t       fbTable
	part    int // whose dictionaries are meant
	version int
	codec   codec
	nodes   int // places of the first node, buffer and variadic count in t.b
	buffers int
	views   int
	limits  position   // how many there are
	columns []typed    // the batch's fields
	starts  []position // of each column, and the end
}

// position counts nodes, buffers and variadic counts before a column.
type position struct{ node, buffer, view int }

// typed is the type of a field with its dictionaries' identities.
type typed struct {
	arrow.DataType
	fb fbField
}

// openBatch reads the header of a message and finds its columns.
func (p *ipcFile) openBatch(m message, part int, columns []typed) (*recordBatch, error) {
	b, err := p.header(m)
	if err != nil {
		return nil, err
	}
	root := fbRoot(b)
	t, _ := root.table(messageHeader)
	if root.int8(messageType) == typeDictionary {
		t, _ = t.table(dictionaryData)
	}
	r := &recordBatch{file: p, at: m, t: t, part: part, version: root.int16(messageVersion), codec: plain, columns: columns}
	r.nodes, r.limits.node = t.vector(batchNodes, 16)
	r.buffers, r.limits.buffer = t.vector(batchBuffers, 16)
	r.views, r.limits.view = t.vector(batchVariadic, 8)
	if c, ok := t.table(batchCompression); ok {
		r.codec = codec(c.int8(compressionCodec))
	}
	at := position{}
	for _, c := range columns {
		r.starts = append(r.starts, at)
		r.pass(c.DataType, &at, 0)
	}
	r.starts = append(r.starts, at)
	if at.node > r.limits.node || at.buffer > r.limits.buffer || at.view > r.limits.view {
		return nil, fmt.Errorf("record batch %d: %d buffers for columns that need %d", part, r.limits.buffer, at.buffer)
	}
	return r, nil
}

// layoutOf is how many buffers an array of a type has by itself, whether others
// follow as many as a count says, and the types of its children.
func layoutOf(t arrow.DataType, version int) (buffers int, views bool, children []arrow.Field) {
	switch t := t.(type) {
	case *arrow.NullType:
		return 0, false, nil
	case arrow.BinaryViewDataType:
		return 2, true, nil
	case *arrow.BinaryType, *arrow.StringType, *arrow.LargeBinaryType, *arrow.LargeStringType:
		return 3, false, nil
	case *arrow.RunEndEncodedType:
		return 0, false, t.Fields()
	case *arrow.StructType:
		return 1, false, t.Fields()
	case *arrow.FixedSizeListType:
		return 1, false, t.Fields()
	case *arrow.ListViewType, *arrow.LargeListViewType:
		return 3, false, t.(arrow.NestedType).Fields()
	case *arrow.ListType, *arrow.LargeListType, *arrow.MapType:
		return 2, false, t.(arrow.NestedType).Fields()
	case arrow.UnionType:
		buffers = 1
		if t.Mode() == arrow.DenseMode {
			buffers++
		}
		if version < versionFive {
			buffers++
		}
		return buffers, false, t.Fields()
	}
	return 2, false, nil // of fixed width, and the indices of a dictionary
}

// storage is the type in which an extension's values are.
func storage(t arrow.DataType) arrow.DataType {
	if e, ok := t.(arrow.ExtensionType); ok {
		return storage(e.StorageType())
	}
	return t
}

// pass moves at behind a column.
func (r *recordBatch) pass(t arrow.DataType, at *position, depth int) {
	buffers, views, children := layoutOf(storage(t), r.version)
	at.node++
	at.buffer += buffers
	if views {
		if at.view >= r.limits.view {
			panic("a column's number of buffers is missing")
		}
		n := int64(binary.LittleEndian.Uint64(r.t.b[r.views+8*at.view:]))
		if n < 0 || n > int64(r.limits.buffer) {
			panic(fmt.Sprintf("a column of %d buffers", n))
		}
		at.view++
		at.buffer += int(n)
	}
	if _, dictionary := storage(t).(*arrow.DictionaryType); dictionary {
		return
	}
	for _, c := range children {
		r.pass(c.Type, at, depth+1)
	}
}

// buffer is where buffer i lies in the file.
func (r *recordBatch) buffer(i int) (at, n int64) {
	entry := r.t.b[r.buffers+16*i:]
	at, n = int64(binary.LittleEndian.Uint64(entry)), int64(binary.LittleEndian.Uint64(entry[8:]))
	if at < 0 || n < 0 || at > r.at.length || n > r.at.length-at {
		panic(fmt.Sprintf("a buffer of %d bytes at %d in a record batch of %d", n, at, r.at.length))
	}
	return r.at.body + at, n
}

// need is the bytes that loading columns takes: buffers, decompressed where they
// are compressed, and the largest compressed one beside them.
func (r *recordBatch) need(columns []int) (int64, error) {
	total, packed := int64(0), int64(0)
	for _, c := range columns {
		for i := r.starts[c].buffer; i < r.starts[c+1].buffer; i++ {
			at, n := r.buffer(i)
			if r.codec == plain || n < 8 {
				total += n
				continue
			}
			head, err := r.file.read(at, 8)
			if err != nil {
				return 0, err
			}
			packed = max(packed, n)
			size := int64(binary.LittleEndian.Uint64(head))
			if size < -1 || size > 1<<40 {
				return 0, fmt.Errorf("a buffer of %d bytes when decompressed", size)
			}
			total += max(size, 0)
			if size == -1 {
				total += n
			}
		}
	}
	return total + packed, nil
}

// loadHeader reads the header of a record batch, unless it is held.
func (p *ipcFile) loadHeader(part int) (*recordBatch, error) {
	if p.at == part {
		return p.record, nil
	}
	fields := make([]typed, p.arrow.NumFields())
	for i := range fields {
		fields[i] = typed{p.arrow.Field(i).Type, p.fields[i]}
	}
	record, err := p.openBatch(p.batches[part], part, fields)
	if err == nil {
		p.record, p.at = record, part
	}
	return record, err
}

// load makes arrays of columns of a record batch.
func (p *ipcFile) load(part int, columns []int) ([]arrow.Array, error) {
	record, err := p.loadHeader(part)
	if err != nil {
		return nil, err
	}
	return record.load(columns, p.rows[part])
}

// load makes arrays of rows rows; rows is -1 where any number will do.
func (r *recordBatch) load(columns []int, rows int64) ([]arrow.Array, error) {
	need, err := r.need(columns)
	if err != nil {
		return nil, err
	}
	if need > r.file.memory {
		return nil, &counts.MemoryError{File: r.file.path, Place: fmt.Sprintf("record batch %d", r.part),
			Found: fmt.Sprintf("its columns that are read together are large (%s rows)", counts.Thousands(max(rows, 0))),
			Need:  need, Allow: r.file.memory, Advice: "write the file in smaller record batches, or as Parquet"}
	}
	arrays := make([]arrow.Array, len(columns))
	for i, c := range columns {
		l := loader{recordBatch: r, at: r.starts[c]}
		data, err := l.load(r.columns[c].DataType, r.columns[c].fb)
		if err != nil {
			return nil, err
		}
		if rows >= 0 && int64(data.Len()) != rows {
			return nil, fmt.Errorf("record batch %d: column %d has %d rows of %d", r.part, c, data.Len(), rows)
		}
		arrays[i] = array.MakeFromData(data)
	}
	return arrays, nil
}

// loader goes through the nodes and buffers of a column.
type loader struct {
	*recordBatch
	at position
}

func (l *loader) node() (length, nulls int) {
	entry := l.t.b[l.nodes+16*l.at.node:]
	l.at.node++
	n, k := int64(binary.LittleEndian.Uint64(entry)), int64(binary.LittleEndian.Uint64(entry[8:]))
	if n < 0 || n > 1<<40 || k < 0 || k > n {
		panic(fmt.Sprintf("a column of %d rows with %d nulls", n, k))
	}
	return int(n), int(k)
}

// bytes loads the next buffer.
func (l *loader) bytes() (*memory.Buffer, error) {
	at, n := l.buffer(l.at.buffer)
	l.at.buffer++
	b, err := l.file.read(at, n)
	if err == nil && l.codec != plain && n >= 8 {
		b, err = l.codec.decompress(b, l.file.memory)
	}
	return memory.NewBufferBytes(b), err
}

// load makes the data of an array.
func (l *loader) load(t arrow.DataType, f fbField) (arrow.ArrayData, error) {
	t = storage(t)
	n, views, children := layoutOf(t, l.version)
	length, nulls := l.node()
	if n == 0 && children == nil {
		return array.NewData(t, length, []*memory.Buffer{nil}, nil, length, 0), nil
	}
	if views {
		n += int(binary.LittleEndian.Uint64(l.t.b[l.views+8*l.at.view:]))
		l.at.view++
	}
	buffers := make([]*memory.Buffer, n)
	for i := range buffers {
		if i == 0 && nulls == 0 {
			l.at.buffer++
			continue
		}
		b, err := l.bytes()
		if err != nil {
			return nil, err
		}
		buffers[i] = b
	}
	if nulls > 0 {
		nulls = array.UnknownNullCount // as the bitmap says, not the header
	}
	if d, ok := t.(*arrow.DictionaryType); ok {
		values, err := l.file.dictionary(d, f, l.part)
		if err != nil {
			return nil, err
		}
		return array.NewDataWithDictionary(d, length, buffers, nulls, 0, values.Data().(*array.Data)), nil
	}
	var below []arrow.ArrayData
	for i, c := range children {
		data, err := l.load(c.Type, f.children[i])
		if err != nil {
			return nil, err
		}
		below = append(below, data)
	}
	return array.NewData(t, length, buffers, below, nulls, 0), nil
}

// loadedDictionary is the values of a dictionary after some messages of it.
type loadedDictionary struct {
	messages int
	values   arrow.Array
}

// dictionary is the values that a dictionary has for a record batch.
func (p *ipcFile) dictionary(t *arrow.DictionaryType, f fbField, part int) (arrow.Array, error) {
	n, from := 0, 0
	for i, d := range p.values[f.dictionary] {
		if d.before > part {
			break
		}
		n = i + 1
		if !d.delta {
			from = i
		}
	}
	if held := p.cache[f.dictionary]; held.values != nil && held.messages == n {
		return held.values, nil
	}
	values := []arrow.Array{}
	for _, d := range p.values[f.dictionary][from:n] {
		r, err := p.openBatch(d.message, part, []typed{{t.ValueType, fbField{children: f.children}}})
		if err != nil {
			return nil, err
		}
		a, err := r.load([]int{0}, -1)
		if err != nil {
			return nil, err
		}
		values = append(values, a[0])
	}
	all, err := joinValues(t, values)
	if err == nil {
		p.cache[f.dictionary] = loadedDictionary{n, all}
	}
	return all, err
}

func joinValues(t *arrow.DictionaryType, values []arrow.Array) (arrow.Array, error) {
	switch len(values) {
	case 0:
		return array.MakeArrayOfNull(memory.DefaultAllocator, t.ValueType, 0), nil
	case 1:
		return values[0], nil
	}
	return array.Concatenate(values, memory.DefaultAllocator)
}
