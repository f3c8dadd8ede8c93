package arrowtable

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"cellvi/io/counts"
)

// namer numbers names as they are met.
type namer struct {
	path, place string
	names       []string
	code        map[string]uint32
	bytes       int64 // that they take
	memory      int64 // that they may take
}

func newNamer(path, place string, memory int64) *namer {
	return &namer{path: path, place: place, code: map[string]uint32{}, memory: memory}
}

// add numbers a name, which it copies.
func (n *namer) add(name string) (uint32, error) {
	if code, ok := n.code[name]; ok {
		return code, nil
	}
	if !utf8.ValidString(name) {
		return 0, &counts.InputError{File: n.path, Place: n.place, Found: fmt.Sprintf("%q is not valid UTF-8", name),
			Advice: "write the file with its text in UTF-8"}
	}
	name = strings.Clone(name)
	code := uint32(len(n.names))
	n.code[name], n.names = code, append(n.names, name)
	if n.bytes += int64(len(name)) + nameBytes; n.bytes > n.memory {
		return 0, &counts.MemoryError{File: n.path, Place: n.place, Found: fmt.Sprintf("more than %s names", counts.Thousands(int64(code))),
			Need: 2 * n.bytes, Allow: n.memory, Advice: "write the table wide or with lists, a row a cell"}
	}
	return code, nil
}

// geneCoder makes gene numbers of the values of a column, or of lists.
type geneCoder struct {
	*namer
	column  string
	fixed   bool             // the genes are given: others are strange
	numbers bool             // whole numbers stand for genes:
	ids     map[int64]uint32 // by these, or where nil by their places
	strange *namer
	coder   coder
	met     arrow.ArrayData // the dictionary whose values are genes, counted or not
}

func (r *Reader) newGeneCoder(k int) *geneCoder {
	name := r.table.columns[k].name
	place := "column " + counts.Printable(name)
	c := &geneCoder{namer: newNamer(r.path, place, r.opt.Memory/4), column: name, strange: newNamer(r.path, place, r.opt.Memory/4)}
	if r.genes != nil {
		c.fixed = true
		c.names = r.genes.Names
		for i, g := range c.names {
			c.code[g] = uint32(i)
		}
	}
	return c
}

// learn takes in the genes of values, of the rows from first on, and appends what
// they are numbered, for now where genes are given and lack some.
func (c *geneCoder) learn(dst []uint32, values arrow.Array, first int64) ([]uint32, error) {
	if c.numbers {
		return c.codes(dst, values, first)
	}
	to := c.namer
	if c.fixed {
		to = c.strange
	}
	add := func(name string) (uint32, error) {
		if code, ok := c.code[name]; ok {
			return code, nil
		}
		return to.add(name)
	}
	if d, ok := stored(values).(*array.Dictionary); ok && !c.fixed && d.Dictionary().Data() != c.met {
		c.met = d.Dictionary().Data()
		if err := eachText(d.Dictionary(), func(s string) error { _, err := add(s); return err }); err != nil {
			return dst, c.placed(err)
		}
	}
	dst, err := c.coder.codes(dst, values, add, first)
	return dst, c.placed(err)
}

// codes appends the gene numbers of values, which are of the rows from first on.
func (c *geneCoder) codes(dst []uint32, values arrow.Array, first int64) ([]uint32, error) {
	if c.numbers {
		dst, err := c.indices(dst, values)
		return dst, c.placed(err)
	}
	dst, err := c.coder.codes(dst, values, func(name string) (uint32, error) {
		code, ok := c.code[name]
		if !ok {
			return 0, fmt.Errorf("gene %s was not there before", counts.Printable(name))
		}
		return code, nil
	}, first)
	return dst, c.placed(err)
}

// indices appends whole numbers that are genes' places.
func (c *geneCoder) indices(dst []uint32, values arrow.Array) ([]uint32, error) {
	at, ok := integers(values)
	if !ok {
		return dst, fmt.Errorf("holds %s where whole numbers are expected", values.DataType())
	}
	for i := range values.Len() {
		if values.IsNull(i) {
			return dst, fmt.Errorf("a gene is null")
		}
		g, fits := at(i)
		if c.ids != nil {
			place, known := c.ids[g]
			if !known || !fits {
				return dst, fmt.Errorf("a gene is number %d, which none of the %s genes of --var has", g, counts.Thousands(int64(len(c.names))))
			}
			dst = append(dst, place)
			continue
		}
		if !fits || g < 0 || g >= int64(len(c.names)) {
			return dst, fmt.Errorf("a gene is number %d, from 0, but there are %s genes", g, counts.Thousands(int64(len(c.names))))
		}
		dst = append(dst, uint32(g))
	}
	return dst, nil
}

// placed makes a plain error one of the column.
func (c *geneCoder) placed(err error) error {
	if err == nil || known(err) {
		return err
	}
	return &counts.InputError{File: c.path, Place: c.place, Found: err.Error()}
}

// takeGenes makes the genes that were met those of the reader, and refuses those
// that the given ones lack.
func (r *Reader) takeGenes(c *geneCoder) error {
	if n := len(c.strange.names); n > 0 {
		return r.table.fault(c.column, fmt.Sprintf("%s genes are not among the %s that were given, the first %s", counts.Thousands(int64(n)),
			counts.Thousands(int64(len(c.names))), counts.Printable(c.strange.names[0])), "--var must have a row for every gene")
	}
	if c.numbers {
		return nil
	}
	if !c.fixed {
		r.genes = &counts.Frame{Names: c.names}
		return nil
	}
	for i, name := range c.names {
		if int(c.code[name]) != i { // it has the number of a later one
			return r.table.fault(c.column, fmt.Sprintf("it names genes, and the names of the given genes repeat: %s of %s, the first %s",
				counts.Thousands(int64(len(c.names)-len(c.code))), counts.Thousands(int64(len(c.names))), counts.Printable(name)), "give each gene another name in --var")
		}
	}
	return nil
}

// joined puts the values of lists together that do not lie one after the other.
func joined(parts []arrow.Array, ends []int64) (arrow.Array, []int64, error) {
	all, err := array.Concatenate(parts, memory.DefaultAllocator)
	return all, ends, err
}
