package textfile

import "bytes"

// Fields goes through the fields of one line, as CSV has them: between delimiters,
// and in quotes where a field begins with one, a quote within doubled. Line and
// Delimiter are set, then Next is called until it says false; Fault says whether
// the line was whole.
type Fields struct {
	Line      []byte
	Delimiter byte

	at       int
	ended    bool
	unclosed bool
	unquoted []byte // of the field given last, where quotes were doubled
}

// Reset begins another line.
func (f *Fields) Reset(line []byte) {
	f.Line, f.at, f.ended, f.unclosed = line, 0, false, false
}

// Next gives the next field; it aliases the line, or holds until the next call.
func (f *Fields) Next() (field []byte, ok bool) {
	if f.ended {
		return nil, false
	}
	rest := f.Line[f.at:]
	if len(rest) > 0 && rest[0] == '"' {
		return f.quoted(rest), true
	}
	n := bytes.IndexByte(rest, f.Delimiter)
	if n < 0 {
		f.ended = true
		return rest, true
	}
	f.at += n + 1
	return rest[:n], true
}

// quoted is the field at rest, which begins with a quote. What stands between its
// last quote and the delimiter is part of it, as pandas has it.
func (f *Fields) quoted(rest []byte) []byte {
	f.unquoted = f.unquoted[:0]
	i := 1
	for {
		n := bytes.IndexByte(rest[i:], '"')
		if n < 0 {
			f.ended, f.unclosed = true, true
			return rest
		}
		f.unquoted = append(f.unquoted, rest[i:i+n]...)
		i += n + 1
		if i == len(rest) || rest[i] != '"' {
			break
		}
		f.unquoted = append(f.unquoted, '"')
		i++
	}
	n := bytes.IndexByte(rest[i:], f.Delimiter)
	if n < 0 {
		f.ended = true
		return append(f.unquoted, rest[i:]...)
	}
	f.at += i + n + 1
	return append(f.unquoted, rest[i:i+n]...)
}

// Unclosed says that a quote was not closed on the line, once Next said false.
func (f *Fields) Unclosed() bool { return f.unclosed }

// Count is the number of fields of a line, from its beginning; the fields start anew.
func (f *Fields) Count(line []byte) (n int, closed bool) {
	if bytes.IndexByte(line, '"') < 0 {
		return bytes.Count(line, []byte{f.Delimiter}) + 1, true
	}
	for f.Reset(line); ; n++ {
		if _, ok := f.Next(); !ok {
			return n, !f.unclosed
		}
	}
}

// Rest is what follows the field given last and its delimiter; nil at the end.
func (f *Fields) Rest() []byte {
	if f.ended {
		return nil
	}
	return f.Line[f.at:]
}
