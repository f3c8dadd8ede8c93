package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// kind is one way to damage a file.
type kind struct {
	name  string
	apply func(m *maker) []byte // gives new bytes, and leaves m.data alone
}

// maker is what a mutation is made of.
type maker struct {
	r     *rand.Rand
	data  []byte
	other []byte // of another file of the same format
	spots []span // metadata of HDF5; empty in other formats
}

// span is bytes [from, to) of a file.
type span struct{ from, to int }

// anyKinds damage a file of any format.
var anyKinds = []kind{
	{"cut short", (*maker).cut},
	{"bits anywhere", func(m *maker) []byte { return m.flip(span{0, len(m.data)}) }},
	{"bits in the first 4 kB", func(m *maker) []byte { return m.flip(span{0, min(4096, len(m.data))}) }},
	{"numbers anywhere", func(m *maker) []byte { return m.numbers(span{0, len(m.data)}) }},
	{"bytes zeroed", (*maker).zero},
	{"bytes over others", (*maker).overwrite},
	{"bytes inserted twice", (*maker).double},
	{"bytes removed", (*maker).remove},
	{"blocks swapped", (*maker).swap},
	{"garbage after the end", (*maker).lengthen},
	{"two files spliced", (*maker).splice},
}

// hdf5Kinds damage what describes the data, which is a small part of the bytes.
var hdf5Kinds = []kind{
	{"bits in metadata", func(m *maker) []byte { return m.flip(m.spot()) }},
	{"numbers in metadata", func(m *maker) []byte { return m.numbers(m.spot()) }},
	{"one number in metadata", func(m *maker) []byte { return m.number(bytes.Clone(m.data), m.spot()) }},
	{"superblock", func(m *maker) []byte { return m.number(bytes.Clone(m.data), span{8, min(112, len(m.data))}) }},
	{"metadata over other metadata", (*maker).confuse},
}

// kindsOf are the ways that suit a file.
func kindsOf(data []byte) []kind {
	switch {
	case bytes.HasPrefix(data, []byte("\x89HDF")):
		return append(append([]kind{}, anyKinds...), append(hdf5Kinds, hdf5Kinds...)...) // twice as often
	case isText(data):
		return append(append([]kind{}, anyKinds...), textKinds...)
	}
	return anyKinds
}

// mutation is number i of a run: what is changed and how, a function of the corpus,
// the seed and i.
type mutation struct {
	sample *sample
	part   int
	kind   string
	data   []byte
}

func (c *corpus) mutation(seed uint64, i int) *mutation {
	r := rand.New(rand.NewPCG(seed, uint64(i)))
	format := c.formats()[r.IntN(len(c.formats()))]
	s := pick(r, c.of(format))
	m := &mutation{sample: s, part: r.IntN(len(s.parts))}
	donor := pick(r, c.of(format))
	data, other := s.parts[m.part].data, donor.parts[r.IntN(len(donor.parts))].data
	inside, plain := unpacked(data)
	if plain && r.IntN(2) == 0 { // what gzip's checksum would hide
		otherInside, _ := unpacked(other)
		m.kind, m.data = mutate(r, inside, otherInside)
		m.kind, m.data = m.kind+", inside gzip", []byte(packed(string(m.data)))
		return m
	}
	m.kind, m.data = mutate(r, data, other)
	return m
}

// mutate gives bytes that differ from data, and how they were made.
func mutate(r *rand.Rand, data, other []byte) (how string, mutant []byte) {
	k := pick(r, kindsOf(data))
	m := &maker{r, data, other, metadataOf(data)}
	for range 100 {
		if mutant = k.apply(m); !bytes.Equal(mutant, data) {
			return k.name, mutant
		}
	}
	return "a byte at the end", append(bytes.Clone(data), 0)
}

// formats are the formats of the corpus; HDF5's come twice as often.
func (c *corpus) formats() []string {
	var all []string
	for _, name := range sortedKeys(c.byFormat()) {
		all = append(all, name)
		if name == "h5ad" || name == "10x HDF5" {
			all = append(all, name, name)
		}
	}
	return all
}

func (c *corpus) byFormat() map[string][]*sample {
	by := map[string][]*sample{}
	for _, s := range c.samples {
		by[s.format] = append(by[s.format], s)
	}
	return by
}

func (c *corpus) of(format string) []*sample { return c.byFormat()[format] }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// within is a random stretch of at most most bytes.
func (m *maker) within(most int) span {
	if len(m.data) == 0 {
		return span{}
	}
	from := m.r.IntN(len(m.data))
	return span{from, from + m.r.IntN(min(most, len(m.data)-from)) + 1}
}

func (m *maker) block() span { return m.within(1 << m.r.IntN(14)) }

func (m *maker) cut() []byte { return m.data[:m.r.IntN(len(m.data)+1)] }

// flip flips 1 to 64 bits of a span.
func (m *maker) flip(in span) []byte {
	out := bytes.Clone(m.data)
	for range 1 << m.r.IntN(7) {
		if in.to > in.from {
			out[in.from+m.r.IntN(in.to-in.from)] ^= 1 << m.r.IntN(8)
		}
	}
	return out
}

// numbers changes 1 to 8 numbers of a span.
func (m *maker) numbers(in span) []byte {
	out := bytes.Clone(m.data)
	for range 1 + m.r.IntN(8) {
		out = m.number(out, in)
	}
	return out
}

// number overwrites an aligned number of 1, 2, 4 or 8 bytes with one that headers
// should not have.
func (m *maker) number(out []byte, in span) []byte {
	width := 1 << m.r.IntN(4)
	if in.to-in.from < 2*width {
		return out
	}
	at := in.from + m.r.IntN(in.to-in.from-width)
	if m.r.IntN(3) > 0 {
		at -= at % min(width, at+1)
	}
	var now [8]byte
	copy(now[:], out[at:at+width])
	old := binary.LittleEndian.Uint64(now[:])
	fresh := []uint64{0, 1, 1 << 31, 1<<31 - 1, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 1, old + 1, old - 1, old * 2, old / 2, -old, uint64(len(out)), m.r.Uint64()}
	binary.LittleEndian.PutUint64(now[:], pick(m.r, fresh))
	copy(out[at:at+width], now[:width])
	return out
}

func (m *maker) zero() []byte {
	out, s := bytes.Clone(m.data), m.block()
	clear(out[s.from:s.to])
	return out
}

func (m *maker) overwrite() []byte {
	out, s := bytes.Clone(m.data), m.block()
	copy(out[m.r.IntN(len(out)):], m.data[s.from:s.to])
	return out
}

func (m *maker) double() []byte {
	s, at := m.block(), m.r.IntN(len(m.data)+1)
	return bytes.Join([][]byte{m.data[:at], m.data[s.from:s.to], m.data[at:]}, nil)
}

func (m *maker) remove() []byte {
	s := m.block()
	return append(bytes.Clone(m.data[:s.from]), m.data[s.to:]...)
}

func (m *maker) swap() []byte {
	size := min(1<<m.r.IntN(13), len(m.data)/2)
	if size == 0 {
		return m.data
	}
	out, blocks := bytes.Clone(m.data), len(m.data)/size
	a, b := m.r.IntN(blocks)*size, m.r.IntN(blocks)*size
	copy(out[a:a+size], m.data[b:b+size])
	copy(out[b:b+size], m.data[a:a+size])
	return out
}

func (m *maker) lengthen() []byte {
	more := make([]byte, 1+m.r.IntN(10_000))
	for i := range more {
		more[i] = byte(m.r.Uint32())
	}
	return append(bytes.Clone(m.data), more...)
}

// splice begins as one file and ends as another.
func (m *maker) splice() []byte {
	at := m.r.IntN(len(m.data) + 1)
	return append(bytes.Clone(m.data[:at]), m.other[min(at, len(m.other)):]...)
}

// unpacked is what a gzip file holds.
func unpacked(data []byte) (inside []byte, packed bool) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return data, false
	}
	inside, err = io.ReadAll(io.LimitReader(z, 64<<20))
	return inside, err == nil
}
