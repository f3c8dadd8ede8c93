package textfile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
)

func write(t *testing.T, text string, gz bool) string {
	t.Helper()
	raw := []byte(text)
	if gz {
		var b bytes.Buffer
		for part := range slices.Chunk(raw, max(1, len(raw)/2)) { // as bgzip has it: several members
			z := gzip.NewWriter(&b)
			z.Write(part)
			z.Close()
		}
		if len(raw) == 0 {
			gzip.NewWriter(&b).Close()
		}
		raw = b.Bytes()
	}
	path := filepath.Join(t.TempDir(), "x.txt")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLinesAndPieces reads lines and pieces in any mixture, and their numbers.
func TestLinesAndPieces(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		length := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 300_000))
		var want []string
		for range rapid.IntRange(0, 20).Draw(rt, "lines") {
			want = append(want, strings.Repeat(rapid.SampledFrom([]string{"a", "é", "\r"}).Draw(rt, "letter"), length.Draw(rt, "length"))+"|")
		}
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(rt, "end")
		text := strings.Join(want, end)
		if len(want) > 0 && rapid.Bool().Draw(rt, "ended") {
			text += end
		}
		if rapid.Bool().Draw(rt, "marked") {
			text = "\ufeff" + text
		}
		gz, threads := rapid.Bool().Draw(rt, "gzip"), rapid.IntRange(1, 2).Draw(rt, "threads")
		f, err := Open(write(t, text, gz), Options{Threads: threads})
		if err != nil || f.Gzip != gz && len(text) > 0 {
			rt.Fatal(err, f.Gzip)
		}
		defer f.Close()
		var got []string
		for {
			if rapid.Bool().Draw(rt, "piece") {
				piece, err := f.Piece()
				if err == io.EOF {
					break
				}
				if err != nil || f.Number() != int64(len(got)+1) || piece[len(piece)-1] != '\n' {
					rt.Fatal(err, f.Number(), len(got))
				}
				for line := range strings.Lines(string(piece)) {
					got = append(got, strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
				}
				continue
			}
			line, err := f.Line()
			if err == io.EOF {
				break
			}
			got = append(got, string(line))
			if err != nil || f.Number() != int64(len(got)) {
				rt.Fatal(err, f.Number(), len(got))
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("got %d lines, want %d, or other ones", len(got), len(want))
		}
		if f.Number() != int64(len(want)) {
			rt.Fatalf("at the end the line is %d of %d", f.Number(), len(want))
		}
	})
}

// TestFaults: what is no text.
func TestFaults(t *testing.T) {
	for want, c := range map[string]struct {
		text string
		gz   bool
	}{
		"x.txt: it is compressed with zstd; expected text, plain or gzip: decompress it with unzstd, or compress it with gzip": {"\x28\xb5\x2f\xfdxxxx", false},
		"x.txt: it is gzip, and within that a zip archive; expected text: unpack it":                                           {"PK\x03\x04xxxx", true},
		"x.txt: it is no text: it holds zero bytes":                                                                            {"abc\x00def\n", true},
	} {
		path := write(t, c.text, c.gz)
		f, err := Open(path, Options{})
		for err == nil {
			_, err = f.Line()
		}
		var input *counts.InputError
		if !errors.As(err, &input) {
			t.Errorf("the error is a %T", err)
		}
		got := strings.ReplaceAll(err.Error(), path, "x.txt")
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	var input *counts.InputError
	if _, err := Open(t.TempDir(), Options{}); !errors.As(err, &input) {
		t.Errorf("a folder: %v", err)
	}
}

// TestBomb: gzip that holds one endless line is refused before it is in memory.
func TestBomb(t *testing.T) {
	f, err := Open(write(t, strings.Repeat("0", 64<<20), true), Options{Memory: 6 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var memory *counts.MemoryError
	if _, err := f.Line(); !errors.As(err, &memory) || len(f.buffer) > 6<<20 {
		t.Errorf("%v, with a buffer of %d bytes", err, len(f.buffer))
	}
}

// TestClosedEarly ends the goroutine that reads ahead wherever it is.
func TestClosedEarly(t *testing.T) {
	path := write(t, strings.Repeat("a line of text\n", 1<<17), true)
	for lines := range 4 {
		f, err := Open(path, Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		for range lines {
			if _, err := f.Piece(); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"a\tb":                   `"a\tb"`,
		"\x1b[31m\xff":           `"\x1b[31m�"`,
		strings.Repeat("é", 100): fmt.Sprintf("%q", strings.Repeat("é", 20)+"…"),
	} {
		if got := Quote([]byte(text)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
