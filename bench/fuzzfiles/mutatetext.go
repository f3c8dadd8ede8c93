package main

import (
	"bytes"
	"regexp"
	"slices"
	"unicode/utf8"
)

// textKinds damage tables of text as editors and spreadsheets do.
var textKinds = []kind{
	{"a number of the text", (*maker).textNumber},
	{"a line removed", func(m *maker) []byte {
		return m.lines(func(l [][]byte, i int) [][]byte { return slices.Delete(l, i, i+1) })
	}},
	{"a line twice", func(m *maker) []byte {
		return m.lines(func(l [][]byte, i int) [][]byte { return slices.Insert(l, i, l[i]) })
	}},
	{"two lines swapped", func(m *maker) []byte {
		return m.lines(func(l [][]byte, i int) [][]byte { l[i], l[0] = l[0], l[i]; return l })
	}},
	{"a piece of text inserted", (*maker).textInsert},
	{"separators changed", (*maker).separators},
}

var digits = regexp.MustCompile(`-?[0-9]+`)

// textNumber writes another number in place of one.
func (m *maker) textNumber() []byte {
	found := digits.FindAllIndex(m.data[:min(len(m.data), 1<<16)], -1)
	if found == nil {
		return m.data
	}
	at := pick(m.r, found)
	if m.r.IntN(3) == 0 { // sizes stand at the beginning
		at = found[m.r.IntN(min(4, len(found)))]
	}
	fresh := pick(m.r, []string{"0", "-1", "1", "2147483648", "4294967296", "9223372036854775807", "99999999999999999999", "1e309", "nan", "inf", "0.5", "1,000", "0x10", "", " ", "-0", "1e3", "١"})
	return bytes.Join([][]byte{m.data[:at[0]], []byte(fresh), m.data[at[1]:]}, nil)
}

// lines changes the list of lines at a random one.
func (m *maker) lines(change func(lines [][]byte, i int) [][]byte) []byte {
	lines := bytes.SplitAfter(m.data, []byte("\n"))
	return bytes.Join(change(lines, m.r.IntN(len(lines))), nil)
}

func (m *maker) textInsert() []byte {
	fresh := pick(m.r, []string{"\x00", "\xff\xfe", "\"", "\"\"", "\r", "\n", "\n\n", "\t", ",", "%", "#", "\ufeff", string(bytes.Repeat([]byte("9"), 5000)), string(bytes.Repeat([]byte(","), 5000))})
	at := m.r.IntN(len(m.data) + 1)
	return bytes.Join([][]byte{m.data[:at], []byte(fresh), m.data[at:]}, nil)
}

func (m *maker) separators() []byte {
	pairs := [][2]string{{",", "\t"}, {"\t", ","}, {",", ";"}, {"\t", " "}, {" ", "\t"}, {"\n", "\r\n"}, {"\n", "\r"}, {",", ", "}, {"\n", "\n\n"}}
	p := pick(m.r, pairs)
	return bytes.Replace(m.data, []byte(p[0]), []byte(p[1]), 1<<m.r.IntN(16))
}

// isText tells text by its first bytes.
func isText(data []byte) bool {
	head := data[:min(len(data), 400)]
	return len(data) > 0 && !bytes.ContainsRune(head, 0) && utf8.Valid(head)
}
