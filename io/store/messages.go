package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// block is where one message lies: metadata, which begins with the marker
// 0xFFFFFFFF and the length of the rest, then the body.
type block struct{ offset, meta, body int64 }

// messageAt is the message at offset; it may panic where the bytes make no sense.
func messageAt(data []byte, offset int64) (*ipc.Message, block, error) {
	head := data[offset:]
	if binary.LittleEndian.Uint32(head) != 0xFFFFFFFF {
		return nil, block{}, fmt.Errorf("no message begins at byte %d", offset)
	}
	b := block{offset: offset, meta: 8 + int64(binary.LittleEndian.Uint32(head[4:]))}
	meta := memory.NewBufferBytes(head[8:b.meta])
	b.body = ipc.NewMessage(meta, memory.NewBufferBytes(nil)).BodyLen()
	body := memory.NewBufferBytes(head[b.meta:][:b.body:b.body])
	return ipc.NewMessage(meta, body), b, nil
}

// messageQueue hands arrow-go the messages at the offsets it was given.
// It implements ipc.MessageReader.
type messageQueue struct {
	data []byte
	next []int64
}

// Message may panic where the bytes make no sense.
func (q *messageQueue) Message() (*ipc.Message, error) {
	if len(q.next) == 0 {
		return nil, errors.New("there are fewer dictionaries than the schema needs")
	}
	at := q.next[0]
	q.next = q.next[:copy(q.next, q.next[1:])]
	m, _, err := messageAt(q.data, at)
	return m, err
}

// Retain and Release are for readers that own memory; the mapping is the file's.
func (q *messageQueue) Retain()  {}
func (q *messageQueue) Release() {}
