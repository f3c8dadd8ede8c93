package store

import (
	"encoding/json"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// Version is the version of the store's layout; a store of a later one is refused.
const Version = 1

const metadataKey = "cellvi"

// metadata is the schema entry "cellvi" of both files. The totals stand in
// genes.arrow only: the schema of cells.arrow is written before they are known.
type metadata struct {
	Version int               `json:"version"`
	Genes   int               `json:"n_genes"`
	Cells   int64             `json:"n_cells,omitempty"`        // genes.arrow
	NNZ     int64             `json:"nnz,omitempty"`            // genes.arrow: nonzero counts
	LeftOut int64             `json:"cells_left_out,omitempty"` // genes.arrow
	Renamed map[string]string `json:"renamed,omitempty"`        // column in the file → annotation's own name
}

// newerVersion is the version of a store that this cellvi does not know.
type newerVersion int

func (v newerVersion) Error() string {
	return fmt.Sprintf("the store has version %d, this cellvi reads up to %d", int(v), Version)
}

func (m metadata) arrow() *arrow.Metadata {
	text, _ := json.Marshal(m) // numbers and text always marshal
	md := arrow.NewMetadata([]string{metadataKey}, []string{string(text)})
	return &md
}

// metadata reads the entry back.
func (f *arrowFile) metadata() (m metadata, err error) {
	text, ok := f.schema.Metadata().GetValue(metadataKey)
	if !ok || json.Unmarshal([]byte(text), &m) != nil || m.Genes < 0 || m.Cells < 0 {
		return m, f.damaged("schema entry %q is missing or makes no sense: %q", metadataKey, text)
	}
	return m, nil
}
