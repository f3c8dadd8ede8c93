package stages

import (
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"io"
	"os"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
)

// feeder is a child that adds to a file, and the way to it.
type feeder struct {
	child  *child
	in     *os.File
	to     *gob.Encoder
	file   string // that it adds to
	of     string // what the file is a copy of, for messages
	n      int64  // pieces sent
	raw    []byte
	broken error
}

// startFeeder starts a child that adds to file, which is a copy of what of names.
func startFeeder(ctx context.Context, file, of string, add *additions, may means) (*feeder, error) {
	c, err := newChild(ctx, question{Ask: askAdd, File: file, Add: add}, may)
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, c.out.Close())
	}
	c.cmd.Stdin = read
	if err := errors.Join(c.start(), read.Close()); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	f := &feeder{child: c, in: write, to: gob.NewEncoder(write), file: file, of: of}
	f.broken = f.to.Encode(c.q)
	c.q.File = of
	return f, nil
}

// send gives whole rows to the child: float32, float64, int32 or int8, as their array
// takes them. Its error is that the child takes no more: why, end tells.
func (f *feeder) send(array int, values any) error {
	if f.broken == nil {
		f.raw, f.broken = binary.Append(f.raw[:0], binary.LittleEndian, values)
	}
	row := rowBytes(&f.child.q.Add.List[array])
	step := max(1, pieceBytes/row) * row
	for at := 0; at < len(f.raw) && f.broken == nil; at += step {
		f.broken = f.to.Encode(piece{array, f.raw[at:min(at+step, len(f.raw))]})
		f.n++
	}
	return f.broken
}

// pieceBytes is about how many bytes go in one message, which both ends hold twice.
const pieceBytes = 1 << 20

// rowBytes is the size of a row of an addition, as it is sent.
func rowBytes(x *h5ad.Addition) int {
	size := 4
	switch {
	case x.Group == "obs" && x.Kind == counts.Float:
		size = 8
	case x.Group == "obs" && x.Kind == counts.Bool:
		size = 1
	}
	return size * x.Cols
}

// end waits for the child to have written everything.
func (f *feeder) end(ctx context.Context) error {
	_ = f.in.Close() // the child then knows that this is all
	n, broken := int64(0), f.broken
	if broken == nil {
		broken = gob.NewDecoder(f.child.out).Decode(&n)
	}
	if broken == nil && n != f.n {
		broken = io.ErrUnexpectedEOF
	}
	return f.named(f.child.end(ctx, broken))
}

// stop ends the child in the middle of its work.
func (f *feeder) stop() {
	_ = f.in.Close()
	f.child.stop()
}

// named has an error of the copy name what it is a copy of.
func (f *feeder) named(err error) error {
	var bad *counts.InputError
	if errors.As(err, &bad) && bad.File == f.file {
		bad.File = f.of
	}
	var large *counts.MemoryError
	if errors.As(err, &large) && large.File == f.file {
		large.File = f.of
	}
	return err
}
