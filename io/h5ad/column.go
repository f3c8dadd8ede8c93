package h5ad

import (
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// column is one annotation, open for reading by ranges of rows.
type column struct {
	meta   counts.Column // name, kind, levels; no rows
	values *hdf5.Dataset // the values, or the codes of a categorical
	mask   *hdf5.Dataset // of nullable columns: true where missing
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

// openPlain opens a dataset: an array, or the codes of a categorical as
// anndata 0.7 wrote them, whose attribute refers to the levels.
func (c *column) openPlain(g *hdf5.Group, name string) (why string, err error) {
	if c.values, err = g.OpenDataset(name); err != nil {
		return "", err
	}
	if len(c.values.Shape()) != 1 {
		return fmt.Sprintf("has %d axes", len(c.values.Shape())), nil
	}
	if has, err := c.values.HasAttr("categories"); err != nil {
		return "", err
	} else if has {
		target, err := c.values.AttrTarget("categories")
		if err != nil {
			return "", err
		}
		return "", c.openLevels(g, target)
	}
	kind, ok := kindOf(c.values.Type())
	if !ok {
		return fmt.Sprintf("holds %s values", c.values.Type()), nil
	}
	c.meta.Kind = kind
	return "", nil
}

func kindOf(t hdf5.Type) (counts.Kind, bool) {
	switch t.Class {
	case hdf5.Text:
		return counts.String, true
	case hdf5.Integer:
		return counts.Int, true
	case hdf5.Float:
		return counts.Float, true
	case hdf5.Bool:
		return counts.Bool, true
	}
	return 0, false
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
		return "", c.openCategorical(sub)
	case "nullable-integer", "nullable-boolean", "nullable-string-array":
		return "", c.openNullable(sub, encoding)
	}
	return "is encoded as " + encoding, nil
}

func (c *column) openNullable(g *hdf5.Group, encoding string) (err error) {
	if c.values, err = hdf5.Member(g, "values"); err != nil {
		return err
	}
	if c.mask, err = hdf5.Member(g, "mask"); err != nil {
		return err
	}
	want := map[string]counts.Kind{"nullable-integer": counts.Int, "nullable-boolean": counts.Bool, "nullable-string-array": counts.String}[encoding]
	kind, ok := kindOf(c.values.Type())
	if !ok || kind != want {
		return hdf5.Fault(c.values, fmt.Sprintf("holds %s values, %s expected", c.values.Type(), want), hdf5.Damaged)
	}
	c.meta.Kind = kind
	if c.mask.Type().Class != hdf5.Bool || c.mask.Len() != c.values.Len() {
		return hdf5.Fault(c.mask, fmt.Sprintf("has %d values of type %s, %d booleans expected", c.mask.Len(), c.mask.Type(), c.values.Len()), hdf5.Damaged)
	}
	return nil
}

func (c *column) openCategorical(g *hdf5.Group) (err error) {
	if c.values, err = hdf5.Member(g, "codes"); err != nil {
		return err
	}
	if c.meta.Ordered, err = ordered(g); err != nil {
		return err
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
