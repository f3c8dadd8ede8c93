package h5ad

import (
	"fmt"
	"math"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// column is one annotation, open for reading by ranges of rows.
type column struct {
	meta   counts.Column // name, kind, levels; no rows
	values hdf5.Array    // the values, or the codes of a categorical
	mask   hdf5.Array    // of nullable columns: true where missing
	plain  *hdf5.Column  // of values, but for a categorical
	naCode int32         // of a categorical: a code besides -1 that means missing
}

// openColumn opens the member name of a frame, in any of anndata's encodings.
// A column of a sort that has no place in a table comes back with the reason.
func openColumn(g *hdf5.Group, name string) (c *column, why string, err error) {
	kind, err := g.Kind(name)
	if err != nil {
		return nil, "", err
	}
	c = &column{meta: counts.Column{Name: name}}
	switch kind {
	case hdf5.IsDataset:
		why, err = c.openPlain(g, name)
	case hdf5.IsGroup:
		why, err = c.openEncoded(g, name)
	default:
		err = hdf5.Fault(g, "lists column "+name+", but there is no such member", hdf5.Damaged)
	}
	if err != nil || why != "" {
		c.close()
		return nil, why, err
	}
	return c, "", nil
}

// openPlain opens a dataset: an array, or the codes of a categorical as anndata
// 0.7 wrote them: an attribute refers to the levels. SeuratDisk writes codes and
// levels likewise, but not the reference.
func (c *column) openPlain(g *hdf5.Group, name string) (why string, err error) {
	d, err := g.OpenDataset(name)
	if err != nil {
		return "", err
	}
	c.values = d
	if len(d.Shape()) != 1 {
		return fmt.Sprintf("has %d axes", len(d.Shape())), nil
	}
	levels, err := c.levelsOf(g, d, name)
	if err != nil {
		return "", err
	}
	if levels == "" {
		return c.takePlain(), nil
	}
	return c.openLevels(g, levels)
}

// levelsOf finds the levels of the codes in d: where the attribute categories
// says, by reference or as a path, or under the column's name; "" where there are none.
func (c *column) levelsOf(g *hdf5.Group, d *hdf5.Dataset, name string) (string, error) {
	custom := "__categories/" + name
	kind, err := g.Kind(custom)
	if err != nil {
		return "", err
	}
	has, err := d.HasAttr("categories")
	if err != nil {
		return "", err
	}
	if !has {
		if kind != hdf5.IsDataset || d.Type().Class != hdf5.Integer {
			return "", nil
		}
		c.naCode = math.MinInt32 // R's NA
		return custom, nil
	}
	if path, err := d.AttrText("categories"); err == nil {
		return path, nil
	}
	target, err := d.AttrTarget("categories")
	if err != nil && kind == hdf5.IsDataset {
		return custom, nil // a copied file may have lost its references
	}
	return target, err
}

// takePlain takes the values as they are.
func (c *column) takePlain() (why string) {
	if c.plain, why = hdf5.NewColumn(c.values, c.meta.Name); why == "" {
		c.meta.Kind = c.plain.Header().Kind
	}
	return why
}

// keepLittle makes libhdf5 keep no more than one chunk of each part of a column:
// a range of rows comes after the one before.
func (c *column) keepLittle() error {
	for _, a := range []hdf5.Array{c.values, c.mask} {
		if d, _, large := h5matrix.LargeColumn(a); large {
			if err := d.KeepOneChunk(); err != nil {
				return err
			}
		}
	}
	return nil
}

// tooLarge is hdf5.TooLarge of values that are no codes.
func (c *column) tooLarge() (why string, err error) {
	if c.plain == nil || c.meta.Kind != counts.Int {
		return "", nil
	}
	return hdf5.TooLarge(c.values)
}

// openEncoded opens a group: a categorical, or values beside a mask.
func (c *column) openEncoded(g *hdf5.Group, name string) (why string, err error) {
	sub, err := g.OpenGroup(name)
	if err != nil {
		return "", err
	}
	defer sub.Close()
	if has, err := sub.HasAttr("encoding-type"); err != nil || !has {
		return "is a group without encoding-type", err
	}
	encoding, err := sub.AttrText("encoding-type")
	if err != nil {
		return "", err
	}
	switch encoding {
	case "categorical":
		return c.openCategorical(sub)
	case "nullable-integer", "nullable-boolean", "nullable-string-array":
		return c.openNullable(sub)
	}
	return "is encoded as " + encoding, nil
}

// openNullable opens values beside a mask of booleans, or of numbers that are 0
// where a value is there.
func (c *column) openNullable(g *hdf5.Group) (why string, err error) {
	values, err := hdf5.Member(g, "values")
	if err != nil {
		return "", err
	}
	c.values = values
	mask, err := hdf5.Member(g, "mask")
	if err != nil {
		return "", err
	}
	c.mask = mask
	if t := mask.Type(); t.Class != hdf5.Bool && t.Class != hdf5.Integer || mask.Len() != values.Len() {
		return "", hdf5.Fault(mask, fmt.Sprintf("has %d values of type %s, %d booleans expected", mask.Len(), t, values.Len()), hdf5.Damaged)
	}
	return c.takePlain(), nil
}

func (c *column) openCategorical(g *hdf5.Group) (why string, err error) {
	codes, err := hdf5.Member(g, "codes")
	if err != nil {
		return "", err
	}
	c.values = codes
	if c.meta.Ordered, err = ordered(g); err != nil {
		return "", err
	}
	return c.openLevels(g, "categories")
}

func (c *column) close() {
	if c.values != nil {
		c.values.Close()
	}
	if c.mask != nil {
		c.mask.Close()
	}
}
