package stages

import (
	"context"
	"fmt"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// grouping is the kept cells' values of an annotation.
type grouping struct {
	file    string // the store
	key     string
	levels  []string
	of      []int32 // of each kept cell, its level; -1: it has none
	sizes   []int   // kept cells of each level
	missing int     // kept cells of none
}

// noGroup is the code of cells without a value.
const noGroup = -1

// readGroups reads the annotation key of the kept cells. Cells without a value are
// in no group.
func readGroups(ctx context.Context, job *pipeline.Job, file, key string, st *store.Store, p *prepared) (*grouping, error) {
	header := st.Header().Column(key)
	if header == nil {
		return nil, noColumn(file, key, st.Header())
	}
	coder, without := newCoder(header, st.Cells()), []int32{}
	err := inOrder(ctx, job.Threads, st.Batches(), func(i int, into *counts.Column) error {
		part, err := st.Columns(i, key)
		if err == nil {
			*into = *part.Column(key)
		}
		return err
	}, func(i int, part *counts.Column) error {
		for k := range part.Len() {
			if part.IsMissing(k) {
				without = append(without, int32(i*store.BatchCells+k))
			}
		}
		coder.add(valued(part))
		return nil
	})
	if err != nil {
		return nil, err
	}
	coded := coder.settle(false)
	for _, row := range without {
		coded.of[row] = noGroup
	}
	g := &grouping{file: file, key: key, levels: coded.levels, of: coded.keep(p.Row), sizes: make([]int, len(coded.levels))}
	for _, code := range g.of {
		if code == noGroup {
			g.missing++
		} else {
			g.sizes[code]++
		}
	}
	return g, nil
}

// valued is the column with some value where it has none, so that it can be coded.
func valued(c *counts.Column) *counts.Column {
	v := *c
	switch c.Kind {
	case counts.Categorical:
		v.Codes = slices.Clone(c.Codes)
		for i, code := range v.Codes {
			v.Codes[i] = max(code, 0)
		}
	case counts.Float:
		v.Floats = slices.Clone(c.Floats)
		for i := range v.Floats {
			if c.IsMissing(i) {
				v.Floats[i] = 0 // NaN equals nothing, itself neither
			}
		}
	}
	return &v
}

// known lists the groups that have cells.
func (g *grouping) known() (levels []int32) {
	for i, n := range g.sizes {
		if n > 0 {
			levels = append(levels, int32(i))
		}
	}
	return levels
}

// find is the group of a name.
func (g *grouping) find(flag, name string) (int32, error) {
	i := slices.Index(g.levels, name)
	if i >= 0 && g.sizes[i] > 0 {
		return int32(i), nil
	}
	var names []string
	for _, k := range g.known() {
		names = append(names, counts.Printable(g.levels[k]))
	}
	return 0, &counts.InputError{File: g.file, Place: "obs column " + counts.Printable(g.key),
		Found: fmt.Sprintf("no cell of group %s (%s)", counts.Printable(name), flag), Advice: "there are " + some(names, 50)}
}

// rest is the second group of a comparison with all other cells.
const rest = -1

// comparison is two groups: levels of a grouping, the second may be the rest.
type comparison struct {
	one, two     int32
	name1, name2 string
	cells1       int
	cells2       int
}

// text names the comparison as scvi-tools does.
func (c comparison) text() string { return c.name1 + " vs " + c.name2 }

// mostGroups is how many groups are compared where none is named: a column with more
// holds names of cells or what was measured of them.
const mostGroups = 500

// comparisons are those that the options ask for, in the order of --group1, or of
// the levels.
func (g *grouping) comparisons(o DEOptions) (list []comparison, err error) {
	first, second := g.known(), int32(rest)
	if len(o.Group1) == 0 && len(first) > mostGroups {
		return nil, &counts.InputError{File: g.file, Place: "obs column " + counts.Printable(g.key),
			Found: counts.Thousands(int64(len(first))) + " groups", Advice: "name a column of groups, or with --group1 those to compare"}
	}
	if o.Group2 != "" {
		if second, err = g.find("--group2", o.Group2); err != nil {
			return nil, err
		}
		first = slices.DeleteFunc(first, func(k int32) bool { return k == second })
	}
	if len(o.Group1) > 0 {
		first = nil
		for _, name := range o.Group1 {
			k, err := g.find("--group1", name)
			if err != nil {
				return nil, err
			}
			if k == second {
				return nil, pipeline.Usage("--group1 and --group2 are both %s: compare a group with another", counts.Printable(name))
			}
			first = append(first, k)
		}
	}
	for _, k := range first {
		list = append(list, g.compare(k, second))
	}
	if len(list) == 0 || list[0].cells2 == 0 {
		return nil, &counts.InputError{File: g.file, Place: "obs column " + counts.Printable(g.key),
			Found: "all cells are of one group, " + counts.Printable(g.levels[g.known()[0]]), Advice: "name a column with two groups at least"}
	}
	return list, nil
}

// compare is one comparison; of the rest are all other cells, those without a value
// too.
func (g *grouping) compare(one, two int32) comparison {
	c := comparison{one: one, two: two, name1: g.levels[one], name2: "Rest", cells1: g.sizes[one], cells2: len(g.of) - g.sizes[one]}
	if two != rest {
		c.name2, c.cells2 = g.levels[two], g.sizes[two]
	}
	return c
}

// members are the kept cells of both groups.
func (g *grouping) members(c comparison) (one, two []int32) {
	one, two = make([]int32, 0, c.cells1), make([]int32, 0, c.cells2)
	for i, k := range g.of {
		switch {
		case k == c.one:
			one = append(one, int32(i))
		case c.two == rest || k == c.two:
			two = append(two, int32(i))
		}
	}
	return one, two
}

// fewCells is below how many cells a group is warned of: its draws say more of
// these cells than of a group.
const fewCells = 10

// say warns of what makes the comparisons doubtful.
func (g *grouping) say(job *pipeline.Job, list []comparison) {
	var small []string
	told := map[string]bool{}
	for _, c := range list {
		for name, n := range map[string]int{c.name1: c.cells1, c.name2: c.cells2} {
			if n < fewCells && !told[name] {
				small, told[name] = append(small, fmt.Sprintf("%s (%d)", counts.Printable(name), n)), true
			}
		}
	}
	if slices.Sort(small); len(small) > 0 {
		job.Warn("%s with fewer than %d cells: %s: what is found holds for these cells, and may not for others",
			plural(int64(len(small)), "group", "groups"), fewCells, some(small, 10))
	}
	if g.missing > 0 && list[0].two == rest {
		job.Warn("%s no value in obs column %s: %s among the rest of every comparison, as in scvi-tools (cellvi ingest --keep '%s is not missing' leaves such cells out)",
			plural(int64(g.missing), "cell has", "cells have"), counts.Printable(g.key), map[bool]string{true: "it is", false: "they are"}[g.missing == 1], g.key)
	}
}
