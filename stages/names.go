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
	seed  maphash.Seed
	slots []uint32 // open addressing: the upper halves of hashes, 0 where free
	room  int      // names that may yet be added
	again map[uint64]struct{}
}

// newNameCheck makes room for so many names.
func newNameCheck(names int64) *nameCheck {
	slots := 1 << bits.Len64(uint64(names)*4/3+16)
	return &nameCheck{seed: maphash.MakeSeed(), slots: make([]uint32, slots), room: slots / 8 * 7, again: map[uint64]struct{}{}}
}

// add takes names in. One more than there is room for is suspected.
func (c *nameCheck) add(names []string) {
	for _, name := range names {
		h := maphash.String(c.seed, name)
		if c.room--; c.room < 0 || !c.place(h) {
			c.again[h] = struct{}{}
		}
	}
}

// place finds a place for a hash; false where it, or one that looks alike, is there.
func (c *nameCheck) place(h uint64) bool {
	upper, last := uint32(h>>32)|1, uint64(len(c.slots)-1)
	for i := h & last; ; i = (i + 1) & last {
		switch c.slots[i] {
		case 0:
			c.slots[i] = upper
			return true
		case upper:
			return false
		}
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
