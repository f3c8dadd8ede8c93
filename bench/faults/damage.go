package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
)

// damage is what is done to a file's bytes.
type damage struct {
	how  string  // flip, cut, add, zero
	at   float64 // where, as a share of the file
	edge int     // for flip: 1: in the first 256 bytes, 2: in the last 256; 0: anywhere
	bit  int
}

const page = 4096

// damages are n of all kinds: of ten, seven flipped bits, of which three in headers and footers.
func damages(n int, r *rand.Rand) []damage {
	var all []damage
	for i := range n {
		d := damage{how: "flip", at: r.Float64(), bit: r.IntN(8)}
		switch i % 10 {
		case 0, 1:
			d.edge = 1
		case 2:
			d.edge = 2
		case 7:
			d.how = "cut"
		case 8:
			d.how = "add"
		case 9:
			d.how = "zero"
		}
		all = append(all, d)
	}
	return all
}

// to gives the damaged bytes and says what was done; the bytes it is given stay.
func (d damage) to(data []byte) ([]byte, string) {
	at := int(d.at * float64(len(data)))
	edge := min(256, len(data))
	switch d.how {
	case "cut":
		return data[:at:at], fmt.Sprintf("cut to %d of %d bytes", at, len(data))
	case "add":
		more := make([]byte, 1+int(d.at*100))
		return append(bytes.Clone(data), more...), fmt.Sprintf("%d bytes added", len(more))
	case "zero":
		from := at / page * page
		to := min(from+page, len(data))
		out := bytes.Clone(data)
		clear(out[from:to])
		return out, fmt.Sprintf("bytes %d to %d zeroed", from, to)
	}
	switch d.edge {
	case 1:
		at = int(d.at * float64(edge))
	case 2:
		at = len(data) - 1 - int(d.at*float64(edge))
	}
	out := bytes.Clone(data)
	out[at] ^= 1 << d.bit
	return out, fmt.Sprintf("bit %d of byte %d of %d flipped", d.bit, at, len(data))
}
