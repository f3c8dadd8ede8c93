package arrowtable

import (
	"encoding/binary"
	"fmt"
)

// fbTable is a table of a FlatBuffers message, of which Arrow's headers are made:
// https://flatbuffers.dev/internals. Every access that leaves the message panics,
// which the package's edge turns into an error: see guard.
type fbTable struct {
	b  []byte
	at int
}

// fbRoot is the root table of a message.
func fbRoot(b []byte) fbTable { return fbTable{b, fbU32(b, 0)} }

func fbU32(b []byte, at int) int { return int(binary.LittleEndian.Uint32(b[at:])) }

// field is the place of field i's value, 0 where it is absent.
func (t fbTable) field(i int) int {
	vtable := t.at - int(int32(fbU32(t.b, t.at)))
	size := int(binary.LittleEndian.Uint16(t.b[vtable:]))
	if entry := 4 + 2*i; entry+2 <= size {
		if offset := int(binary.LittleEndian.Uint16(t.b[vtable+entry:])); offset != 0 {
			return t.at + offset
		}
	}
	return 0
}

func (t fbTable) int64(i int) int64 {
	if at := t.field(i); at != 0 {
		return int64(binary.LittleEndian.Uint64(t.b[at:]))
	}
	return 0
}

func (t fbTable) int16(i int) int {
	if at := t.field(i); at != 0 {
		return int(binary.LittleEndian.Uint16(t.b[at:]))
	}
	return 0
}

func (t fbTable) int8(i int) int {
	if at := t.field(i); at != 0 {
		return int(t.b[at])
	}
	return 0
}

// table is the table or union that field i refers to.
func (t fbTable) table(i int) (fbTable, bool) {
	at := t.field(i)
	if at == 0 {
		return fbTable{}, false
	}
	return fbTable{t.b, at + fbU32(t.b, at)}, true
}

// vector is the place of the first of field i's n elements of size bytes, all of
// which lie in the message.
func (t fbTable) vector(i, size int) (first, n int) {
	at := t.field(i)
	if at == 0 {
		return 0, 0
	}
	at += fbU32(t.b, at)
	n = fbU32(t.b, at)
	if first = at + 4; n > (len(t.b)-first)/size {
		panic(fmt.Sprintf("a header of %d bytes tells of %d elements", len(t.b), n))
	}
	return first, n
}

// tables are the tables that the vector of field i refers to.
func (t fbTable) tables(i int) []fbTable {
	first, n := t.vector(i, 4)
	list := make([]fbTable, n)
	for k := range list {
		at := first + 4*k
		list[k] = fbTable{t.b, at + fbU32(t.b, at)}
	}
	return list
}

// fbField is what is needed of a schema's field beside what arrow-go tells: the
// dictionaries' identities. A verified schema makes arrow-go allocate no more than
// its size allows.
type fbField struct {
	dictionary int64 // of a dictionary-encoded field
	children   []fbField
}

// The fields of Arrow's tables, by their place in Message.fbs, Schema.fbs and File.fbs.
const (
	messageVersion, messageType, messageHeader, messageBody = 0, 1, 2, 3
	schemaEndian, schemaFields, schemaMetadata              = 0, 1, 2
	fieldName, fieldKind, fieldType, fieldDictionary        = 0, 2, 3, 4
	fieldChildren, fieldMetadata                            = 5, 6
	batchLength, batchNodes, batchBuffers                   = 0, 1, 2
	batchCompression, batchVariadic                         = 3, 4
	dictionaryID, dictionaryData, dictionaryDelta           = 0, 1, 2
	compressionCodec                                        = 0
	keyName, keyValue                                       = 0, 1
	footerSchema, footerDictionaries, footerBatches         = 1, 2, 3
	unionIDs                                                = 1
)

// Types of messages and of fields, and the version from which unions have no
// bitmap of their own.
const (
	typeSchema, typeDictionary, typeRecord = 1, 2, 3
	kindUnion                              = 14
	versionFive                            = 4
	deepestSchema                          = 32
)

// verifySchema walks a schema: all of it must lie in its message.
func verifySchema(schema fbTable) []fbField {
	v := schemaVerifier{left: len(schema.b) / 8}
	v.metadata(schema, schemaMetadata)
	return v.fields(schema.tables(schemaFields), 0)
}

// schemaVerifier bounds the number of tables, which may share bytes.
type schemaVerifier struct{ left int }

func (v *schemaVerifier) fields(tables []fbTable, depth int) []fbField {
	if v.left -= len(tables); v.left < 0 || depth > deepestSchema {
		panic("the schema refers to itself")
	}
	list := make([]fbField, len(tables))
	for i, t := range tables {
		t.vector(fieldName, 1)
		v.metadata(t, fieldMetadata)
		if kind, ok := t.table(fieldType); ok && t.int8(fieldKind) == kindUnion {
			kind.vector(unionIDs, 4)
		}
		if d, ok := t.table(fieldDictionary); ok {
			list[i].dictionary = d.int64(dictionaryID)
		}
		list[i].children = v.fields(t.tables(fieldChildren), depth+1)
	}
	return list
}

func (v *schemaVerifier) metadata(t fbTable, i int) {
	pairs := t.tables(i)
	if v.left -= len(pairs); v.left < 0 {
		panic("the schema refers to itself")
	}
	for _, p := range pairs {
		p.vector(keyName, 1)
		p.vector(keyValue, 1)
	}
}
