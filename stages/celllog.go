package stages

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"cellvi/pipeline"
)

// cellLog is a file of numbers of cells that grows piece by piece, in the cells' order,
// while work that takes hours is done: a run that was killed goes on behind its last
// whole piece. It is a line of JSON, which says what the numbers are of, and for each
// piece its number of cells (uint32), their numbers (cells, width) float32, and the
// SHA-256 of both, all little-endian. An end that is cut off or damaged is done again.
type cellLog struct {
	path  string
	key   []byte // the line
	width int

	in    *os.File // pieces of an earlier run, nil: there are no more
	at    int64    // where the next begins
	out   *os.File // nil: nothing was appended yet
	piece []byte
}

// cellLogKey is what a log's numbers are of.
type cellLogKey struct {
	Format   int    `json:"cellvi_cells"`
	Stage    string `json:"stage"`
	Options  any    `json:"options"`
	Cells    string `json:"cells"` // which, and how many
	Store    string `json:"store"` // checksums
	Prepared string `json:"prepared"`
	Model    string `json:"model"`
	Width    int    `json:"width"`
}

// cellLogFormat is the version of the log's layout.
const cellLogFormat = 1

// openCellLog takes up the log at path, where there is one of the same key; one of
// another is told, and replaced once the first piece is done.
func openCellLog(job *pipeline.Job, path string, key cellLogKey) (*cellLog, error) {
	key.Format = cellLogFormat
	line, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	l := &cellLog{path: path, key: append(line, '\n'), width: key.Width}
	l.in, err = os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	head := make([]byte, len(l.key))
	n, err := io.ReadFull(l.in, head)
	if err != nil || !bytes.Equal(head, l.key) {
		if !bytes.HasPrefix(l.key, head[:n]) { // else it was killed as it began
			job.Warn("%s is of other cells, options or another model, and not used: the work starts from the beginning", path)
		}
		return l, l.closeIn()
	}
	l.at = int64(len(head))
	return l, nil
}

// next gives the cells of the next piece of an earlier run, of at most so many, and
// writes their numbers; 0 where there is no further whole piece.
func (l *cellLog) next(most int, into []float32) (cells int, err error) {
	if l.in == nil {
		return 0, nil
	}
	cells, err = l.read(most, into)
	if err != nil || cells == 0 {
		return 0, errors.Join(err, l.closeIn())
	}
	return cells, nil
}

// read reads a piece; 0 where it is not whole.
func (l *cellLog) read(most int, into []float32) (cells int, err error) {
	var head [4]byte
	if cut, err := l.fill(head[:]); cut || err != nil {
		return 0, err
	}
	n := int(binary.LittleEndian.Uint32(head[:]))
	if n < 1 || n > most {
		return 0, nil
	}
	size := 4 * n * l.width
	l.piece = resized(l.piece, 4+size+sha256.Size)
	copy(l.piece, head[:])
	if cut, err := l.fill(l.piece[4:]); cut || err != nil {
		return 0, err
	}
	if sum := sha256.Sum256(l.piece[:4+size]); !bytes.Equal(sum[:], l.piece[4+size:]) {
		return 0, nil
	}
	l.at += int64(len(l.piece))
	_, err = binary.Decode(l.piece[4:4+size], binary.LittleEndian, into[:n*l.width])
	return n, err
}

// fill reads all of b; cut says that the file ended before.
func (l *cellLog) fill(b []byte) (cut bool, err error) {
	_, err = io.ReadFull(l.in, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true, nil
	}
	return false, err
}

// add appends a piece, which is on disk when it returns.
func (l *cellLog) add(values []float32) error {
	if l.out == nil {
		if err := l.begin(); err != nil {
			return err
		}
	}
	b := binary.LittleEndian.AppendUint32(l.piece[:0], uint32(len(values)/l.width))
	b, _ = binary.Append(b, binary.LittleEndian, values) // numbers always append
	sum := sha256.Sum256(b)
	b = append(b, sum[:]...)
	l.piece = b
	if _, err := l.out.Write(l.piece); err != nil {
		return err
	}
	return l.out.Sync()
}

// begin opens the file behind its last whole piece, or makes it.
func (l *cellLog) begin() (err error) {
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

func (l *cellLog) closeIn() error {
	err := l.in.Close()
	l.in = nil
	return err
}

// close leaves the file for the next run.
func (l *cellLog) close() (err error) {
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
func (l *cellLog) remove() error { return errors.Join(l.close(), os.RemoveAll(l.path)) }

// cellNumbers does long work on cells, as much in a piece as is worth keeping.
type cellNumbers struct {
	log     *cellLog
	width   int
	piece   int // cells
	compute func(rows []int32, into []float32) error
	done    func(cells int) // tells of progress
}

// fill writes the numbers (len(rows), width) of cells, from the log as far as it goes,
// which is asked in the cells' order. Pieces end where rows end.
func (c *cellNumbers) fill(rows []int32, into []float32) error {
	for at := 0; at < len(rows); {
		n, err := c.log.next(len(rows)-at, into[at*c.width:])
		if err != nil {
			return err
		}
		if n == 0 {
			n = min(c.piece, len(rows)-at)
			part := into[at*c.width : (at+n)*c.width]
			if err := c.compute(rows[at:at+n], part); err != nil {
				return err
			}
			if err := c.log.add(part); err != nil {
				return err
			}
		}
		at += n
		c.done(n)
	}
	return nil
}
