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

// decompressor decompresses buffers, one after the other.
type decompressor struct {
	lz4  *lz4.Reader
	zstd *zstd.Decoder
}

// decompress gives the bytes of a buffer, which begins with their number: -1 where
// it is not compressed after all. The number is within memory: see need.
func (d *decompressor) decompress(c codec, b []byte, memory int64) ([]byte, error) {
	n := int64(binary.LittleEndian.Uint64(b))
	b = b[8:]
	switch {
	case n == -1:
		return b, nil
	case c == lz4Frame:
		if d.lz4 == nil {
			d.lz4 = lz4.NewReader(nil)
		}
		d.lz4.Reset(bytes.NewReader(b))
		out := make([]byte, n)
		_, err := io.ReadFull(d.lz4, out)
		return out, err
	case c == zstandard:
		return d.unzstd(b, n, memory)
	}
	return nil, fmt.Errorf("compression %d, which is neither lz4 nor zstd", int(c))
}

func (d *decompressor) unzstd(b []byte, n, memory int64) (out []byte, err error) {
	if d.zstd == nil {
		if d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(memory))); err != nil {
			return nil, err
		}
	}
	out, err = d.zstd.DecodeAll(b, make([]byte, 0, n))
	if err == nil && int64(len(out)) != n {
		err = fmt.Errorf("a buffer of %d bytes has %d", n, len(out))
	}
	return out, err
}

// close lets go of what decompressors hold.
func (d *decompressor) close() {
	if d.zstd != nil {
		d.zstd.Close()
	}
}
