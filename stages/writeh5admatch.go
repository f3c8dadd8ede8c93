package stages

import (
	"context"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
	"cellvi/pipeline"
)

// matched tells which cells of a file are which of the store. Ingest keeps the order
// of an input's cells, and an input's cells together, so that a walk along both finds
// them, in two bits a cell.
type matched struct {
	h5ad.Marks            // the file's cells that the model has a latent of
	stored     h5ad.Marks // those that are in the store
	first, end int        // of the store's cells, which are all in the file
	label      string     // of the input that they are of, where there were several
}

// cells is how many of the file are in the store.
func (m *matched) cells() int64 { return int64(m.end - m.first) }

// matching finds the cells of a file in the store.
type matching struct {
	f      *fitted
	source *h5adSource
	names  func(do func(names []string) error) error // of the file's cells, again at each call
}

// find is the match. What makes it doubtful is an error: names that occur twice, cells
// of the store that the file lacks.
func (m *matching) find(ctx context.Context) (*matched, error) {
	check := newNameCheck(int64(m.f.st.Cells()))
	whole := m.attempt(0, m.f.st.Cells(), "", "")
	err := m.names(func(names []string) error {
		check.add(names)
		return whole.take(names)
	})
	if err != nil {
		return nil, err
	}
	if check.suspects() && (m.source.makeUnique || !whole.complete()) {
		if found, err := m.unique(); found != nil || err != nil {
			return found, err
		}
	}
	if whole.complete() {
		return &whole.matched, m.doubt(&whole.matched, check)
	}
	return m.ofOneInput(ctx, whole, check)
}

// unique is the match with repeated names made unique, as ingest did then; nil where
// there is none.
func (m *matching) unique() (*matched, error) {
	var all []string
	err := m.names(func(names []string) error {
		all = append(all, names...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	counts.MakeUnique(all)
	renamed := m.attempt(0, m.f.st.Cells(), "", "")
	if err := renamed.take(all); err != nil || !renamed.complete() {
		return nil, err
	}
	return &renamed.matched, nil
}

// doubt refuses names that occur twice in the file, where only one of the two is in
// the store: it cannot be told which.
func (m *matching) doubt(found *matched, check *nameCheck) error {
	if !check.suspects() || found.cells() == found.N {
		return nil
	}
	again := check.repeats()
	taken, at := map[string]bool{}, int64(0)
	err := m.names(func(names []string) error {
		again.add(names)
		for _, name := range names {
			if found.stored.Has(at) && again.seen[name] {
				taken[name] = true
			}
			at++
		}
		return nil
	})
	if err != nil || again.n == 0 {
		return err
	}
	return m.refuseRepeats(taken)
}

// refuseRepeats counts how often each of the names, which are of cells in the store,
// occurs in the file.
func (m *matching) refuseRepeats(taken map[string]bool) error {
	n, first, met := int64(0), "", map[string]bool{}
	err := m.names(func(names []string) error {
		for _, name := range names {
			if taken[name] && met[name] {
				if n++; n == 1 {
					first = name
				}
			}
			met[name] = met[name] || taken[name]
		}
		return nil
	})
	if err != nil || n == 0 {
		return err
	}
	return pipeline.BadInput("%s: obs: %s a name that occurred before, the first %s, and not all of them are in the store, so that it cannot be told which is: make the names unique in the file, and ingest it again",
		m.source.path, plural(n, "cell has", "cells have"), counts.Printable(first))
}

// ofOneInput is the match of a file that was one of several inputs: the cells of that
// input, perhaps called INPUT:name.
func (m *matching) ofOneInput(ctx context.Context, whole *attempt, check *nameCheck) (*matched, error) {
	inputs, err := inputsOf(ctx, m.f.st)
	if err != nil {
		return nil, err
	}
	var tries []*attempt
	for _, in := range inputs {
		tries = append(tries, m.attempt(in.first, in.end, in.label, ""), m.attempt(in.first, in.end, in.label, in.label+":"))
	}
	err = m.names(func(names []string) error {
		for _, a := range tries {
			if err := a.take(names); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	found, err := m.choose(tries)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, whole.lacks(m.source.path)
	}
	return &found.matched, m.doubt(&found.matched, check)
}

// choose is the attempt that met all its cells; of several the one whose input is
// called as the file is; nil where there is none.
func (m *matching) choose(tries []*attempt) (*attempt, error) {
	tries = slices.DeleteFunc(tries, func(a *attempt) bool { return !a.complete() })
	if len(tries) < 2 {
		return append(tries, nil)[0], nil
	}
	own := counts.Labels([]string{m.source.path})[0]
	if i := slices.IndexFunc(tries, func(a *attempt) bool { return a.label == own }); i >= 0 {
		return tries[i], nil
	}
	return nil, pipeline.BadInput("%s: the cells of the inputs %s and %s have the same names, so that it cannot be told which is this file: name the cells store with --from, to write a new .h5ad",
		m.source.path, counts.Printable(tries[0].label), counts.Printable(tries[1].label))
}
