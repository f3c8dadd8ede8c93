package counts

import (
	"context"
	"errors"
	"io"
)

// AnnotateCells adds the columns of obs to the cells of r, row by name. A cell
// without a row has no value there. Columns in both and names twice in obs are
// *InputErrors, and at the end of the cells so is that no name met. It holds a map
// of obs' names. It owns r; obs must not change.
func AnnotateCells(r Reader, obs *Frame, opt AnnotateOptions) (*Annotated, error) {
	a, err := newAnnotations(r.Obs(), obs, opt)
	if err != nil {
		return nil, err
	}
	header, none := r.Obs().Header(), obs.Header()
	out := &Annotated{Reader: r, annotations: a, file: opt.File}
	for _, from := range a.source {
		if from >= 0 {
			out.obs.Columns = append(out.obs.Columns, header.Columns[from])
		} else {
			out.obs.Columns = append(out.obs.Columns, none.Columns[-1-from])
		}
	}
	return out, nil
}

// Annotated is the Reader that AnnotateCells makes.
type Annotated struct {
	Reader
	annotations *annotations
	file        string
	obs         Frame // header
	table       Table
}

// Obs are the columns of both.
func (a *Annotated) Obs() *Frame { return &a.obs }

// Report tells how the names met; it is whole after the last cell.
func (a *Annotated) Report() AnnotateReport { return a.annotations.report }

// CellNames is the inner Reader's (CellNamer).
func (a *Annotated) CellNames(ctx context.Context) ([]string, error) { return NamesOf(ctx, a.Reader) }

// Next gives the next cells with the columns of both.
func (a *Annotated) Next(ctx context.Context) (*Table, error) {
	t, err := a.Reader.Next(ctx)
	if errors.Is(err, io.EOF) {
		if bad := a.annotations.finish("cell", a.file); bad != nil {
			return nil, bad
		}
	}
	if err != nil {
		return nil, err
	}
	a.table = *t
	a.table.Obs.Columns = a.annotations.columns(&t.Obs)
	return &a.table, nil
}
