package arrowtable

import (
	"encoding/json"
	"path/filepath"

	"cellvi/io/counts"
)

// readStoreGenes finds the genes where they are given, named in the schema, or
// beside the cells of a cellvi store.
func (r *Reader) readStoreGenes() error {
	if r.genes = r.opt.Genes; r.genes != nil {
		return nil
	}
	for _, key := range []string{"genes", "gene_names", "var_names"} {
		entry, ok := r.table.metadata(key)
		var names []string
		if ok && json.Unmarshal([]byte(entry), &names) == nil {
			r.genes = &counts.Frame{Names: names}
			return nil
		}
	}
	beside := filepath.Join(filepath.Dir(r.table.files[0].name()), genesBeside)
	if _, ok := r.table.metadata(storeKey); !ok || !exists(beside) {
		return nil
	}
	genes, _, err := ReadFrame(beside, FrameOptions{Memory: r.opt.Memory}) // gene_id is its first column
	if err != nil {
		return err
	}
	if len(genes.Columns) >= 2 {
		genes.Columns = genes.Columns[2:] // the first are the store's own: total, n_cells
	}
	r.genes = genes
	return nil
}

// storeKey is the entry of a cells store's schema.
const storeKey = "cellvi"

// ownNames maps columns of a cells store, whose own columns some annotations'
// names would clash with, to the annotations' names.
func (t *table) ownNames() map[string]string {
	entry, _ := t.metadata(storeKey)
	var m struct {
		Renamed map[string]string `json:"renamed"`
	}
	if json.Unmarshal([]byte(entry), &m) != nil {
		return nil
	}
	return m.Renamed
}
