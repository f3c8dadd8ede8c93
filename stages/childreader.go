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

// describeInChild says what is in a file without reading counts.
func describeInChild(ctx context.Context, path string, o ReadOptions, may means) (*counts.Description, error) {
	c, err := startChild(ctx, question{Ask: askDescribe, File: path, Read: o}, may)
	if err != nil {
		return nil, err
	}
	d := &counts.Description{}
	broken := json.NewDecoder(c.out).Decode(d)
	return d, c.end(ctx, broken)
}

// readFrameInChild reads a file of annotations.
func readFrameInChild(ctx context.Context, path string, may means) (*annotationFile, error) {
	c, err := startChild(ctx, question{Ask: askFrame, File: path}, may)
	if err != nil {
		return nil, err
	}
	file := &annotationFile{}
	broken := gob.NewDecoder(c.out).Decode(file)
	return file, c.end(ctx, broken)
}

// end is wait for one whole answer, after what was wrong with it.
func (c *child) end(ctx context.Context, broken error) error {
	if broken != nil {
		_ = c.out.Close() // so that a child that still writes ends
	}
	return c.wait(ctx, broken)
}

// childReader is a counts.Reader in a child.
type childReader struct {
	*wire.Receiver
	child *child
	may   means
	over  bool // the child has ended
}

// openInChild starts reading a file's counts.
func openInChild(ctx context.Context, path string, o ReadOptions, may means) (*childReader, error) {
	c, err := startChild(ctx, question{Ask: askCounts, File: path, Read: o}, may)
	if err != nil {
		return nil, err
	}
	received, broken := wire.Receive(c.out)
	if broken == nil {
		c.open = true
		return &childReader{Receiver: received, child: c, may: may}, nil
	}
	return nil, c.end(ctx, broken)
}

// Next gives what the child sends. A child that dies is an error that names the
// file, io.EOF comes only after a good end.
func (r *childReader) Next(ctx context.Context) (*counts.Table, error) {
	table, err := r.Receiver.Next(ctx)
	if err == nil || r.over {
		return table, err
	}
	r.over = true
	broken := err
	if errors.Is(err, io.EOF) {
		broken = nil
	}
	if failed := r.child.end(ctx, broken); failed != nil {
		return nil, failed
	}
	return nil, io.EOF
}

// Close ends the child, if it is not over.
func (r *childReader) Close() error {
	if !r.over {
		r.over = true
		r.child.stop()
	}
	return r.Receiver.Close()
}

// CellNames reads the names of all cells in a child of its own
// (counts.CellNamer).
func (r *childReader) CellNames(ctx context.Context) ([]string, error) {
	q := r.child.q
	q.Ask = askNames
	c, err := startChild(ctx, q, r.may)
	if err != nil {
		return nil, err
	}
	var names []string
	broken := gob.NewDecoder(c.out).Decode(&names)
	return names, c.end(ctx, broken)
}
