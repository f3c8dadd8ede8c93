package h5ad

import (
	"strings"

	"cellvi/io/hdf5"
)

// openTable opens a frame of anndata before 0.7: a dataset of records, whose first
// field names the rows. A categorical is a field of codes; its levels stand in
// uns/NAME_categories, which obs and var share.
func (f *frame) openTable(root *hdf5.Group, name string) error {
	d, err := root.OpenDataset(name)
	if err != nil {
		return err
	}
	f.at = d
	fields, err := d.Fields()
	if err != nil {
		return err
	}
	if len(fields) == 0 {
		return hdf5.Fault(d, "holds records without fields, names of the rows expected", hdf5.Damaged)
	}
	for i, field := range fields {
		c, why := openField(field)
		if i == 0 {
			err = f.setIndex(c, field.Name(), why)
		} else {
			err = f.add(c, field.Name(), why)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openField makes a column of a field.
func openField(field *hdf5.Field) (c *column, why string) {
	c = &column{values: field}
	c.meta.Name = field.Name()
	if why = c.takePlain(); why != "" {
		return nil, why
	}
	return c, ""
}

// findLevels makes categoricals of the columns of whole numbers that have levels
// in uns. Those that are codes into other levels, of a column of the same name in
// the other frame, stay numbers, as anndata leaves them.
func (f *frame) findLevels(root *hdf5.Group) error {
	if kind, err := root.Kind("uns"); err != nil || kind != hdf5.IsGroup {
		return err
	}
	uns, err := root.OpenGroup("uns")
	if err != nil {
		return err
	}
	defer uns.Close()
	found := make(map[*column][]string)
	for _, c := range f.columns {
		if c.values.Type().Class != hdf5.Integer {
			continue
		}
		levels, err := c.levelsIn(uns, c.meta.Name+"_categories")
		if err != nil {
			return err
		}
		if levels != nil {
			found[c] = levels
		}
	}
	return f.settle(found)
}

// levelsIn reads the levels that may stand at name; nil where there are none that
// can be read.
func (c *column) levelsIn(g *hdf5.Group, name string) ([]string, error) {
	if kind, err := g.Kind(name); err != nil || kind == hdf5.Absent {
		return nil, err
	}
	levels, _, why, err := readLevels(g, name)
	if err != nil || why != "" {
		return nil, err
	}
	return levels, nil
}

// settle gives each column its levels where all its codes fit them. The table is
// read once, piece by piece.
func (f *frame) settle(found map[*column][]string) error {
	if len(found) == 0 {
		return nil
	}
	const most = 1 << 14
	piece := make([]int64, min(most, f.rows))
	for first := int64(0); first < f.rows; first += most {
		piece = piece[:min(most, f.rows-first)]
		for _, c := range f.columns {
			levels, ok := found[c]
			if !ok {
				continue
			}
			if err := hdf5.ReadArray(c.values, piece, first); err != nil {
				return err
			}
			if !fit(piece, len(levels)) {
				delete(found, c)
				f.notes = append(f.notes, "column "+c.meta.Name+" of "+strings.TrimPrefix(f.at.Place(), "/")+" is read as numbers: it holds codes beyond the levels in /uns/"+c.meta.Name+"_categories")
			}
		}
	}
	for c, levels := range found {
		c.setLevels(levels)
	}
	return nil
}

func fit(codes []int64, levels int) bool {
	for _, code := range codes {
		if code >= int64(levels) {
			return false
		}
	}
	return true
}
