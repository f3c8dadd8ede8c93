package results

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// createdBy is the same for every version of cellvi, so that a new version
// alone changes no byte of a result.
const createdBy = "cellvi"

// Field is a column of a Schema.
type Field struct {
	Name string
	Type Type
}

// Schema says what a file holds.
type Schema struct {
	Index    string            // the column that is the pandas index: the first, of type String; "" for none
	Columns  []Field           // all columns, the index included
	Metadata map[string]string // key-value entries of the file; "pandas" and "ARROW:schema" are not free
}

// validate returns every problem of a schema at once: faults of the program.
func (s *Schema) validate() error {
	var faults []string
	if s.Index != "" && (len(s.Columns) == 0 || s.Columns[0] != Field{s.Index, String}) {
		faults = append(faults, fmt.Sprintf("the index %s must be the first column and of type string", s.Index))
	}
	met := map[string]bool{}
	for _, f := range s.Columns {
		if met[f.Name] {
			faults = append(faults, fmt.Sprintf("two columns are named %s", f.Name))
		}
		met[f.Name] = true
	}
	for _, key := range []string{pandasKey, arrowKey} {
		if _, taken := s.Metadata[key]; taken {
			faults = append(faults, fmt.Sprintf("metadata entry %s is written by cellvi itself", key))
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("results: %s", strings.Join(faults, "; "))
	}
	return nil
}

// properties: no dictionaries, for names and floats seldom repeat; no
// statistics, which for thousands of columns would outgrow the data.
func properties() *parquet.WriterProperties {
	return parquet.NewWriterProperties(
		parquet.WithCreatedBy(createdBy),
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithDictionaryDefault(false),
		parquet.WithStats(false),
		parquet.WithVersion(parquet.V2_LATEST),
	)
}

func rootOf(s *Schema) (*schema.GroupNode, error) {
	physical := [...]parquet.Type{Float32: parquet.Types.Float, Float64: parquet.Types.Double, Int64: parquet.Types.Int64,
		Int32: parquet.Types.Int32, Bool: parquet.Types.Boolean, String: parquet.Types.ByteArray}
	fields := make(schema.FieldList, len(s.Columns))
	for i, f := range s.Columns {
		var logical schema.LogicalType = schema.NoLogicalType{}
		if f.Type == String {
			logical = schema.StringLogicalType{}
		}
		node, err := schema.NewPrimitiveNodeLogical(f.Name, parquet.Repetitions.Required, logical, physical[f.Type], -1, -1)
		if err != nil {
			return nil, fmt.Errorf("results: column %s: %w", f.Name, err)
		}
		fields[i] = node
	}
	return schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
}

// entriesOf is the file's metadata in the order of its keys.
func entriesOf(s *Schema) (metadata.KeyValueMetadata, error) {
	all := map[string]string{}
	maps.Copy(all, s.Metadata)
	if s.Index != "" {
		all[pandasKey] = pandasEntry(s)
	}
	entries := metadata.NewKeyValueMetadata()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if err := entries.Append(key, all[key]); err != nil { // it is no valid UTF-8
			return nil, fmt.Errorf("results: metadata entry %s: %w", key, err)
		}
	}
	return entries, nil
}
