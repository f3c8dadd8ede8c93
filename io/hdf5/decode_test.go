//go:build cgo

package hdf5

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"testing"
)

// inflate undoes gzip as a Scan does.
func inflate(stored []byte, n int) ([]byte, bool) {
	c := &chunk{recipe: &recipe{codec: 1, codecAt: 1, bytes: n}, raw: stored}
	c.decode()
	return c.data, c.wrong() == ""
}

// samples are bytes of many sorts: numbers as count files have them, text-like,
// runs, noise, nothing.
func samples(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	switch rng.IntN(6) {
	case 0:
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
	case 1: // small float32 counts
		for i := 0; i+4 <= n; i += 4 {
			binary.LittleEndian.PutUint32(b[i:], []uint32{0x3f800000, 0x40000000, 0x40400000, 0x42c80000}[min(3, rng.IntN(40)/10)])
		}
	case 2: // ascending indices
		at := uint32(0)
		for i := 0; i+4 <= n; i += 4 {
			at += rng.Uint32N(30)
			binary.LittleEndian.PutUint32(b[i:], at%30000)
		}
	case 3: // skewed bytes: long codes
		for i := range b {
			b[i] = byte(rng.ExpFloat64() * 9)
		}
	case 4: // repeats from any distance
		for i := 0; i < n; {
			if i == 0 || rng.IntN(3) == 0 {
				b[i] = byte(rng.Uint32())
				i++
				continue
			}
			from := i - 1 - rng.IntN(min(i, 40000))
			for k := 3 + rng.IntN(400); k > 0 && i < n; k-- {
				b[i] = b[from]
				from++
				i++
			}
		}
	}
	return b
}

func deflated(t testing.TB, b []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, level)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestInflate undoes what the standard library compressed: all kinds of blocks,
// and lengths at which the quick loop gives over to the careful one.
func TestInflate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	levels := []int{flate.NoCompression, 1, 4, 6, 9, flate.HuffmanOnly}
	for i := range 600 {
		n := 1 + rng.IntN(700)
		if i%8 == 0 {
			n = 1 + rng.IntN(300_000)
		}
		want := samples(rng, n)
		level := levels[rng.IntN(len(levels))]
		stored := deflated(t, want, level)
		if got, ok := inflate(stored, n); !ok || !bytes.Equal(got, want) {
			t.Fatalf("sample %d of %d bytes at level %d: ok %v", i, n, level, ok)
		}
		if _, ok := inflate(stored, n+1); ok {
			t.Fatalf("sample %d: one byte more than there are", i)
		}
		if _, ok := inflate(stored, max(1, n-1)); ok && n > 1 {
			t.Fatalf("sample %d: one byte fewer than there are", i)
		}
	}
}

// TestInflateDamaged changes, cuts and invents streams: what the standard library
// takes is taken, byte for byte. It is stricter about codes that are never used.
func TestInflateDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	taken, extra := 0, 0
	for i := range 4000 {
		n := 1 + rng.IntN(3000)
		want := samples(rng, n)
		stored := deflated(t, want, 1+rng.IntN(9))
		switch rng.IntN(4) {
		case 0:
			stored = stored[:rng.IntN(len(stored))]
		case 1: // a block's head says how its codes are built
			stored[2+rng.IntN(min(40, len(stored)-2))] ^= 1 << rng.IntN(8)
		default:
			for range 1 + rng.IntN(3) {
				stored[rng.IntN(len(stored))] ^= 1 << rng.IntN(8)
			}
		}
		got, ok := inflate(stored, n)
		std, known := standard(stored, n)
		if known && !(ok && bytes.Equal(got, std)) {
			t.Fatalf("sample %d of %d bytes: taken %v, by the standard library %v", i, n, ok, known)
		}
		if ok && !known {
			extra++
		}
		if ok {
			taken++
		}
	}
	if t.Logf("%d of 4000 damaged streams are taken", taken); extra > 20 {
		t.Errorf("%d damaged streams are taken that the standard library refuses", extra)
	}
}

// standard is the standard library's answer.
func standard(stored []byte, n int) ([]byte, bool) {
	r, err := zlib.NewReader(bytes.NewReader(stored))
	if err != nil {
		return nil, false
	}
	got, err := io.ReadAll(r)
	return got, err == nil && len(got) == n
}
