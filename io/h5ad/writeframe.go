package h5ad

import (
	"fmt"
	"math"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// Encodings of anndata 0.8 to 0.12, which later versions read without a word.
var versions = map[string]string{"dataframe": "0.2.0", "array": "0.2.0", "string-array": "0.2.0", "categorical": "0.2.0",
	"nullable-integer": "0.1.0", "nullable-boolean": "0.1.0", "nullable-string-array": "0.1.0"}

func encode(o interface{ SetText(name, v string) error }, encoding, version string) error {
	if err := o.SetText("encoding-type", encoding); err != nil {
		return err
	}
	return o.SetText("encoding-version", version)
}

func newGroup(parent *hdf5.Group, name, encoding, version string) (*hdf5.Group, error) {
	g, err := parent.CreateGroup(name)
	if err != nil {
		return nil, err
	}
	if err := encode(g, encoding, version); err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

// closeEncoded marks a dataset just written with its encoding and closes it.
func closeEncoded(d *hdf5.Dataset, err error, encoding string) error {
	if err != nil {
		return err
	}
	defer d.Close()
	return encode(d, encoding, versions[encoding])
}

// layout is contiguous, or chunked where compressed.
func layout(n, gzip int) hdf5.Layout {
	if gzip == 0 || n == 0 {
		return hdf5.Layout{}
	}
	return hdf5.Layout{Chunk: int64(min(n, writeChunk)), Gzip: gzip}
}

// writeFrame writes annotations as a dataframe with the index in "_index".
func writeFrame(root *hdf5.Group, name string, f *counts.Frame, gzip int) error {
	g, err := newGroup(root, name, "dataframe", versions["dataframe"])
	if err != nil {
		return err
	}
	defer g.Close()
	if err := g.SetText("_index", "_index"); err != nil {
		return err
	}
	if err := g.SetTexts("column-order", f.ColumnNames()); err != nil {
		return err
	}
	if err := writeTexts(g, "_index", f.Names, gzip); err != nil {
		return err
	}
	for i := range f.Columns {
		if err := writeColumn(g, &f.Columns[i], gzip); err != nil {
			return err
		}
	}
	return nil
}

func writeTexts(g *hdf5.Group, name string, v []string, gzip int) error {
	d, err := g.WriteTexts(name, v, layout(len(v), gzip))
	return closeEncoded(d, err, "string-array")
}

func writeBools(g *hdf5.Group, name string, v []bool, gzip int) error {
	d, err := g.WriteBools(name, v, layout(len(v), gzip))
	return closeEncoded(d, err, "array")
}

func writeNumbers[T hdf5.Stored](g *hdf5.Group, name string, v []T, gzip int) error {
	d, err := hdf5.WriteArray(g, name, []int64{int64(len(v))}, v, layout(len(v), gzip))
	return closeEncoded(d, err, "array")
}

func writeColumn(g *hdf5.Group, c *counts.Column, gzip int) error {
	if c.Kind == counts.Categorical {
		return writeCategorical(g, c, gzip)
	}
	if c.Missing != nil && c.Kind != counts.Float {
		return writeNullable(g, c, gzip)
	}
	return writeValues(g, c.Name, c, gzip)
}

func writeValues(g *hdf5.Group, name string, c *counts.Column, gzip int) error {
	switch c.Kind {
	case counts.String:
		return writeTexts(g, name, c.Strings, gzip)
	case counts.Int:
		return writeNumbers(g, name, c.Ints, gzip)
	case counts.Float:
		return writeNumbers(g, name, c.Floats, gzip)
	}
	return writeBools(g, name, c.Bools, gzip)
}

// writeNullable writes values beside a mask, pandas' way of missing values.
func writeNullable(g *hdf5.Group, c *counts.Column, gzip int) error {
	encoding := map[counts.Kind]string{counts.Int: "nullable-integer", counts.Bool: "nullable-boolean", counts.String: "nullable-string-array"}[c.Kind]
	sub, err := newGroup(g, c.Name, encoding, versions[encoding])
	if err != nil {
		return err
	}
	defer sub.Close()
	if err := writeValues(sub, "values", c, gzip); err != nil {
		return err
	}
	return writeBools(sub, "mask", c.Missing, gzip)
}

// writeCategorical writes codes as narrow as pandas has them, and levels.
func writeCategorical(g *hdf5.Group, c *counts.Column, gzip int) error {
	sub, err := newGroup(g, c.Name, "categorical", versions["categorical"])
	if err != nil {
		return err
	}
	defer sub.Close()
	if err := sub.SetBool("ordered", c.Ordered); err != nil {
		return err
	}
	if err := writeTexts(sub, "categories", c.Levels, gzip); err != nil {
		return err
	}
	switch n := len(c.Levels); {
	case n <= math.MaxInt8:
		return writeNumbers(sub, "codes", narrowed[int8](c.Codes), gzip)
	case n <= math.MaxInt16:
		return writeNumbers(sub, "codes", narrowed[int16](c.Codes), gzip)
	}
	return writeNumbers(sub, "codes", c.Codes, gzip)
}

func narrowed[T int8 | int16](codes []int32) []T {
	out := make([]T, len(codes))
	for i, c := range codes {
		out[i] = T(c)
	}
	return out
}

// checkColumnNames refuses names that a file cannot hold side by side.
func checkColumnNames(frame string, f *counts.Frame) error {
	seen := map[string]bool{"_index": true}
	for _, c := range f.Columns {
		if err := checkName(frame, c.Name); err != nil {
			return err
		}
		if seen[c.Name] {
			return fmt.Errorf("h5ad: %s has the column %q twice, or it is the index's name", frame, c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

// checkName refuses a name that HDF5 would take for a path.
func checkName(where, name string) error {
	if name == "" || name == "." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("h5ad: %s cannot have a member named %q", where, name)
	}
	return nil
}
