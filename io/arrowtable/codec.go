package arrowtable

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// codec is how the buffers of a record batch are compressed, as Message.fbs numbers it.
type codec int

const (
	lz4Frame  codec = 0
	zstandard codec = 1
	plain     codec = -1
)

func (c codec) String() string {
	switch c {
	case lz4Frame:
		return "lz4"
	case zstandard:
		return "zstd"
	}
	return ""
}

// decompress gives the bytes of a buffer, which begins with their number: -1 where
// it is not compressed after all. The number is within memory: see need.
func (c codec) decompress(b []byte, memory int64) ([]byte, error) {
	n := int64(binary.LittleEndian.Uint64(b))
	b = b[8:]
	switch {
	case n == -1:
		return b, nil
	case c == lz4Frame:
		out := make([]byte, n)
		_, err := io.ReadFull(lz4.NewReader(bytes.NewReader(b)), out)
		return out, err
	case c == zstandard:
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(memory)))
		if err != nil {
			return nil, err
		}
		defer d.Close()
		out, err := d.DecodeAll(b, make([]byte, 0, n))
		if err == nil && int64(len(out)) != n {
			err = fmt.Errorf("a buffer of %d bytes has %d", n, len(out))
		}
		return out, err
	}
	return nil, fmt.Errorf("compression %d, which is neither lz4 nor zstd", int(c))
}
