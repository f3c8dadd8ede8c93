package counts

import (
	"context"
	"errors"
	"io"
)

// CellNamer is what a Reader may be besides, where its format tells the names of
// all cells without reading the counts. CellNames may be called before Next and
// does not change what Next gives.
type CellNamer interface {
	CellNames(ctx context.Context) ([]string, error)
}

// NamesOf is the names of all cells of r. Where r is no CellNamer it is read to
// its end: open the input again for the counts.
func NamesOf(ctx context.Context, r Reader) ([]string, error) {
	if namer, ok := r.(CellNamer); ok {
		return namer.CellNames(ctx)
	}
	var names []string
	for {
		t, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		names = append(names, t.Obs.Names...)
	}
}

// NamesClash says whether a name stands in two of the lists, and which is the
// first such.
func NamesClash(lists ...[]string) (name string, clash bool) {
	seen := map[string]int{}
	for i, list := range lists {
		for _, name := range list {
			if before, ok := seen[name]; ok && before != i {
				return name, true
			}
			seen[name] = i
		}
	}
	return "", false
}
