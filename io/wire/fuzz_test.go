package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"
)

// FuzzReceive: whatever stands in the messages, it is read or ErrBroken. Frames are
// given right checksums, so that what is in them is looked at.
func FuzzReceive(f *testing.F) {
	whole := sent(f, small())
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := receive(summed(text)); err != nil && !errors.Is(err, ErrBroken) {
			t.Error(err)
		}
	})
}

// summed writes the checksum of every whole frame anew.
func summed(text []byte) []byte {
	out := bytes.Clone(text)
	for at := 0; at+headBytes <= len(out); {
		n := int(binary.LittleEndian.Uint32(out[at:]) &^ goesOn)
		if n > len(out)-at-headBytes {
			break
		}
		binary.LittleEndian.PutUint32(out[at+4:], crc32.Checksum(out[at+headBytes:][:n], castagnoli))
		at += headBytes + n
	}
	return out
}
