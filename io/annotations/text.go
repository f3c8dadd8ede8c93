package annotations

import (
	"errors"
	"io"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/textfile"
)

// text is the text of a file, decompressed. It ends with an error where one row is
// longer than memory lets it be.
type text struct {
	file  *textfile.File
	rest  []byte // of the lines read last
	taken int64  // since the last row
	most  int64
	allow int64
}

func openText(path string, memory int64) (*text, error) {
	f, err := textfile.Open(path, textfile.Options{Memory: memory / 2})
	if err != nil {
		return nil, err
	}
	return &text{file: f, most: max(memory/8, 1<<16), allow: memory}, nil
}

// delimiter looks at the header line, and the next where that has none.
func (t *text) delimiter() (rune, error) {
	if err := t.fill(); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	lines := strings.SplitN(string(t.rest[:min(len(t.rest), 1<<20)]), "\n", 3)
	for _, line := range lines[:min(2, len(lines))] { // R leaves the header of one column without a delimiter
		line = unquoted(strings.TrimRight(line, "\r "))
		for _, d := range "\t,;" {
			if strings.ContainsRune(line, d) {
				return d, nil
			}
		}
	}
	if spaced(lines[0]) || len(lines) > 1 && strings.HasPrefix(lines[1], `"`) && spaced(lines[1]) {
		return ' ', nil
	}
	return ',', nil
}

// spaced tells a line that has spaces between its fields.
func spaced(line string) bool { return strings.Contains(unquoted(strings.TrimRight(line, "\r ")), " ") }

// unquoted is a line without what stands between quotes.
func unquoted(line string) string {
	parts := strings.Split(line, `"`)
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString(parts[i])
	}
	return b.String()
}

// fill reads more lines where all are taken.
func (t *text) fill() (err error) {
	if len(t.rest) == 0 {
		t.rest, err = t.file.Piece()
	}
	return err
}

// Read reads text.
func (t *text) Read(p []byte) (int, error) {
	if err := t.fill(); err != nil {
		return 0, err
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	if t.taken += int64(n); t.taken > t.most {
		return 0, &counts.MemoryError{File: t.file.Path, Found: "a row of the table is long, or a quote is open", Need: 8 * t.taken, Allow: t.allow}
	}
	return n, nil
}

// next begins another row.
func (t *text) next() { t.taken = 0 }

func (t *text) close() { _ = t.file.Close() } // it was only read
