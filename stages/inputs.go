package stages

import (
	"context"
	"errors"
	"io"

	"cellvi/io/counts"
	"cellvi/io/store"
)

// openCounts opens a file or folder of counts: a cells store here, everything
// else in a child.
func openCounts(ctx context.Context, path string, o ReadOptions, may means) (*countsInput, error) {
	in := &countsInput{path: path, options: o, may: may}
	kind, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	if kind == formatStore {
		in.format = kind
		in.Reader, err = openStore(path)
		return in, err
	}
	r, err := openInChild(ctx, path, o, may)
	if err != nil {
		return nil, err
	}
	in.Reader, in.format, in.notes = r, format(r.About().Format), func() []string { return r.About().Notes }
	return in, nil
}

// describeCounts says what is in a file or folder of counts, without reading them.
func describeCounts(ctx context.Context, path string, o ReadOptions, may means) (*counts.Description, error) {
	kind, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	if kind != formatStore {
		return describeInChild(ctx, path, o, may)
	}
	r, err := openStore(path)
	if err != nil {
		return nil, err
	}
	defer r.Close() // only read from
	cells, genes := r.Cells(), int64(r.Genes().Len())
	return &counts.Description{Format: string(formatStore), Cells: cells, Genes: genes,
		Matrices: []counts.Matrix{{Name: "X", Storage: "store", Type: r.store.Count().String(), Cells: cells, Genes: genes, Stored: r.store.NNZ()}},
		Obs:      counts.Annotations(r.Obs()), Var: counts.Annotations(r.Genes())}, nil
}

// storeReader is a store's reader that closes the store.
type storeReader struct {
	counts.Reader
	store *store.Store
}

// Close closes reader and store.
func (r storeReader) Close() error { return errors.Join(r.Reader.Close(), r.store.Close()) }

// CellNames lists all cells (counts.CellNamer).
func (r storeReader) CellNames(ctx context.Context) ([]string, error) {
	return counts.NamesOf(ctx, r.Reader)
}

func openStore(path string) (storeReader, error) {
	s, err := store.Open(path)
	if err != nil {
		return storeReader{}, err
	}
	return storeReader{s.Reader(), s}, nil
}

// countsInput is one input: its values are checked to be counts as they pass, and
// the error for all of them comes in the place of io.EOF, unless it is lenient.
type countsInput struct {
	counts.Reader
	path    string
	options ReadOptions
	may     means
	format  format
	notes   func() []string // what the reader left out or decided, all of it after io.EOF; nil: nothing
	lenient bool            // the error is not in the place of io.EOF: refuse is asked for it
	check   counts.Check
}

// Next passes the next table on.
func (r *countsInput) Next(ctx context.Context) (*counts.Table, error) {
	table, err := r.Reader.Next(ctx)
	if errors.Is(err, io.EOF) && !r.lenient {
		if bad := r.refuse(ctx); bad != nil {
			return nil, bad
		}
	}
	if err == nil {
		r.check.Add(table, r.Genes())
	}
	return table, err
}

// CellNames is the inner reader's (counts.CellNamer).
func (r *countsInput) CellNames(ctx context.Context) ([]string, error) {
	return counts.NamesOf(ctx, r.Reader)
}
