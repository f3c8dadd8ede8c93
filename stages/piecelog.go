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

	in    *os.File // pieces of an earlier run, nil: there are no more
	size  int64    // of in
	at    int64    // where the next begins
	out   *os.File // nil: nothing was appended yet
	piece []byte
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
	n, err := io.ReadFull(l.in, head)
	if err != nil || !bytes.Equal(head, l.key) {
		if !bytes.HasPrefix(l.key, head[:n]) { // else it was killed as it began
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
// is wanted now: the first that is not ends them, as the file's end does. The piece is
// overwritten by the next.
func (l *pieceLog) next(use func(piece []byte) (wanted bool, err error)) (taken bool, err error) {
	if l.in == nil {
		return false, nil
	}
	piece, err := l.read()
	if err == nil && piece != nil {
		taken, err = use(piece[pieceHead : len(piece)-sha256.Size])
	}
	if err != nil || !taken {
		return false, errors.Join(err, l.closeIn())
	}
	l.at += int64(len(piece))
	return true, nil
}

// pieceHead is the bytes before what a piece holds.
const pieceHead = 8

// read reads a piece with its head and checksum; nil where it is not whole.
func (l *pieceLog) read() ([]byte, error) {
	l.piece = resized(l.piece, pieceHead)
	if whole, err := l.fill(l.piece); !whole || err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint64(l.piece)
	if size > uint64(l.size-l.at) {
		return nil, nil
	}
	head := binary.LittleEndian.AppendUint64(nil, size)
	l.piece = resized(l.piece, pieceHead+int(size)+sha256.Size)
	copy(l.piece, head)
	if whole, err := l.fill(l.piece[pieceHead:]); !whole || err != nil {
		return nil, err
	}
	end := len(l.piece) - sha256.Size
	if sum := sha256.Sum256(l.piece[:end]); !bytes.Equal(sum[:], l.piece[end:]) {
		return nil, nil
	}
	return l.piece, nil
}

// fill reads all of b; not whole says that the file ended before.
func (l *pieceLog) fill(b []byte) (whole bool, err error) {
	_, err = io.ReadFull(l.in, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil
	}
	return err == nil, err
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

// remove ends the log: what it was for is done.
func (l *pieceLog) remove() error { return errors.Join(l.close(), os.RemoveAll(l.path)) }
