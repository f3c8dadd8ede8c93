package store

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// Names of the store's own columns.
const (
	cellID     = "cell_id"
	genesList  = "genes"
	countsList = "counts"
	geneID     = "gene_id"
	geneTotal  = "total"
	geneCells  = "n_cells"
)

var kindTypes = [...]arrow.DataType{
	counts.Categorical: arrow.BinaryTypes.String, // the levels: see fieldOf
	counts.String:      arrow.BinaryTypes.String,
	counts.Int:         arrow.PrimitiveTypes.Int64,
	counts.Float:       arrow.PrimitiveTypes.Float64,
	counts.Bool:        arrow.FixedWidthTypes.Boolean,
}

// fieldOf is the Arrow field of an annotation, under its name in the file.
func fieldOf(c *counts.Column, name string) arrow.Field {
	t := kindTypes[c.Kind]
	if c.Kind == counts.Categorical {
		t = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: t, Ordered: c.Ordered}
	}
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

// columnOf is the annotation's header that a field describes, without levels.
func columnOf(f arrow.Field) (counts.Column, error) {
	if d, ok := f.Type.(*arrow.DictionaryType); ok &&
		d.IndexType.ID() == arrow.INT32 && d.ValueType.ID() == arrow.STRING {
		return counts.Column{Name: f.Name, Kind: counts.Categorical, Ordered: d.Ordered}, nil
	}
	for kind := counts.String; kind <= counts.Bool; kind++ {
		if arrow.TypeEqual(kindTypes[kind], f.Type) {
			return counts.Column{Name: f.Name, Kind: kind}, nil
		}
	}
	return counts.Column{}, fmt.Errorf("column %s is of type %s, which no cellvi store has", f.Name, f.Type)
}

// fieldsOf names the annotations of a frame in the file, prefixing those whose
// name is reserved or met before; renamed maps those names back to their own.
func fieldsOf(frame *counts.Frame, prefix string, reserved ...string) (fields []arrow.Field, renamed map[string]string) {
	own, used := map[string]bool{}, map[string]bool{}
	for _, r := range reserved {
		used[r] = true
	}
	for _, name := range frame.ColumnNames() {
		own[name] = true
	}
	renamed = map[string]string{}
	for i := range frame.Columns {
		c := &frame.Columns[i]
		name := c.Name
		for used[name] || name != c.Name && own[name] {
			name = prefix + name
		}
		used[name] = true
		if name != c.Name {
			renamed[name] = c.Name
		}
		fields = append(fields, fieldOf(c, name))
	}
	return fields, renamed
}

func required(name string, t arrow.DataType) arrow.Field { return arrow.Field{Name: name, Type: t} }
