package stages

import (
	"context"
	"hash/maphash"

	"cellvi/io/counts"
)

// nameCheck finds names that occur more than once among many, in 8 bytes a name
// or so: it remembers their hashes, and names only where a hash came again.
type nameCheck struct {
	seed  maphash.Seed
	seen  map[uint64]struct{}
	again map[uint64]struct{}
}

func newNameCheck(names int64) *nameCheck {
	return &nameCheck{seed: maphash.MakeSeed(), seen: make(map[uint64]struct{}, min(names, 1<<24)), again: map[uint64]struct{}{}}
}

// add takes names in.
func (c *nameCheck) add(names []string) {
	for _, name := range names {
		h := maphash.String(c.seed, name)
		if _, yes := c.seen[h]; yes {
			c.again[h] = struct{}{}
		}
		c.seen[h] = struct{}{}
	}
}

// suspects tells whether names may have been repeated: then repeated has to see
// them all again, and says it for sure.
func (c *nameCheck) suspects() bool { return len(c.again) > 0 }

// repeats counts, among names that add saw, those that occurred before, and
// gives the first.
type repeats struct {
	check *nameCheck
	seen  map[string]bool
	n     int64
	first string
}

func (c *nameCheck) repeats() *repeats { return &repeats{check: c, seen: map[string]bool{}} }

func (r *repeats) add(names []string) {
	for _, name := range names {
		if _, may := r.check.again[maphash.String(r.check.seed, name)]; !may {
			continue
		}
		if r.seen[name] {
			if r.n++; r.n == 1 {
				r.first = name
			}
		}
		r.seen[name] = true
	}
}

// refuse is the error of a file whose names are repeated, nil where c was
// mistaken; cells gives all the names again.
func (c *nameCheck) refuse(ctx context.Context, file string, cells counts.Reader) error {
	names, err := counts.NamesOf(ctx, cells)
	if err != nil {
		return err
	}
	again := c.repeats()
	again.add(names)
	if again.n == 0 {
		return nil
	}
	return &counts.InputError{File: file, Place: "obs",
		Found:  plural(again.n, "cell has a name", "cells have names") + " that occurred before, the first " + counts.Printable(again.first),
		Advice: "pass --make-unique to append -1, -2, …, or give cells names of their own"}
}

// missingCheck counts the cells without a value in one annotation.
type missingCheck struct {
	key   string
	n     int64
	first string
}

func (m *missingCheck) add(obs *counts.Frame) {
	c := obs.Column(m.key)
	for i := range obs.Names {
		if c.IsMissing(i) {
			if m.n++; m.n == 1 {
				m.first = obs.Names[i]
			}
		}
	}
}

// err names the number and the first.
func (m *missingCheck) err(file string) error {
	if m.n == 0 {
		return nil
	}
	return &counts.InputError{
		File: file, Place: "obs column " + counts.Printable(m.key),
		Found:  plural(m.n, "cell has", "cells have") + " no value, the first " + counts.Printable(m.first),
		Advice: "give every cell a value, or leave these cells out of the file",
	}
}

// noColumn says that an annotation is not there, and which are.
func noColumn(file, key string, obs *counts.Frame) error {
	there := "it has no columns"
	if names := obs.ColumnNames(); len(names) > 0 {
		there = "there are " + some(printable(names), 30)
	}
	return &counts.InputError{File: file, Place: "obs", Found: "no column " + counts.Printable(key), Advice: there}
}
