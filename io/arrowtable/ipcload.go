package arrowtable

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"cellvi/io/counts"
)

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
			if size < -1 || size > n*packedMost {
				return 0, fmt.Errorf("a buffer of %d bytes, %d when decompressed", n, size)
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
		b, err = l.file.decompress(l.codec, b, l.file.memory)
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
