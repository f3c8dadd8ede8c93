package stages

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"math/bits"

	"cellvi/io/counts"
)

// nameCheck finds names that occur more than once among many, in 6 to 11 bytes a
// name: it remembers half of their hashes, and names only where one came again.
type nameCheck struct {
	seed   maphash.Seed
	tables []nameTable // all but the last are full
	again  map[uint64]struct{}
}

// nameTable is open addressing: the upper halves of hashes, 0 where free.
type nameTable struct {
	slots []uint32
	room  int // names that may yet be added
}

// mostAhead is for how many names there is room before they come: what a file claims
// costs nothing.
const mostAhead = 1 << 22

// newNameCheck makes room for so many names, or for more as they come.
func newNameCheck(names int64) *nameCheck {
	c := &nameCheck{seed: maphash.MakeSeed(), again: map[uint64]struct{}{}}
	c.grow(min(names, mostAhead))
	return c
}

// grow adds a table for so many names.
func (c *nameCheck) grow(names int64) {
	slots := 1 << bits.Len64(uint64(names)*4/3+16)
	c.tables = append(c.tables, nameTable{make([]uint32, slots), slots / 8 * 7})
}

// add takes names in.
func (c *nameCheck) add(names []string) {
	for _, name := range names {
		if h := maphash.String(c.seed, name); !c.place(h) {
			c.again[h] = struct{}{}
		}
	}
}

// place finds a place for a hash; false where it, or one that looks alike, is there.
func (c *nameCheck) place(h uint64) bool {
	upper := uint32(h>>32) | 1
	last := len(c.tables) - 1
	if c.tables[last].room == 0 {
		c.grow(int64(len(c.tables[last].slots)))
		last++
	}
	for i := range c.tables {
		at, there := c.tables[i].find(h, upper)
		if there {
			return false
		}
		if i == last {
			c.tables[i].slots[at] = upper
			c.tables[i].room--
		}
	}
	return true
}

// find is where a hash stands, or the free place where it would.
func (t *nameTable) find(h uint64, upper uint32) (at uint64, there bool) {
	last := uint64(len(t.slots) - 1)
	for at = h & last; t.slots[at] != 0; at = (at + 1) & last {
		if t.slots[at] == upper {
			return at, true
		}
	}
	return at, false
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

// refuse is the number of repeated names of a file, and the error that says so; none
// where c was mistaken. cells gives all the names again.
func (c *nameCheck) refuse(ctx context.Context, file string, cells counts.Reader) (n int64, err error) {
	again := c.repeats()
	for {
		t, err := cells.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		again.add(t.Obs.Names)
	}
	if again.n == 0 {
		return 0, nil
	}
	return again.n, &counts.InputError{File: file, Place: "obs",
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
		Advice: "give every cell a value, or leave these cells out: --keep '" + m.key + " is not missing'",
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
