package textfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"cellvi/io/counts"
)

// other are the first bytes of what is neither text nor gzip, and what it is.
var other = []struct{ head, name, advice string }{
	{"PK\x03\x04", "a zip archive", "unpack it"},
	{"BZh", "compressed with bzip2", "decompress it with bunzip2, or compress it with gzip"},
	{"\xfd7zXZ", "compressed with xz", "decompress it with unxz, or compress it with gzip"},
	{"\x28\xb5\x2f\xfd", "compressed with zstd", "decompress it with unzstd, or compress it with gzip"},
	{"\xff\xfe", "text in UTF-16", "save it as UTF-8"},
	{"\xfe\xff", "text in UTF-16", "save it as UTF-8"},
}

// decompressed is the file's text: what gzip holds, or the file itself.
func decompressed(file *os.File, path string) (io.Reader, bool, error) {
	head := make([]byte, 6)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, false, err
	}
	for _, o := range other {
		if bytes.HasPrefix(head[:n], []byte(o.head)) {
			return nil, false, &counts.InputError{File: path, Found: "it is " + o.name + "; expected text, plain or gzip", Advice: o.advice}
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, false, err
	}
	if n < 2 || head[0] != 0x1f || head[1] != 0x8b {
		return file, false, nil
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(file, 256<<10))
	if err != nil {
		return nil, true, gzipFault(path, "", err)
	}
	return z, true, nil
}

// readFault is what a failed read says to the user; io.EOF stays as it is.
func (f *File) readFault(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	lines := f.lines + int64(bytes.Count(f.buffer[f.start:f.end], []byte{'\n'}))
	place := ""
	if lines > 0 {
		place = "after " + f.place(lines)
	}
	return gzipFault(f.Path, place, err)
}

// gzipFault tells truncated and damaged gzip from errors of the system.
func gzipFault(path, place string, err error) error {
	var corrupt flate.CorruptInputError
	var found string
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		found = "the gzip data end too early: the file is truncated"
	case errors.Is(err, gzip.ErrChecksum):
		found = "the gzip checksum does not fit: the file is damaged"
	case errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		found = "the gzip data are damaged"
	default:
		return fmt.Errorf("%s: %w", path, err)
	}
	return &counts.InputError{File: path, Place: place, Found: found, Advice: "copy or download it again"}
}

// checkStart drops a byte-order mark and refuses what is no text, by the first bytes
// after decompression.
func (f *File) checkStart() error {
	head := f.buffer[:f.end]
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		f.start, f.searched = 3, 3
		return nil
	}
	for _, o := range other {
		if bytes.HasPrefix(head, []byte(o.head)) {
			return f.Fault("", "it is gzip, and within that "+o.name+"; expected text", o.advice)
		}
	}
	if bytes.IndexByte(head[:min(len(head), 512)], 0) >= 0 {
		return f.Fault("", "it is no text: it holds zero bytes", "")
	}
	return nil
}
