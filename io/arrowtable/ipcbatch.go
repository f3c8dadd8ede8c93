package arrowtable

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
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
