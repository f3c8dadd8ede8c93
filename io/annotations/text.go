package annotations

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"

	"cellvi/io/counts"
)

// text is the text of a file, decompressed. It ends with an error where one row is
// longer than memory lets it be.
type text struct {
	path  string
	file  *os.File
	buf   *bufio.Reader
	taken int64 // since the last row
	most  int64
	allow int64
}

func openText(path string, memory int64) (*text, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	t := &text{path: path, file: f, buf: bufio.NewReaderSize(f, 1<<16), most: max(memory/8, 1<<16), allow: memory}
	if err := t.unpack(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

// unpack looks for gzip and a byte order mark.
func (t *text) unpack() error {
	head, err := t.buf.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(t.buf)
		if err != nil {
			return t.damaged(err)
		}
		t.buf = bufio.NewReaderSize(z, 1<<16)
	}
	if head, _ := t.buf.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, err := t.buf.Discard(3)
		return err
	}
	if head, _ := t.buf.Peek(2); bytes.Equal(head, []byte("\xff\xfe")) || bytes.Equal(head, []byte("\xfe\xff")) {
		return &counts.InputError{File: t.path, Found: "the text is in UTF-16", Advice: "write it in UTF-8"}
	}
	return nil
}

func (t *text) damaged(err error) error {
	return &counts.InputError{File: t.path, Found: "cannot be decompressed (" + err.Error() + ")", Advice: "the file is truncated or damaged: write it again"}
}

// delimiter looks at the header line, and the next where that has none, as far as
// they are within 64 kB.
func (t *text) delimiter() (rune, error) {
	head, err := t.buf.Peek(1 << 16)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, t.failed(err)
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return 0, &counts.InputError{File: t.path, Found: "this is not text: it has bytes that are zero", Advice: "a table as CSV, TSV or Parquet is expected"}
	}
	lines := strings.SplitN(string(head), "\n", 3)
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

// Read reads text.
func (t *text) Read(p []byte) (int, error) {
	n, err := t.buf.Read(p)
	if t.taken += int64(n); t.taken > t.most {
		return 0, &counts.MemoryError{File: t.path, Found: "a row of the table is long, or a quote is open", Need: 8 * t.taken, Allow: t.allow}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = t.failed(err)
	}
	return n, err
}

// failed tells errors of the system from those of gzip.
func (t *text) failed(err error) error {
	var system *os.PathError
	if errors.As(err, &system) {
		return err
	}
	return t.damaged(err)
}

// next begins another row.
func (t *text) next() { t.taken = 0 }

func (t *text) close() { _ = t.file.Close() } // it was only read
