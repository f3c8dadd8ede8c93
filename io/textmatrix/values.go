package textmatrix

import (
	"bytes"
	"encoding/binary"
	"math"

	"cellvi/io/counts"
	"cellvi/io/textfile"
)

// row is the values of one line that are not zero, and their columns.
type row struct {
	file    *textfile.File
	head    *head
	fields  textfile.Fields
	zeros   uint64 // four fields of 0, each with the delimiter behind it
	columns []uint32
	values  []float64
}

func newRow(file *textfile.File, h *head) *row {
	d := h.delimiter
	return &row{file: file, head: h, fields: textfile.Fields{Delimiter: d},
		zeros: binary.LittleEndian.Uint64([]byte{'0', d, '0', d, '0', d, '0', d})}
}

// split tells the name of a line's row from the rest of the line, the values. The
// name holds until the next line.
func (r *row) split(line []byte) (name, rest []byte) {
	r.fields.Reset(line)
	name, _ = r.fields.Next()
	return name, r.fields.Rest()
}

// add appends the values of a line, of which rest is what follows the name.
func (r *row) add(rest []byte) error {
	var column int
	var err error
	if bytes.IndexByte(rest, '"') >= 0 {
		column, err = r.addQuoted(rest)
	} else {
		column, err = r.addPlain(rest)
	}
	if err == nil && column != len(r.head.columns) {
		return r.ragged(column + 1)
	}
	return err
}

// most digits of a number that is read here and now.
const mostDigits = 15

// addPlain reads fields without quotes and gives how many. Most are 0 in most
// tables, and so four of these are looked for at once.
func (r *row) addPlain(b []byte) (int, error) {
	delimiter, columns, values := r.head.delimiter, r.columns, r.values
	column, i := 0, 0
	for {
		for len(b)-i > 8 && binary.LittleEndian.Uint64(b[i:]) == r.zeros {
			i += 8
			column += 4
		}
		v, from := uint64(0), i
		for i < len(b) && b[i]-'0' <= 9 {
			v = v*10 + uint64(b[i]-'0')
			i++
		}
		number := float64(v)
		if i == from || i-from > mostDigits || i < len(b) && b[i] != delimiter { // more than digits
			if n := bytes.IndexByte(b[i:], delimiter); n >= 0 {
				i += n
			} else {
				i = len(b)
			}
			var ok bool
			if number, ok = value(b[from:i]); !ok {
				return 0, r.noNumber(column, b[from:i])
			}
		}
		if number != 0 {
			columns, values = append(columns, uint32(column)), append(values, number)
		}
		column++
		if i == len(b) {
			r.columns, r.values = columns, values
			return column, nil
		}
		i++
	}
}

// addQuoted is addPlain for any fields.
func (r *row) addQuoted(rest []byte) (int, error) {
	r.fields.Reset(rest)
	for column := 0; ; column++ {
		field, ok := r.fields.Next()
		if !ok {
			return column, nil
		}
		number, ok := value(field)
		if !ok {
			return 0, r.noNumber(column, field)
		}
		if number != 0 {
			r.columns, r.values = append(r.columns, uint32(column)), append(r.values, number)
		}
	}
}

// value reads a field. One that is empty or says that a value is missing, as pandas
// and R write it, is NaN: it is no count, and the checks of counts say where it stands.
func value(field []byte) (float64, bool) {
	field = bytes.TrimSpace(field)
	switch string(field) {
	case "", "NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "None":
		return math.NaN(), true
	}
	return textfile.Number(field)
}

// noNumber is the fault of a field that is none.
func (r *row) noNumber(column int, field []byte) error {
	if column >= len(r.head.columns) {
		return r.ragged(column + 1)
	}
	advice := "every field but the first of a line must be a count: take out columns that are none"
	if _, is := textfile.Number(bytes.Replace(field, []byte{','}, []byte{'.'}, 1)); is {
		advice = "write decimals with a point"
	}
	return r.file.Fault("line "+counts.Thousands(r.file.Number())+", column "+counts.Printable(r.head.columns[column]), "expected a number, found "+textfile.Quote(field), advice)
}

// ragged is the fault of a line with another number of fields.
func (r *row) ragged(fields int) error {
	return r.file.LineFault(r.file.Number(), "expected "+counts.Thousands(int64(len(r.head.columns)+1))+" fields, as line "+counts.Thousands(r.head.line)+
		" has names, found "+counts.Thousands(int64(fields)), "")
}
