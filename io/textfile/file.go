package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"cellvi/io/counts"
)

// Options say what reading may take.
type Options struct {
	Memory  int64 // bytes, three for each of the longest line; 0 is DefaultMemory
	Threads int   // with 2 or more, gzip is decompressed by a goroutine of its own
}

// DefaultMemory is 256 MiB.
const DefaultMemory = 256 << 20

// firstBuffer is what the buffer has room for before a line asks for more.
const firstBuffer = 512 << 10

// File is a text file open for reading, from its first line to its last. It is for
// one goroutine at a time.
type File struct {
	Path string // as the user gave it
	Gzip bool   // it is compressed

	file   *os.File
	ahead  *ahead // of gzip, with threads
	source io.Reader
	memory int64

	buffer      []byte
	start, end  int   // what was read and not yet given
	searched    int   // up to here there is no newline
	lines       int64 // given so far
	given       int64 // lines of what was given last
	exhausted   error // what ended the source: io.EOF or a fault
	beforeStart bool  // nothing was read yet
}

// Open opens a file and looks at its first bytes. A file that is missing or cannot
// be read gives the operating system's error.
func Open(path string, opt Options) (*File, error) {
	if opt.Memory <= 0 {
		opt.Memory = DefaultMemory
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, file: file, memory: opt.Memory, beforeStart: true}
	if err := f.open(opt.Threads); err != nil {
		_ = f.Close() // the fault is what counts
		return nil, err
	}
	return f, nil
}

func (f *File) open(threads int) error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return f.Fault("", "it is no regular file", "give a file: it is read more than once")
	}
	if f.source, f.Gzip, err = decompressed(f.file, f.Path); err != nil {
		return err
	}
	if f.Gzip && threads > 1 {
		f.ahead = newAhead(f.source)
		f.source = f.ahead
	}
	return nil
}

// Close closes the file. It may be called at any time, once.
func (f *File) Close() error {
	if f.ahead != nil {
		f.ahead.close()
	}
	return f.file.Close()
}

// Line gives the next line without its end, "\n" or "\r\n"; after the last, io.EOF.
// It is the caller's until the next call. A byte-order mark at the file's start is
// no part of it.
func (f *File) Line() ([]byte, error) {
	at, err := f.newline()
	if err != nil {
		return nil, err
	}
	line := f.buffer[f.start:at]
	f.start, f.searched = at+1, at+1
	f.lines++
	f.given = 1
	if bytes.IndexByte(line, 0) >= 0 {
		return nil, f.LineFault(f.lines, "holds a zero byte, which no text has", "copy or write the file again")
	}
	return bytes.TrimSuffix(line, []byte{'\r'}), nil
}

// Piece gives the next lines, at least one, each ended by "\n", the file's last too;
// after the last, io.EOF. Number is that of the first of them. It is the caller's
// until the next call.
func (f *File) Piece() ([]byte, error) {
	if _, err := f.newline(); err != nil {
		return nil, err
	}
	stop := bytes.LastIndexByte(f.buffer[:f.end], '\n') + 1
	piece := f.buffer[f.start:stop]
	f.start, f.searched = stop, stop
	f.given = int64(bytes.Count(piece, []byte{'\n'}))
	f.lines += f.given
	return piece, nil
}

// Number is the number, from 1, of the line given last, or of the first line of the
// piece given last; at the end, of the last line.
func (f *File) Number() int64 { return f.lines - max(f.given, 1) + 1 }

// newline finds the next line's end, reading on as needed.
func (f *File) newline() (int, error) {
	for {
		if at := bytes.IndexByte(f.buffer[f.searched:f.end], '\n'); at >= 0 {
			return f.searched + at, nil
		}
		f.searched = f.end
		switch {
		case f.exhausted == nil:
			if err := f.fill(); err != nil {
				return 0, err
			}
		case errors.Is(f.exhausted, io.EOF) && f.start < f.end:
			f.makeRoom() // the last line has no end: it gets one
			f.buffer[f.end] = '\n'
			f.end++
		case errors.Is(f.exhausted, io.EOF):
			f.given = 0
			return 0, io.EOF
		default:
			return 0, f.exhausted
		}
	}
}

// fill reads more behind what is there.
func (f *File) fill() error {
	if n := int64(f.end - f.start); n > max(firstBuffer, f.memory/3) {
		return &counts.MemoryError{File: f.Path, Place: f.place(f.lines + 1), Need: 3 * n, Allow: f.memory,
			Found: fmt.Sprintf("the line has more than %s bytes", counts.Thousands(n))}
	}
	f.makeRoom()
	n, err := f.source.Read(f.buffer[f.end:])
	f.end += n
	if f.beforeStart && (err != nil || f.end >= 4) {
		f.beforeStart = false
		if fault := f.checkStart(); fault != nil {
			return fault
		}
	}
	if err != nil {
		f.exhausted = f.readFault(err)
	}
	return nil
}

// makeRoom sees to a quarter of the buffer being free at its end: what is there
// moves to the front, and where it fills three quarters the buffer doubles.
func (f *File) makeRoom() {
	size, n := len(f.buffer), f.end-f.start
	if size > 0 && size-f.end >= size/4 {
		return
	}
	buffer := f.buffer
	if 4*n >= 3*size {
		buffer = make([]byte, max(firstBuffer, 2*size))
	}
	copy(buffer, f.buffer[f.start:f.end])
	f.buffer, f.searched = buffer, f.searched-f.start
	f.start, f.end = 0, n
}

// Fault is an error of this file at the place.
func (f *File) Fault(place, found, advice string) *counts.InputError {
	return &counts.InputError{File: f.Path, Place: place, Found: found, Advice: advice}
}

// LineFault is an error of this file at a line, from 1.
func (f *File) LineFault(line int64, found, advice string) *counts.InputError {
	return f.Fault(f.place(line), found, advice)
}

func (f *File) place(line int64) string { return "line " + counts.Thousands(line) }

// Quote is the start of what a line or field holds, for a message.
func Quote(text []byte) string {
	const most = 40
	s := strings.ToValidUTF8(string(text[:min(len(text), most)]), "�")
	if len(text) > most {
		s += "…"
	}
	return fmt.Sprintf("%q", s)
}
