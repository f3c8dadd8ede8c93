package arrowtable

import (
	"encoding/binary"
	"fmt"
)

// thriftWalk goes through a Parquet footer, in Thrift's compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md),
// before arrow-go makes structures of it: lengths and numbers of elements must
// lie in the footer. What does not panics: see guard.
type thriftWalk struct {
	b     []byte
	at    int
	path  []int // field numbers from the root; a list adds none
	depth int
	nodes int64 // of the schema
	kids  int64 // most children that a node of the schema tells of
}

// Thrift's types in the compact protocol.
const (
	thriftTrue, thriftFalse, thriftByte = 1, 2, 3
	thriftI64, thriftDouble             = 6, 7
	thriftBinary, thriftList, thriftSet = 8, 9, 10
	thriftMap, thriftStruct, thriftUUID = 11, 12, 13
	deepestThrift                       = 32
)

// verifyFooter panics where a footer makes no sense.
func verifyFooter(b []byte) {
	w := &thriftWalk{b: b}
	w.structure()
	if w.kids > w.nodes {
		panic(fmt.Sprintf("a node of the schema has %d children, the schema %d nodes", w.kids, w.nodes))
	}
}

func (w *thriftWalk) structure() {
	w.path = append(w.path, 0)
	last := &w.path[len(w.path)-1]
	for {
		head := w.b[w.at]
		w.at++
		if head == 0 {
			break
		}
		if delta := int(head >> 4); delta != 0 {
			*last += delta
		} else {
			v := w.varint()
			*last = int(int64(v>>1) ^ -int64(v&1))
		}
		if kind := int(head & 0xf); kind > thriftFalse { // a boolean is its type
			w.value(kind)
		}
		last = &w.path[len(w.path)-1]
	}
	w.path = w.path[:len(w.path)-1]
}

func (w *thriftWalk) varint() uint64 {
	v, n := binary.Uvarint(w.b[w.at:])
	if n <= 0 {
		panic("a number of the footer has no end")
	}
	w.at += n
	return v
}

// skip passes n bytes that are there.
func (w *thriftWalk) skip(n uint64) {
	if n > uint64(len(w.b)-w.at) {
		panic(fmt.Sprintf("%d bytes are told of where %d are left", n, len(w.b)-w.at))
	}
	w.at += int(n)
}

func (w *thriftWalk) value(kind int) {
	if w.depth++; w.depth > deepestThrift {
		panic("the footer is nested too deep")
	}
	defer func() { w.depth-- }()
	switch {
	case kind <= thriftByte:
		w.skip(1)
	case kind <= thriftI64:
		w.number(w.varint())
	case kind == thriftDouble:
		w.skip(8)
	case kind == thriftBinary:
		w.skip(w.varint())
	case kind == thriftList || kind == thriftSet:
		w.list()
	case kind == thriftMap:
		w.pairs()
	case kind == thriftStruct:
		w.structure()
	case kind == thriftUUID:
		w.skip(16)
	default:
		panic(fmt.Sprintf("type %d in the footer", kind))
	}
}

// number looks at the children that a node of the schema tells of: field 5 of the
// elements of field 2.
func (w *thriftWalk) number(zigzag uint64) {
	if len(w.path) == 2 && w.path[0] == 2 && w.path[1] == 5 {
		w.kids = max(w.kids, int64(uint32(zigzag>>1)))
	}
}

func (w *thriftWalk) list() {
	head := w.b[w.at]
	w.at++
	n := uint64(head >> 4)
	if n == 15 {
		n = w.varint()
	}
	w.fits(n)
	if len(w.path) == 1 && w.path[0] == 2 {
		w.nodes = int64(n)
	}
	for range n {
		w.value(int(head & 0xf))
	}
}

func (w *thriftWalk) pairs() {
	n := w.varint()
	if n == 0 {
		return
	}
	w.fits(n)
	kinds := w.b[w.at]
	w.at++
	for range n {
		w.value(int(kinds >> 4))
		w.value(int(kinds & 0xf))
	}
}

// fits holds that n elements, of a byte each at least, are there.
func (w *thriftWalk) fits(n uint64) {
	if n > uint64(len(w.b)-w.at) {
		panic(fmt.Sprintf("%d elements are told of where %d bytes are left", n, len(w.b)-w.at))
	}
}
