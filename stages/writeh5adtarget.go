package stages

import (
	"context"
	"encoding/gob"
	"io"

	"cellvi/pipeline"
)

// targetReader is what a child says of a file that is to be added to.
type targetReader struct {
	targetHeader
	child *child
	from  *gob.Decoder
	left  int64 // names to come
}

// openTarget asks a child whether add can be added to an h5ad. A file of another
// format is a usage error.
func openTarget(ctx context.Context, path string, add *additions, may means) (*targetReader, error) {
	c, err := startChild(ctx, question{Ask: askTarget, File: path, Add: add}, may)
	if err != nil {
		return nil, err
	}
	t := &targetReader{child: c, from: gob.NewDecoder(c.out)}
	if broken := t.from.Decode(&t.targetHeader); broken != nil {
		return nil, c.end(ctx, broken)
	}
	c.open, t.left = true, t.Cells
	return t, nil
}

// next gives the next names; io.EOF after the last.
func (t *targetReader) next(ctx context.Context) (names []string, err error) {
	if t.left == 0 {
		if err := t.child.end(ctx, nil); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	if broken := t.from.Decode(&names); broken != nil {
		return nil, t.child.end(ctx, broken)
	}
	t.left -= int64(len(names))
	if t.left < 0 {
		t.child.stop()
		return nil, pipeline.BadInput("%s: holds more names than cells: %s", t.child.q.File, damagedAdvice)
	}
	return names, nil
}

// close ends the child where not all names were asked for.
func (t *targetReader) close() { t.child.stop() }
