package counts

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math"
	"strconv"
)

// Fingerprint is a SHA-256 over the counts by name, whatever the file's format,
// storage type or chunking. What is hashed is UTF-8 text, for each cell one line
//
//	<cell name> TAB <gene name>=<count>;<gene name>=<count>;... NEWLINE
//
// with the nonzero counts in gene order as decimal integers; a fraction, where
// let through, is written in its shortest decimal form. The zero Fingerprint is
// ready to Add to.
type Fingerprint struct {
	Cells int64
	NNZ   int64   // nonzero counts
	Total float64 // sum of the counts
	Empty int64   // cells without counts

	hash  hash.Hash
	genes *Frame   // whose keys are made
	keys  [][]byte // "name="
	line  []byte
}

// Add takes in the cells of t in order; genes are those of its Reader.
func (f *Fingerprint) Add(t *Table, genes *Frame) {
	f.prepare(genes)
	for i := range t.Cells() {
		g, v := t.Row(i)
		f.line = append(append(f.line[:0], t.Obs.Names[i]...), '\t')
		for k := range g {
			f.line = append(f.line, f.keys[g[k]]...)
			f.line = append(appendCount(f.line, v[k]), ';')
			f.Total += v[k]
		}
		f.hash.Write(append(f.line, '\n')) // a hash's Write returns no error
		f.NNZ += int64(len(g))
		if len(g) == 0 {
			f.Empty++
		}
	}
	f.Cells += int64(t.Cells())
}

func (f *Fingerprint) prepare(genes *Frame) {
	if f.hash == nil {
		f.hash = sha256.New()
	}
	if f.genes == genes {
		return
	}
	f.genes, f.keys = genes, make([][]byte, genes.Len())
	for i, n := range genes.Names {
		f.keys[i] = append([]byte(n), '=')
	}
}

// Sum is the fingerprint of what was added so far, in hexadecimal.
func (f *Fingerprint) Sum() string {
	if f.hash == nil {
		f.hash = sha256.New()
	}
	return hex.EncodeToString(f.hash.Sum(nil))
}

func appendCount(b []byte, v float64) []byte {
	if v == math.Trunc(v) {
		if math.Abs(v) < 1<<63 {
			return strconv.AppendInt(b, int64(v), 10)
		}
		return strconv.AppendFloat(b, v, 'f', 0, 64)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
