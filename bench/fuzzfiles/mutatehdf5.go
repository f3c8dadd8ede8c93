package main

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Signatures of HDF5's structures (File Format Specification 3.0): each begins one.
var signatures = []string{"OHDR", "OCHK", "TREE", "SNOD", "HEAP", "GCOL", "FRHP", "FHDB", "FHIB", "BTHD", "BTIN", "BTLF", "FSHD", "FSSE", "FADB", "FAHD", "EAHD", "EAIB", "SMTB"}

// headBytes is how much after a signature counts as metadata.
const headBytes = 256

// metadataOf finds the metadata of an HDF5 file: what follows signatures, and the
// object headers of version 1, which have none but are named by symbol tables.
func metadataOf(data []byte) []span {
	if !bytes.HasPrefix(data, []byte("\x89HDF")) {
		return nil
	}
	var spots []span
	for _, s := range signatures {
		for at := 0; ; at++ {
			next := bytes.Index(data[at:], []byte(s))
			if next < 0 {
				break
			}
			at += next
			spots = append(spots, span{at, min(at+headBytes, len(data))})
			if s == "SNOD" {
				spots = append(spots, headersOf(data, at)...)
			}
		}
	}
	slices.SortFunc(spots, func(a, b span) int { return a.from - b.from })
	return spots
}

// headersOf are the object headers that a symbol table node names: after 8 bytes, of
// which the last two before 2 reserved ones count entries, entries of 40 bytes with
// the header's address at 8 (section III.B). An object header of version 1 says at
// 8 how long its messages are, which follow at 16 (IV.A.1.a).
func headersOf(data []byte, node int) []span {
	var spots []span
	for i := range number16(data, node+6) {
		at := int(number64(data, node+8+40*i+8) & (1<<40 - 1))
		if at+16 > len(data) {
			continue
		}
		size := int(binary.LittleEndian.Uint32(data[at+8:]))
		spots = append(spots, span{at, min(at+16+min(size, 1<<16), len(data))})
	}
	return spots
}

func number16(data []byte, at int) int {
	if at+2 > len(data) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(data[at:]))
}

func number64(data []byte, at int) uint64 {
	if at+8 > len(data) {
		return 1<<64 - 1
	}
	return binary.LittleEndian.Uint64(data[at:])
}

// spot is a random stretch of metadata.
func (m *maker) spot() span {
	if len(m.spots) == 0 {
		return span{0, min(4096, len(m.data))}
	}
	return pick(m.r, m.spots)
}

// confuse copies one piece of metadata over another: valid in the wrong place.
func (m *maker) confuse() []byte {
	out, a, b := bytes.Clone(m.data), m.spot(), m.spot()
	copy(out[a.from:a.to], m.data[b.from:b.to])
	return out
}
