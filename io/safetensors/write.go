package safetensors

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
)

// Write writes the tensors, in the order given, and the metadata (nil for none)
// to a new file, with a checksum of the whole file in the metadata, which Read
// checks. The same arguments give the same bytes. It does not sync.
func Write(path string, tensors []Tensor, metadata map[string]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = map[string]string{}
	}
	metadata[checksumKey] = unsummed
	return errors.Join(writeSummed(f, tensors, metadata), f.Close())
}

// writeSummed writes the file, then its digest in the place that was left for it.
func writeSummed(f *os.File, tensors []Tensor, metadata map[string]string) error {
	header, err := buildHeader(tensors, metadata)
	if err != nil {
		return err
	}
	hash := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(f, hash), 1<<20)
	if err := encode(w, header, tensors); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(hex.EncodeToString(hash.Sum(nil))), checksumAt(header, unsummed))
	return err
}

// Encode is Write to w, without a checksum.
func Encode(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	header, err := buildHeader(tensors, metadata)
	if err != nil {
		return err
	}
	return encode(w, header, tensors)
}

func encode(w io.Writer, header []byte, tensors []Tensor) error {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(header)))
	if _, err := w.Write(append(length[:], header...)); err != nil {
		return err
	}
	for i := range tensors {
		if err := encodeTensor(w, &tensors[i]); err != nil {
			return err
		}
	}
	return nil
}

// buildHeader is the JSON header, written by hand to keep the tensors' order,
// padded with spaces to a multiple of eight bytes.
func buildHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	if metadata != nil {
		writeMember(&b, metadataKey, metadata) // encoding/json sorts the keys
	}
	at, seen := int64(0), map[string]bool{metadataKey: true}
	for i := range tensors {
		t := &tensors[i]
		if err := t.validate(); err != nil {
			return nil, err
		}
		if seen[t.Name] {
			return nil, fmt.Errorf("tensor %s: the name is taken", t.Name)
		}
		seen[t.Name] = true
		dtype, width := t.dtype()
		end := at + int64(t.Len())*width
		writeMember(&b, t.Name, entryJSON{dtype, append([]int{}, t.Shape...), []int64{at, end}})
		at = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes is above the format's limit of %d", b.Len(), maxHeader)
	}
	return b.Bytes(), nil
}

// writeMember adds `"key":value` to an open object. Text, whole numbers and
// lists of them always marshal.
func writeMember(b *bytes.Buffer, key string, value any) {
	if b.Len() > 1 {
		b.WriteByte(',')
	}
	k, _ := json.Marshal(key)
	v, _ := json.Marshal(value)
	b.Write(k)
	b.WriteByte(':')
	b.Write(v)
}

func encodeTensor(w io.Writer, t *Tensor) error {
	if t.Make != nil {
		made := Tensor{Name: t.Name, Shape: t.Shape, F32: t.Make()}
		if err := made.validate(); err != nil {
			return err
		}
		t = &made
	}
	_, width := t.dtype()
	put := func(b []byte, i int) []byte {
		switch {
		case t.F32 != nil:
			return binary.LittleEndian.AppendUint32(b, math.Float32bits(t.F32[i]))
		case t.F64 != nil:
			return binary.LittleEndian.AppendUint64(b, math.Float64bits(t.F64[i]))
		default:
			return binary.LittleEndian.AppendUint64(b, uint64(t.I64[i]))
		}
	}
	buf := make([]byte, 0, min(int64(t.Len())*width, 64<<10))
	for i := range t.Len() {
		buf = put(buf, i)
		if len(buf) == cap(buf) {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	_, err := w.Write(buf)
	return err
}
