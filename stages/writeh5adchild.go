package stages

import (
	"encoding/gob"
	"errors"
	"io"
	"time"

	"cellvi/io/h5ad"
)

// additions are what a child is to add to a file, or to look for what is in its way.
type additions struct {
	List    []h5ad.Addition
	Replace bool
	Marks   h5ad.Marks // the cells that values come for
	Bytes   int64      // of the values, which take time to write
}

// time is the processor time that writing may take, at the slowest.
func (a *additions) time() time.Duration {
	if a == nil {
		return 0
	}
	return time.Duration(a.Bytes/childSlowest) * time.Second
}

// targetHeader is what a file that is to be added to holds, but for its cells' names,
// which follow in pieces.
type targetHeader struct {
	Format format
	Cells  int64
	Genes  []string
}

// namesPiece is how many names go in one message.
const namesPiece = 1 << 14

// serveTarget looks whether q.Add can be added to an h5ad, and sends its names.
func serveTarget(q question, opening *opening, out io.Writer) error {
	to := gob.NewEncoder(out)
	kind, err := kindOf(q.File)
	if err != nil {
		return err
	}
	if kind != formatH5AD {
		return to.Encode(targetHeader{Format: kind})
	}
	t, err := h5ad.OpenTarget(q.File, q.Add.List, q.Add.Replace, q.h5ad())
	if err != nil {
		return err
	}
	defer t.Close() // only read from
	opening.over()
	if err := to.Encode(targetHeader{Format: kind, Cells: t.Cells, Genes: t.Genes}); err != nil {
		return err
	}
	for first := int64(0); first < t.Cells; first += namesPiece {
		names, err := t.Names(first, min(namesPiece, t.Cells-first))
		if err != nil {
			return err
		}
		if err := to.Encode(names); err != nil {
			return err
		}
	}
	return nil
}

// piece is values of an addition for the next marked cells, as h5ad.Adder takes them.
type piece struct {
	Array int
	Raw   []byte
}

// serveAdd adds to a file what comes after the question, and answers with the number
// of pieces.
func serveAdd(q question, opening *opening, in *gob.Decoder, out io.Writer) error {
	a, err := h5ad.OpenAdder(q.File, q.Add.List, q.Add.Replace, q.Add.Marks)
	if err != nil {
		return err
	}
	opening.over()
	n, p := int64(0), piece{}
	for {
		p.Array = 0 // gob sends no zeros
		if err = in.Decode(&p); err != nil {
			break
		}
		if err = a.Add(p.Array, p.Raw); err != nil {
			break
		}
		n++
	}
	if !errors.Is(err, io.EOF) {
		a.Abandon()
		return err
	}
	if err := a.Finish(); err != nil {
		return err
	}
	return gob.NewEncoder(out).Encode(n)
}
