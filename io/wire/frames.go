package wire

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
)

// On the pipe every message goes in frames: length, CRC-32C, bytes. The length's
// highest bit says that the message goes on in the next frame. What is decoded is
// only what Send wrote, and memory grows only as bytes arrive.

// mostFrame is the most bytes in a frame, and goesOn that bit.
const (
	mostFrame = 1 << 20
	goesOn    = 1 << 31
	headBytes = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeMessage writes a message whose first headBytes bytes are free: they become
// the first frame's head. That way small messages are one write.
func writeMessage(w io.Writer, message []byte) error {
	for first := true; first || len(message) > headBytes; first = false {
		part := message[headBytes:]
		flag := uint32(0)
		if len(part) > mostFrame {
			part, flag = part[:mostFrame], goesOn
		}
		binary.LittleEndian.PutUint32(message, uint32(len(part))|flag)
		binary.LittleEndian.PutUint32(message[4:], crc32.Checksum(part, castagnoli))
		if _, err := w.Write(message[:headBytes+len(part)]); err != nil {
			return err
		}
		message = message[len(part):] // the next head takes the place of bytes that are written
	}
	return nil
}

// readMessage reads a message into buf, or a longer slice. A pipe that ends
// before a message is io.EOF, and one that ends within it io.ErrUnexpectedEOF.
func readMessage(r io.Reader, buf []byte) ([]byte, error) {
	buf = buf[:0]
	for more := true; more; {
		var head [headBytes]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			if len(buf) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return buf, err
		}
		n := binary.LittleEndian.Uint32(head[:])
		more, n = n&goesOn != 0, n&^goesOn
		if n > mostFrame {
			return buf, broken("a frame of %d bytes", n)
		}
		from := len(buf)
		buf = slices.Grow(buf, int(n))[:from+int(n)]
		if _, err := io.ReadFull(r, buf[from:]); err != nil {
			return buf, io.ErrUnexpectedEOF
		}
		if crc32.Checksum(buf[from:], castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
			return buf, broken("a frame whose checksum does not match")
		}
	}
	return buf, nil
}
