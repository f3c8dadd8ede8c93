package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"cellvi/io/counts"
)

// Read reads a whole file: its tensors in the header's order and its metadata
// (nil where it has none). A file that breaks the format in any way, or holds
// another type than F32, F64 and I64, is a *counts.InputError.
func Read(path string) ([]Tensor, map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	tensors, metadata, err := Decode(f, info.Size())
	var disk *os.PathError
	if err != nil && !errors.As(err, &disk) {
		err = &counts.InputError{File: path, Found: err.Error()}
	}
	return tensors, metadata, err
}

// Decode is Read of size bytes of r; its error names no file.
func Decode(r io.ReaderAt, size int64) ([]Tensor, map[string]string, error) {
	header, err := readHeader(r, size)
	if err != nil {
		return nil, nil, err
	}
	start := 8 + int64(len(header))
	entries, metadata, err := parseHeader(header, size-start)
	if err != nil {
		return nil, nil, err
	}
	if err := verify(r, size, header, metadata); err != nil {
		return nil, nil, err
	}
	delete(metadata, checksumKey)
	tensors := make([]Tensor, len(entries))
	for i, e := range entries {
		section := io.NewSectionReader(r, start+e.begin, e.end-e.begin)
		if tensors[i], err = readTensor(section, e); err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", e.name, err)
		}
	}
	return tensors, metadata, nil
}

func readHeader(r io.ReaderAt, size int64) ([]byte, error) {
	var length [8]byte
	if size < int64(len(length)) {
		return nil, fmt.Errorf("%d bytes are no safetensors file", size)
	}
	if _, err := r.ReadAt(length[:], 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes is above the format's limit of %d: this is not a safetensors file", n, maxHeader)
	}
	if int64(n) > size-8 {
		return nil, fmt.Errorf("the header takes %d bytes, the file has %d: it is truncated or not a safetensors file", n, size)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, 8, int64(n)), header); err != nil {
		return nil, err
	}
	return header, nil
}

// readTensor reads an entry that has passed parseHeader; its bytes are all of r.
func readTensor(r *io.SectionReader, e entry) (Tensor, error) {
	t := Tensor{Name: e.name, Shape: e.shape}
	switch e.dtype {
	case "F32":
		t.F32 = make([]float32, r.Size()/4)
		return t, decode(r, 4, func(i int, b []byte) { t.F32[i] = math.Float32frombits(binary.LittleEndian.Uint32(b)) })
	case "F64":
		t.F64 = make([]float64, r.Size()/8)
		return t, decode(r, 8, func(i int, b []byte) { t.F64[i] = math.Float64frombits(binary.LittleEndian.Uint64(b)) })
	default:
		t.I64 = make([]int64, r.Size()/8)
		return t, decode(r, 8, func(i int, b []byte) { t.I64[i] = int64(binary.LittleEndian.Uint64(b)) })
	}
}

// decode gives set the values of r, width bytes each, with their numbers.
func decode(r *io.SectionReader, width int, set func(i int, b []byte)) error {
	buf := make([]byte, min(r.Size(), 64<<10))
	for i := 0; int64(i*width) < r.Size(); {
		part := buf[:min(int64(len(buf)), r.Size()-int64(i*width))]
		if _, err := io.ReadFull(r, part); err != nil {
			return err
		}
		for ; len(part) > 0; part = part[width:] {
			set(i, part)
			i++
		}
	}
	return nil
}
