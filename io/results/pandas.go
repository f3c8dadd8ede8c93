package results

import "encoding/json"

// Keys of the file's metadata that readers know.
const (
	pandasKey = "pandas"
	arrowKey  = "ARROW:schema" // written by Arrow; results writes none
)

// pandasMeta is the metadata that pandas.DataFrame.to_parquet leaves and
// pandas.read_parquet looks for:
// https://pandas.pydata.org/docs/development/developer.html
type pandasMeta struct {
	IndexColumns  []string       `json:"index_columns"`
	ColumnIndexes []pandasColumn `json:"column_indexes"`
	Columns       []pandasColumn `json:"columns"`
	Creator       pandasCreator  `json:"creator"`
	PandasVersion string         `json:"pandas_version"`
}

type pandasColumn struct {
	Name       *string           `json:"name"`
	FieldName  *string           `json:"field_name"`
	PandasType string            `json:"pandas_type"`
	NumpyType  string            `json:"numpy_type"`
	Metadata   map[string]string `json:"metadata"`
}

type pandasCreator struct {
	Library string `json:"library"`
	Version string `json:"version"`
}

// pandasEntry is the metadata of a schema with an index. As pandas does, it lists
// the index after the other columns.
func pandasEntry(s *Schema) string {
	m := pandasMeta{
		IndexColumns: []string{s.Index},
		ColumnIndexes: []pandasColumn{{PandasType: "unicode", NumpyType: "object",
			Metadata: map[string]string{"encoding": "UTF-8"}}},
		Creator:       pandasCreator{Library: createdBy, Version: "1"}, // of this metadata, not of cellvi
		PandasVersion: "1.5.0",                                         // whose form this is; later pandas read it
	}
	for _, f := range append(append([]Field{}, s.Columns[1:]...), s.Columns[0]) {
		column := pandasColumn{Name: &f.Name, FieldName: &f.Name, PandasType: f.Type.String(), NumpyType: f.Type.String()}
		if f.Type == String {
			column.PandasType, column.NumpyType = "unicode", "object"
		}
		m.Columns = append(m.Columns, column)
	}
	text, _ := json.Marshal(m) // text alone always marshals
	return string(text)
}

// pandasIndex is the one column that a pandas entry names as the index, "" for
// none: an index of several columns, or a range, which is an object.
func pandasIndex(entry string) string {
	var m struct { // the rest differs between writers
		IndexColumns []any `json:"index_columns"`
	}
	if json.Unmarshal([]byte(entry), &m) != nil || len(m.IndexColumns) != 1 {
		return ""
	}
	name, _ := m.IndexColumns[0].(string)
	return name
}
