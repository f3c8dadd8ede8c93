package mtx

import (
	"bytes"

	"cellvi/io/textfile"
)

// parser reads lines of entries.
type parser struct {
	rows, cols uint64 // that indices may reach
	pattern    bool   // entries have no value: each is 1

	row, col []uint32 // of the entries read, from 0
	value    []float64
}

// most digits of a number that is read here and now.
const mostDigits = 15

// parse reads lines, each ended by "\n", and their entries into row, col and value.
// It gives where the first line begins that is no entry of this matrix, -1 where
// there is none.
func (p *parser) parse(b []byte) int {
	row, col, value := p.row[:0], p.col[:0], p.value[:0]
	bad := -1
lines:
	for i := 0; i < len(b); {
		start := i
		i = skip(b, i)
		if b[i] == '\n' || b[i] == '%' { // nothing, or a comment
			i += bytes.IndexByte(b[i:], '\n') + 1
			continue
		}
		bad = start // until the line is read

		r, from := uint64(0), i
		for ; b[i]-'0' <= 9; i++ {
			r = r*10 + uint64(b[i]-'0')
		}
		if r-1 >= p.rows || i-from > mostDigits || b[i] > ' ' {
			break lines
		}
		i = skip(b, i)

		c, from := uint64(0), i
		for ; b[i]-'0' <= 9; i++ {
			c = c*10 + uint64(b[i]-'0')
		}
		if c-1 >= p.cols || i-from > mostDigits || b[i] > ' ' {
			break lines
		}
		i = skip(b, i)

		number := 1.0
		if !p.pattern {
			v, from := uint64(0), i
			for ; b[i]-'0' <= 9; i++ {
				v = v*10 + uint64(b[i]-'0')
			}
			number = float64(v)
			if i == from || i-from > mostDigits || b[i] > ' ' { // more than digits
				for b[i] > ' ' {
					i++
				}
				var ok bool
				if number, ok = textfile.Number(b[from:i]); !ok {
					break lines
				}
			}
			i = skip(b, i)
		}
		if b[i] != '\n' {
			break lines
		}
		i++
		row, col, value = append(row, uint32(r-1)), append(col, uint32(c-1)), append(value, number)
		bad = -1
	}
	p.row, p.col, p.value = row, col, value
	return bad
}

// skip goes past blanks within a line.
func skip(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\t' || b[i] == '\r' {
		i++
	}
	return i
}
