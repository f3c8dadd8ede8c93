package arrowtable

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// readFooter reads the schema and where messages are from a file's end. What else is
// before the footer does not count: polars leaves the schema out there.
func (p *ipcFile) readFooter() error {
	tail := make([]byte, 10)
	if p.size < 18 {
		return p.truncated()
	}
	if _, err := p.file.ReadAt(tail, p.size-10); err != nil {
		return err
	}
	if !bytes.Equal(tail[4:], arrowMagic) {
		return p.truncated()
	}
	length := int64(int32(binary.LittleEndian.Uint32(tail)))
	end := p.size - 10 - length
	if length < 4 || end < 8 {
		return fmt.Errorf("a footer of %d bytes", length)
	}
	b, err := p.header(message{header: end, size: length})
	if err != nil {
		return err
	}
	footer := fbRoot(b)
	schema, ok := footer.table(footerSchema)
	if !ok {
		return errors.New("it has no schema")
	}
	if err := p.addSchema(schema, func() (*arrow.Schema, error) { return schemaInFooter(b, footer) }); err != nil {
		return err
	}
	for _, list := range []int{footerDictionaries, footerBatches} {
		first, n := footer.vector(list, blockBytes)
		for i := range n {
			at := int64(binary.LittleEndian.Uint64(b[first+blockBytes*i:]))
			if at < 8 || at > end-8 {
				return fmt.Errorf("a message at byte %d of %d", at, end)
			}
			m, more, err := p.next(at, end)
			if err != nil {
				return err
			}
			if !more {
				return fmt.Errorf("no message at byte %d", at)
			}
			if err := p.add(&m); err != nil {
				return err
			}
		}
	}
	return nil
}

// blockBytes is the size of what a footer says of a message.
const blockBytes = 24

// schemaInFooter has arrow-go read the schema of a footer, which is verified, without
// the messages that it lists.
func schemaInFooter(b []byte, footer fbTable) (*arrow.Schema, error) {
	own := bytes.Clone(b)
	for _, list := range []int{footerDictionaries, footerBatches} {
		if first, n := footer.vector(list, blockBytes); n > 0 {
			binary.LittleEndian.PutUint32(own[first-4:], 0)
		}
	}
	text := append([]byte("ARROW1\x00\x00"), own...)
	text = append(binary.LittleEndian.AppendUint32(text, uint32(len(own))), arrowMagic...)
	r, err := ipc.NewFileReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return r.Schema(), r.Close()
}
