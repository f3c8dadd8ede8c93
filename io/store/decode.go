package store

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"cellvi/io/counts"
)

// frame copies the index, column 0, and the annotations, columns 3 on, out of a
// record batch: nothing of it aliases the mapped file.
func (f *arrowFile) frame(record arrow.RecordBatch, renamed map[string]string) (*counts.Frame, error) {
	names, err := f.names(record)
	if err != nil {
		return nil, err
	}
	frame := &counts.Frame{Names: names}
	for i := 3; i < int(record.NumCols()); i++ {
		c, err := columnOf(record.Schema().Field(i))
		if err != nil {
			return nil, f.damaged("%v", err)
		}
		if own, ok := renamed[c.Name]; ok {
			c.Name = own
		}
		if err := fillColumn(&c, record.Column(i)); err != nil {
			return nil, f.damaged("%v", err)
		}
		frame.Columns = append(frame.Columns, c)
	}
	return frame, nil
}

// names copies the index.
func (f *arrowFile) names(record arrow.RecordBatch) ([]string, error) {
	ids, ok := record.Column(0).(*array.String)
	if !ok || ids.NullN() > 0 {
		return nil, f.damaged("column %s is not text without nulls", record.ColumnName(0))
	}
	return copyStrings(ids), nil
}

// fillColumn copies values into c, whose kind columnOf took from their type.
func fillColumn(c *counts.Column, values arrow.Array) error {
	switch a := values.(type) {
	case *array.Dictionary:
		return fillCodes(c, a)
	case *array.String:
		c.Strings = copyStrings(a)
	case *array.Int64:
		c.Ints = slices.Clone(a.Int64Values())
	case *array.Float64:
		c.Floats = slices.Clone(a.Float64Values())
	case *array.Boolean:
		c.Bools = make([]bool, a.Len())
		for i := range c.Bools {
			c.Bools[i] = a.Value(i)
		}
	}
	if values.NullN() > 0 {
		clearNulls(c, values)
	}
	return nil
}

func fillCodes(c *counts.Column, a *array.Dictionary) error {
	levels, ok := a.Dictionary().(*array.String)
	codes, ok2 := a.Indices().(*array.Int32)
	if !ok || !ok2 {
		return fmt.Errorf("column %s: its categories are not text", c.Name)
	}
	c.Levels = copyStrings(levels)
	c.Codes = slices.Clone(codes.Int32Values())
	for i, code := range c.Codes {
		switch {
		case a.IsNull(i):
			c.Codes[i] = -1
		case code < 0 || int(code) >= len(c.Levels):
			return fmt.Errorf("column %s, row %d: category %d of %d", c.Name, i, code, len(c.Levels))
		}
	}
	return nil
}

// clearNulls marks the rows without a value and puts the zero value there.
func clearNulls(c *counts.Column, values arrow.Array) {
	header := c.Header()
	one := header
	one.AppendMissing(1)
	if c.Kind != counts.Float {
		c.Missing = make([]bool, values.Len())
	}
	for i := range values.Len() {
		if !values.IsNull(i) {
			continue
		}
		switch c.Kind {
		case counts.String:
			c.Strings[i] = one.Strings[0]
		case counts.Int:
			c.Ints[i] = one.Ints[0]
		case counts.Float:
			if c.Floats[i] == c.Floats[i] { // a NaN keeps its bits: Writer.widen relies on it
				c.Floats[i] = one.Floats[0]
			}
		case counts.Bool:
			c.Bools[i] = one.Bools[0]
		}
		if c.Missing != nil {
			c.Missing[i] = true
		}
	}
}

// copyStrings copies all text at once, not string by string.
func copyStrings(a *array.String) []string {
	out := make([]string, a.Len())
	if a.Len() == 0 {
		return out
	}
	offsets := a.ValueOffsets()
	first := offsets[0]
	text := string(a.ValueBytes())
	for i := range out {
		out[i] = text[offsets[i]-first : offsets[i+1]-first]
	}
	return out
}
