package wire

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// On the pipe everything goes in frames of length, CRC-32C and bytes. Arrow's
// decoder takes what it is told for true, and asks for as much memory as a
// broken message says: it is to see nothing that Send did not write.

// mostFrame is the most bytes in a frame.
const mostFrame = 1 << 20

func castagnoli(p []byte) uint32 { return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) }

// framer writes frames, one a Write or more.
type framer struct{ to io.Writer }

// Write frames p.
func (f framer) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		part := p[done:min(len(p), done+mostFrame)]
		var head [8]byte
		binary.LittleEndian.PutUint32(head[:4], uint32(len(part)))
		binary.LittleEndian.PutUint32(head[4:], castagnoli(part))
		if _, err := f.to.Write(head[:]); err != nil {
			return done, err
		}
		if n, err := f.to.Write(part); err != nil {
			return done + n, err
		}
		done += len(part)
	}
	return len(p), nil
}

// unframer reads what is in frames.
type unframer struct {
	from io.Reader
	buf  [mostFrame]byte
	left []byte // of the frame being read
}

// Read reads from one frame. A pipe that ends between frames is io.EOF, and one
// that ends in a frame io.ErrUnexpectedEOF.
func (u *unframer) Read(p []byte) (int, error) {
	for len(u.left) == 0 {
		if err := u.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.left)
	u.left = u.left[n:]
	return n, nil
}

func (u *unframer) next() error {
	var head [8]byte
	if _, err := io.ReadFull(u.from, head[:]); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint32(head[:4])
	if n > mostFrame {
		return broken("a frame of %d bytes", n)
	}
	frame := u.buf[:n]
	if _, err := io.ReadFull(u.from, frame); err != nil {
		return io.ErrUnexpectedEOF
	}
	if castagnoli(frame) != binary.LittleEndian.Uint32(head[4:]) {
		return broken("a frame whose checksum does not match")
	}
	u.left = frame
	return nil
}
