package stages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"cellvi/pipeline"
)

// pieceLog is a file that grows piece by piece, in the order of the work, while work that
// takes hours is done: a run that was killed goes on behind its last whole piece. It is a
// line of JSON, which says what the pieces are of, and for each piece its length in bytes
// (uint64, little-endian), what it holds, and the SHA-256 of both. From a piece on that
// is cut off or damaged the work is done again.
type pieceLog struct {
	path string
	key  []byte // the line

	in     *os.File // pieces of an earlier run, nil: there are no more
	size   int64    // of in
	at     int64    // where the next begins
	others bool     // the file that was there is of another key
	out    *os.File // nil: nothing was appended yet
	piece  []byte
}

// pieceLogKey is what a log's pieces are of.
type pieceLogKey struct {
	Format   int    `json:"cellvi_pieces"`
	Stage    string `json:"stage"`
	Options  any    `json:"options"`
	Cells    string `json:"cells"` // which, and how many
	Store    string `json:"store"` // checksums
	Prepared string `json:"prepared"`
	Model    string `json:"model"`
	Width    int    `json:"width,omitempty"` // numbers of a cell, where a piece is such
}

// pieceLogFormat is the version of the log's layout.
const pieceLogFormat = 1

// of gives the key with the checksums of what a stage reads.
func (k pieceLogKey) of(ctx context.Context, f *fitted, prepared, model string) (pieceLogKey, error) {
	var err, other error
	k.Store = f.st.Checksum()
	k.Prepared, err = sumPrepared(ctx, prepared)
	k.Model, other = sumModel(ctx, model)
	return k, errors.Join(err, other)
}

// sumRows is the SHA-256 of which cells there are.
func sumRows(rows []int32) string {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, rows) // a hash takes every write
	return hex.EncodeToString(h.Sum(nil))
}

// openPieceLog takes up the log at path, where there is one of the same key; one of
// another is told, and replaced once the first piece is done.
func openPieceLog(job *pipeline.Job, path string, key pieceLogKey) (*pieceLog, error) {
	key.Format = pieceLogFormat
	line, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	l := &pieceLog{path: path, key: append(line, '\n')}
	l.in, err = os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := l.in.Stat()
	if err != nil {
		return nil, errors.Join(err, l.closeIn())
	}
	l.size = info.Size()
	head := make([]byte, len(l.key))
	n, err := l.readAt(head, 0)
	if err != nil {
		return nil, errors.Join(err, l.closeIn())
	}
	if n < len(head) || !bytes.Equal(head, l.key) {
		if l.others = !bytes.HasPrefix(l.key, head[:n]); l.others { // else it was killed as it began
			job.Warn("%s is of other cells, options or another model, or damaged, and not used: the work starts from the beginning", path)
		}
		return l, l.closeIn()
	}
	l.at = int64(len(head))
	if l.at < l.size {
		job.Note("going on from %s", path)
	}
	return l, nil
}

// next gives the next piece of an earlier run to use, which says whether it is one that
// is wanted now: the first that is not ends them, as the file's end does. Only then are
// pieces added. The piece is overwritten by the next.
func (l *pieceLog) next(use func(piece []byte) (wanted bool, err error)) (taken bool, err error) {
	if l.in == nil {
		return false, nil
	}
	piece, err := l.read()
	if err == nil && piece != nil {
		taken, err = use(piece)
	}
	if err != nil || !taken {
		return false, errors.Join(err, l.closeIn())
	}
	l.at += pieceHead + int64(len(piece)) + sha256.Size
	return true, nil
}

// pieceHead is the bytes before what a piece holds.
const pieceHead = 8

// read reads a piece; nil where it is not whole. The sum comes first: a length that is
// damaged asks for no memory.
func (l *pieceLog) read() ([]byte, error) {
	head, want := make([]byte, pieceHead), make([]byte, sha256.Size)
	if n, err := l.readAt(head, l.at); n < len(head) || err != nil {
		return nil, err
	}
	size, left := binary.LittleEndian.Uint64(head), l.size-l.at-pieceHead-sha256.Size
	if left < 0 || size > uint64(left) {
		return nil, nil
	}
	end, sum := pieceHead+int64(size), sha256.New()
	if _, err := l.readAt(want, l.at+end); err != nil {
		return nil, err
	}
	if _, err := io.Copy(sum, io.NewSectionReader(l.in, l.at, end)); err != nil {
		return nil, err
	}
	if !bytes.Equal(sum.Sum(nil), want) {
		return nil, nil
	}
	l.piece = resized(l.piece, int(size))
	_, err := l.readAt(l.piece, l.at+pieceHead)
	return l.piece, err
}

// readAt reads as much of b as the file has there.
func (l *pieceLog) readAt(b []byte, at int64) (n int, err error) {
	if n, err = l.in.ReadAt(b, at); errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// add appends a piece, which fill appends to what it is given; it is on disk when add
// returns.
func (l *pieceLog) add(fill func(piece []byte) []byte) error {
	return pipeline.CannotWrite(l.path, l.append(fill))
}

func (l *pieceLog) append(fill func(piece []byte) []byte) error {
	if l.out == nil {
		if err := l.begin(); err != nil {
			return err
		}
	}
	b := fill(append(l.piece[:0], make([]byte, pieceHead)...))
	binary.LittleEndian.PutUint64(b, uint64(len(b)-pieceHead))
	sum := sha256.Sum256(b)
	b = append(b, sum[:]...)
	l.piece = b
	if _, err := l.out.Write(l.piece); err != nil {
		return err
	}
	return l.out.Sync()
}

// begin opens the file behind its last whole piece, or makes it.
func (l *pieceLog) begin() (err error) {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o777); err != nil {
		return err
	}
	if l.out, err = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE, 0o666); err != nil {
		return err
	}
	if err := l.out.Truncate(l.at); err != nil {
		return err
	}
	if l.at == 0 {
		_, err = l.out.Write(l.key)
		return err
	}
	_, err = l.out.Seek(l.at, io.SeekStart)
	return err
}

func (l *pieceLog) closeIn() error {
	err := l.in.Close()
	l.in = nil
	return err
}

// close leaves the file for the next run.
func (l *pieceLog) close() (err error) {
	if l.in != nil {
		err = l.closeIn()
	}
	if l.out != nil {
		err = errors.Join(err, l.out.Close())
		l.out = nil
	}
	return err
}

// interrupted is err; where a signal stopped the work, it says how much of it is kept.
func (l *pieceLog) interrupted(err error, done, cells int, what string) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	return pipeline.Interrupted("interrupted: %d of %s %s and kept in %s: run the same command again to go on",
		done, plural(int64(cells), "cell is", "cells are"), what, l.path)
}

// remove ends the log: what it was for is done.
func (l *pieceLog) remove() error { return errors.Join(l.close(), os.RemoveAll(l.path)) }
