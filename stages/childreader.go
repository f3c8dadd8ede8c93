package stages

import (
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"io"

	"cellvi/io/counts"
	"cellvi/io/wire"
)

// describeH5AD is h5ad.Describe in a child.
func describeH5AD(ctx context.Context, file string, may means) (*counts.Description, error) {
	c, err := startChild(ctx, file, may, "--describe")
	if err != nil {
		return nil, err
	}
	d := &counts.Description{}
	broken := json.NewDecoder(c.out).Decode(d)
	if err := c.wait(ctx, broken); err != nil {
		return nil, err
	}
	return d, nil
}

// h5adReader is h5ad.Reader in a child.
type h5adReader struct {
	*wire.Receiver
	child *child
	over  bool // the child has ended
}

// openH5AD starts reading a file.
func openH5AD(ctx context.Context, file, layer string, may means) (*h5adReader, error) {
	c, err := startChild(ctx, file, may, "--layer="+layer)
	if err != nil {
		return nil, err
	}
	c.layer = layer
	received, broken := wire.Receive(c.out)
	if broken == nil {
		return &h5adReader{Receiver: received, child: c}, nil
	}
	_ = c.out.Close() // so that a child that still writes ends
	return nil, c.wait(ctx, broken)
}

// Next gives what the child sends. A child that dies is an error that names the
// file, io.EOF comes only after a good end.
func (r *h5adReader) Next(ctx context.Context) (*counts.Table, error) {
	table, err := r.Receiver.Next(ctx)
	if err == nil || r.over {
		return table, err
	}
	r.over = true
	broken := err
	if errors.Is(err, io.EOF) {
		broken = nil
	} else {
		_ = r.child.out.Close()
	}
	if failed := r.child.wait(ctx, broken); failed != nil {
		return nil, failed
	}
	return nil, io.EOF
}

// Close ends the child, if it is not over.
func (r *h5adReader) Close() error {
	if !r.over {
		r.over = true
		r.child.stop()
	}
	return r.Receiver.Close()
}

// CellNames reads the names of all cells in a child of its own
// (counts.CellNamer).
func (r *h5adReader) CellNames(ctx context.Context) ([]string, error) {
	c, err := startChild(ctx, r.child.file, r.child.may, "--names", "--layer="+r.child.layer)
	if err != nil {
		return nil, err
	}
	var names []string
	broken := gob.NewDecoder(c.out).Decode(&names)
	if broken != nil {
		_ = c.out.Close()
	}
	return names, c.wait(ctx, broken)
}
