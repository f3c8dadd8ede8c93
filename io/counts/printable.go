package counts

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is a name of the user's data as messages show it: quoted as Go does
// where it holds what would break the line or steer the terminal.
func Printable(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, steers) {
		return name
	}
	return strconv.Quote(name)
}

// escape writes what steers in a line as Printable does, without quotes.
func escape(line string) string {
	if utf8.ValidString(line) && !strings.ContainsFunc(line, steers) {
		return line
	}
	var b strings.Builder
	for len(line) > 0 {
		r, size := utf8.DecodeRuneInString(line)
		part := line[:size]
		if steers(r) || r == utf8.RuneError && size == 1 {
			quoted := strconv.Quote(part)
			part = quoted[1 : len(quoted)-1]
		}
		b.WriteString(part)
		line = line[size:]
	}
	return b.String()
}

// steers tells characters that do more than show: controls (escape sequences
// and newlines among them), separators of lines, and changes of direction.
func steers(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
