package arrowtable

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"cellvi/io/counts"
)

var (
	arrowMagic   = []byte("ARROW1")
	continuation = []byte{0xFF, 0xFF, 0xFF, 0xFF}
)

// message is where one message of a file lies.
type message struct {
	header, size int64 // its header, in FlatBuffers
	body, length int64
}

// ipcFile is an Arrow IPC file or stream. arrow-go's readers load a whole record
// batch, all columns of it; here the messages are found and buffers loaded
// column by column, and arrow-go makes arrays of them.
type ipcFile struct {
	path   string
	file   *os.File
	size   int64
	memory int64
	is     format

	arrow   *arrow.Schema
	fields  []fbField
	batches []message
	rows    []int64
	values  map[int64][]dictionary
	claimed int64 // rows of all batches
	packed  int64 // bytes that one of theirs may stand for

	at     int // the batch whose header is held
	record *recordBatch
	cache  map[int64]loadedDictionary
	decompressor
}

// dictionary is a message with values of a dictionary.
type dictionary struct {
	message
	before int  // record batches that come before it
	delta  bool // its values are added to those before
}

// openIPC finds the messages of a file by its footer, of a stream by walking: headers
// are read, bodies passed by.
func openIPC(f *os.File, path string, size int64, is format, memory int64) (file, error) {
	p := &ipcFile{path: path, file: f, size: size, memory: memory, is: is, at: -1,
		values: map[int64][]dictionary{}, cache: map[int64]loadedDictionary{}}
	if is == arrowStream {
		return p, p.walk()
	}
	return p, p.readFooter()
}

// walk goes from message to message.
func (p *ipcFile) walk() error {
	for at := int64(0); ; {
		m, more, err := p.next(at, p.size)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := p.add(&m); err != nil {
			return err
		}
		at = m.body + m.length
	}
	if p.arrow == nil {
		return errors.New("it has no schema")
	}
	return nil
}

func (p *ipcFile) truncated() error {
	return &counts.InputError{File: p.path, Found: "the end of the file is missing", Advice: "it is truncated: write it again"}
}

// next is the message at offset at; more is false at the end.
func (p *ipcFile) next(at, end int64) (m message, more bool, err error) {
	if at == end {
		return m, false, nil
	}
	head := make([]byte, 8)
	n, err := p.file.ReadAt(head[:min(8, end-at)], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return m, false, err
	}
	skip := int64(4)
	if bytes.Equal(head[:4], continuation) {
		skip = 8
	}
	if int64(n) < skip {
		return m, false, p.truncated()
	}
	m.size = int64(int32(binary.LittleEndian.Uint32(head[skip-4:])))
	if m.size == 0 {
		return m, false, nil
	}
	m.header = at + skip
	if m.size < 8 || m.size > end-m.header {
		if p.is == arrowStream && m.size > end-m.header {
			return m, false, p.truncated()
		}
		return m, false, fmt.Errorf("a header of %d bytes at byte %d", m.size, at)
	}
	m.body = m.header + m.size
	return m, true, nil
}

// add takes in a message, whose length it finds.
func (p *ipcFile) add(m *message) error {
	b, err := p.header(*m)
	if err != nil {
		return err
	}
	root := fbRoot(b)
	m.length = root.int64(messageBody)
	if m.length < 0 || m.length > p.size-m.body {
		return p.truncated()
	}
	header, ok := root.table(messageHeader)
	if !ok {
		return fmt.Errorf("a message without a header at byte %d", m.header)
	}
	switch kind := root.int8(messageType); {
	case kind == typeSchema && p.arrow == nil:
		return p.addSchema(header, func() (*arrow.Schema, error) { return readSchema(b) })
	case kind == typeDictionary && p.arrow != nil:
		id := header.int64(dictionaryID)
		p.values[id] = append(p.values[id], dictionary{*m, len(p.batches), header.int8(dictionaryDelta) != 0})
		return nil
	case kind == typeRecord && p.arrow != nil:
		p.batches = append(p.batches, *m)
		p.rows = append(p.rows, header.int64(batchLength))
		_, packed := header.table(batchCompression)
		return p.checkRows(len(p.rows)-1, packed)
	default:
		return fmt.Errorf("a message of type %d at byte %d", kind, m.header)
	}
}

// mostRows bounds the rows of one part: they can be counted in 31 bits.
const mostRows = 1<<31 - 1

// addSchema has arrow-go read the schema, which is verified first.
func (p *ipcFile) addSchema(schema fbTable, read func() (*arrow.Schema, error)) error {
	if schema.int16(schemaEndian) != 0 {
		return &counts.InputError{File: p.path, Found: "its numbers are big-endian", Advice: "write it on a little-endian machine"}
	}
	p.fields = verifySchema(schema)
	var err error
	if p.arrow, err = read(); err == nil && p.arrow.NumFields() != len(p.fields) {
		err = fmt.Errorf("%d columns of %d", p.arrow.NumFields(), len(p.fields))
	}
	return err
}

// readSchema makes a schema of its message's header.
func readSchema(b []byte) (*arrow.Schema, error) {
	framed := binary.LittleEndian.AppendUint32(bytes.Clone(continuation), uint32(len(b)))
	r, err := ipc.NewReader(bytes.NewReader(append(framed, b...)))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}

// header reads a message's header.
func (p *ipcFile) header(m message) ([]byte, error) {
	if m.size > p.memory/2 {
		return nil, &counts.MemoryError{File: p.path, Found: "the header of a message is large", Need: 2 * m.size, Allow: p.memory}
	}
	return p.read(m.header, m.size)
}

// read reads n bytes, which are there.
func (p *ipcFile) read(at, n int64) ([]byte, error) {
	b := make([]byte, n)
	_, err := p.file.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		return nil, p.truncated()
	}
	return b, err
}

func (p *ipcFile) name() string          { return p.path }
func (p *ipcFile) schema() *arrow.Schema { return p.arrow }
func (p *ipcFile) parts() []int64        { return p.rows }

func (p *ipcFile) close() error {
	p.decompressor.close()
	return p.file.Close()
}

func (p *ipcFile) format() string {
	if p.is == arrowStream {
		return "Arrow IPC stream"
	}
	return "Arrow IPC"
}

// compression is that of the first record batch.
func (p *ipcFile) compression(int) string {
	if len(p.batches) == 0 {
		return ""
	}
	if _, err := p.loadHeader(0); err != nil {
		return ""
	}
	return p.record.codec.String()
}
