package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// An Arrow IPC file is: magic, two zero bytes, messages, an end mark, footer,
// the footer's length in four bytes, magic. Readers find the footer from the
// end, so bytes between end mark and footer are free: there the store keeps its
// trailer, little-endian, by which a damaged file is known before anything is
// made of it (what arrow-go makes of damaged metadata can be any panic, or an
// allocation that ends the process):
//
//	segments: end uint64, CRC-32C uint32, zero uint32     // one per record batch
//	number of segments uint32, store version uint32
//	CRC-32C of the trailer up to here uint32, zero uint32
//	"cellviCS"
//
// A segment ends where its record batch ends and begins where the one before
// ends; the first begins the file and holds schema and dictionaries too.
const (
	trailerMagic = "cellviCS"
	segmentBytes = 16
	trailerTail  = 24
	smallestFile = 8 + 4 + 6 // of Arrow
)

var (
	magic      = []byte("ARROW1")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// segment is a stretch of the file, from the end of the one before it.
type segment struct {
	end int64
	crc uint32
}

func encodeTrailer(segments []segment) []byte {
	var b []byte
	for _, s := range segments {
		b = binary.LittleEndian.AppendUint64(b, uint64(s.end))
		b = binary.LittleEndian.AppendUint32(b, s.crc)
		b = binary.LittleEndian.AppendUint32(b, 0)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(segments)))
	b = binary.LittleEndian.AppendUint32(b, Version)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	b = binary.LittleEndian.AppendUint32(b, 0)
	return append(b, trailerMagic...)
}

// errTruncated is what a file without its end gives.
var errTruncated = errors.New("the end of the file is missing, it is truncated")

// decodeTrailer finds and checks the trailer of a whole file: there is at least
// one segment, and all lie in the file one after the other.
func decodeTrailer(data []byte) ([]segment, error) {
	end := len(data) - len(magic) - 4
	if !bytes.Equal(data[end+4:], magic) {
		return nil, errTruncated
	}
	footer := int(binary.LittleEndian.Uint32(data[end:]))
	if end -= footer; end < trailerTail || string(data[end-8:end]) != trailerMagic {
		return nil, errors.New("it is not part of a cells store, or its end is damaged")
	}
	tail := data[end-trailerTail : end]
	if v := binary.LittleEndian.Uint32(tail[4:]); v > Version {
		return nil, newerVersion(int(v))
	}
	n := int(binary.LittleEndian.Uint32(tail))
	start := end - trailerTail - n*segmentBytes
	if start < 8 || n == 0 {
		return nil, fmt.Errorf("%d record batches in %d bytes", n, len(data))
	}
	if crc32.Checksum(data[start:end-trailerTail+8], castagnoli) != binary.LittleEndian.Uint32(tail[8:]) {
		return nil, errors.New("the checksum of its trailer does not fit")
	}
	return decodeSegments(data[start:end-trailerTail], int64(start))
}

func decodeSegments(b []byte, limit int64) ([]segment, error) {
	var segments []segment
	at := int64(8)
	for ; len(b) > 0; b = b[segmentBytes:] {
		s := segment{end: int64(binary.LittleEndian.Uint64(b)), crc: binary.LittleEndian.Uint32(b[8:])}
		if s.end < at+16 || s.end > limit {
			return nil, fmt.Errorf("record batch %d ends at byte %d, the one before it at %d", len(segments), s.end, at)
		}
		at = s.end
		segments = append(segments, s)
	}
	return segments, nil
}
