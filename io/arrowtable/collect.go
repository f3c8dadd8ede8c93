package arrowtable

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// collector gathers annotations of cells, or genes, that a long table repeats in
// every row of theirs.
type collector struct {
	*rowReader
	keys  *namer
	seen  []bool // by key
	bytes int64
	most  int64
}

func (r *Reader) newCollector(ctx context.Context, keys *namer, columns []int) (*collector, error) {
	rows, err := r.table.newRowReader(ctx, -1, columns, r.opt.Memory/8)
	if err != nil {
		return nil, err
	}
	r.notes = append(r.notes, rows.notes...)
	return &collector{rowReader: rows, keys: keys, most: r.opt.Memory / 4}, nil
}

// add takes in rows of the given keys.
func (c *collector) add(codes []uint32, columns [][]arrow.Array) error {
	if len(c.converters) == 0 {
		return nil
	}
	rows := c.header.Header()
	for k, v := range c.converters {
		for _, a := range columns[k] {
			if err := v.append(&rows.Columns[k], a); err != nil {
				return err
			}
		}
	}
	for i, code := range codes {
		if i > 0 && code == codes[i-1] && sameRows(&rows, i, i-1) {
			continue
		}
		if err := c.put(int(code), &rows, i); err != nil {
			return err
		}
	}
	if c.bytes > c.most {
		return &counts.MemoryError{File: c.keys.path, Found: "the annotations of a long table are held whole", Need: 4 * c.bytes, Allow: 4 * c.most,
			Advice: "write the table wide or with lists, a row a cell"}
	}
	return nil
}

func sameRows(f *counts.Frame, i, k int) bool {
	for n := range f.Columns {
		if !sameValue(&f.Columns[n], i, &f.Columns[n], k) {
			return false
		}
	}
	return true
}

// put keeps row i as that of a key, or holds it against the one that is kept.
func (c *collector) put(key int, rows *counts.Frame, i int) error {
	for len(c.seen) <= key {
		c.seen = append(c.seen, false)
		for k := range c.header.Columns {
			c.header.Columns[k].AppendMissing(1)
			c.bytes += 17
		}
	}
	if !c.seen[key] {
		c.seen[key] = true
		for k := range rows.Columns {
			setValue(&c.header.Columns[k], key, &rows.Columns[k], i)
			if rows.Columns[k].Kind == counts.String {
				c.bytes += int64(len(rows.Columns[k].Strings[i]))
			}
		}
		return nil
	}
	for k := range rows.Columns {
		if kept := &c.header.Columns[k]; !sameValue(kept, key, &rows.Columns[k], i) {
			return c.converters[k].fault(fmt.Sprintf("%s has both %s and %s", counts.Printable(c.keys.names[key]), shown(kept, key), shown(&rows.Columns[k], i)),
				"a column beside cell, gene and count must be the same in all rows of a cell, or of a gene if it is named for genes: leave it out")
		}
	}
	return nil
}

// shown is a value for a message.
func shown(c *counts.Column, i int) string {
	if c.IsMissing(i) {
		return "nothing"
	}
	return fmt.Sprintf("%q", c.Text(i))
}

// finish gives the columns, n rows long.
func (c *collector) finish(n int) []counts.Column {
	columns := c.header.Columns
	for k := range columns {
		columns[k].AppendMissing(n - columns[k].Len())
		if !slices.Contains(columns[k].Missing, true) {
			columns[k].Missing = nil
		}
	}
	return columns
}

// sameValue compares row i of a with row k of b, of the same kind.
func sameValue(a *counts.Column, i int, b *counts.Column, k int) bool {
	if a.IsMissing(i) || b.IsMissing(k) {
		return a.IsMissing(i) && b.IsMissing(k)
	}
	switch a.Kind {
	case counts.Categorical:
		return a.Codes[i] == b.Codes[k]
	case counts.String:
		return a.Strings[i] == b.Strings[k]
	case counts.Int:
		return a.Ints[i] == b.Ints[k]
	case counts.Float:
		return a.Floats[i] == b.Floats[k]
	}
	return a.Bools[i] == b.Bools[k]
}

// setValue makes row i of a row k of b, of the same kind.
func setValue(a *counts.Column, i int, b *counts.Column, k int) {
	switch a.Kind {
	case counts.Categorical:
		a.Codes[i] = b.Codes[k]
	case counts.String:
		a.Strings[i] = b.Strings[k]
	case counts.Int:
		a.Ints[i] = b.Ints[k]
	case counts.Float:
		a.Floats[i] = b.Floats[k]
	case counts.Bool:
		a.Bools[i] = b.Bools[k]
	}
	if a.Missing != nil {
		a.Missing[i] = b.IsMissing(k)
	}
}
