package stages

import (
	"context"
	"errors"
	"io"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// attempt walks along a file's names and a range of the store's.
type attempt struct {
	matched
	f     *fitted
	cut   string // that the store's names begin with, and the file's do not
	at    int    // the next cell of the store
	kept  int    // the first kept cell that is not before it
	batch int    // of the store, whose names are
	names []string
}

func (m *matching) attempt(first, end int, label, cut string) *attempt {
	kept, _ := m.f.p.kept(first, end)
	return &attempt{matched: matched{first: first, end: end, label: label}, f: m.f, cut: cut, at: first, kept: kept, batch: -1}
}

// take goes on by the file's next names.
func (a *attempt) take(names []string) error {
	for _, name := range names {
		is, err := a.meets(name)
		if err != nil {
			return err
		}
		has := is && a.kept < len(a.f.p.Row) && int(a.f.p.Row[a.kept]) == a.at
		a.stored.Append(is)
		a.Append(has)
		if has {
			a.kept++
		}
		if is {
			a.at++
		}
	}
	return nil
}

// meets tells whether the store's next cell has that name.
func (a *attempt) meets(name string) (bool, error) {
	if a.at == a.end {
		return false, nil
	}
	if batch := a.at / store.BatchCells; batch != a.batch {
		names, err := a.f.st.Names(batch)
		if err != nil {
			return false, err
		}
		a.batch, a.names = batch, names
	}
	rest, ok := strings.CutPrefix(a.names[a.at%store.BatchCells], a.cut)
	return ok && rest == name, nil
}

// complete tells whether all cells of the store were met.
func (a *attempt) complete() bool { return a.at == a.end && a.end > a.first }

// lacks says which cell of the store was not met.
func (a *attempt) lacks(path string) error {
	if _, err := a.meets(""); err != nil || len(a.names) == 0 {
		return errors.Join(err, pipeline.BadInput("%s: the store has no cells of it", path))
	}
	return pipeline.BadInput("%s: cell %s of the store is not in it, or stands elsewhere than when it was ingested: name the file that was ingested with --from, or the cells store, to write a new .h5ad",
		path, counts.Printable(a.names[a.at%store.BatchCells]))
}

// inputRange are the cells of the store that one of several inputs gave.
type inputRange struct {
	label      string
	first, end int
}

// inputsOf finds the cells of each input by the annotation that tells it; none where
// there is none.
func inputsOf(ctx context.Context, st *store.Store) (list []inputRange, err error) {
	reader, at := st.Reader(), 0
	if c := reader.Obs().Column(inputColumn); c == nil || c.Kind != counts.Categorical {
		return nil, nil
	}
	for {
		t, err := reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		c := t.Obs.Column(inputColumn)
		for i := range t.Cells() {
			if label := c.Text(i); len(list) == 0 || list[len(list)-1].label != label {
				list = append(list, inputRange{label: label, first: at})
			}
			at++
			list[len(list)-1].end = at
		}
	}
}
