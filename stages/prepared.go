package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// covariates is the entry "cellvi" of prepared/cells.parquet's metadata: which
// annotations the codes stand for.
type covariates struct {
	BatchKey    string   `json:"batch_key"`
	BatchLevels []string `json:"batch_levels"`
	LabelsKey   string   `json:"labels_key"`
	LabelLevels []string `json:"label_levels"`
}

// prepared is what prepare decided, read back.
type prepared struct {
	covariates
	CellID []string
	Row    []int64 // of each kept cell in the store, ascending
	Batch  []int32
	Split  []string
	Genes  *results.Table // one row a gene of the store
	GeneID []string
	Picked []bool // genes selected
}

// readPrepared reads dir and holds it to the store it was made from.
func readPrepared(dir string, st *store.Store) (*prepared, error) {
	path := filepath.Join(dir, "cells.parquet")
	cells, err := results.Read(path)
	if err != nil {
		return nil, err
	}
	genes, err := results.Read(filepath.Join(dir, "genes.parquet"))
	if err != nil {
		return nil, err
	}
	p := &prepared{Genes: genes}
	if err := json.Unmarshal([]byte(cells.Metadata["cellvi"]), &p.covariates); err != nil {
		return nil, pipeline.BadInput("%s: has no entry cellvi that names the batches: it was not made by cellvi prepare", path)
	}
	c := columns{path: path, table: cells}
	p.CellID, p.Split, p.Row, p.Batch = c.strings("cell_id"), c.strings("split"), c.int64s("row"), c.int32s("batch")
	g := columns{path: filepath.Join(dir, "genes.parquet"), table: genes}
	p.GeneID, p.Picked = g.strings("gene_id"), g.bools("selected")
	for _, err := range []error{c.err, g.err, p.fits(dir, st)} {
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// fits checks that dir describes this store.
func (p *prepared) fits(dir string, st *store.Store) error {
	names := st.Genes().Names
	same := len(names) == len(p.GeneID)
	for i := 0; same && i < len(names); i++ {
		same = names[i] == p.GeneID[i]
	}
	last := int64(-1)
	for _, r := range p.Row {
		same = same && r > last && r < int64(st.Cells())
		last = r
	}
	if !same {
		return pipeline.BadInput("%s: was prepared from another store than the one given: run cellvi prepare again", dir)
	}
	return nil
}

// nonzeros is the number of counts of selected genes in the store, those of
// cells left out included.
func (p *prepared) nonzeros(st *store.Store) int64 {
	n := int64(0)
	for g, cells := range st.GeneCells() {
		if p.Picked[g] {
			n += cells
		}
	}
	return n
}

// rows lists the kept cells whose split is name.
func (p *prepared) rows(name string) []int {
	var rows []int
	for i, s := range p.Split {
		if s == name {
			rows = append(rows, i)
		}
	}
	return rows
}

// columns reads a table's columns and keeps the first complaint.
type columns struct {
	path  string
	table *results.Table
	err   error
}

func (c *columns) find(name string) *results.Column {
	col := c.table.Column(name)
	if col == nil {
		c.refuse(name, "is missing")
		return &results.Column{}
	}
	return col
}

func (c *columns) refuse(name, what string) {
	if c.err == nil {
		c.err = pipeline.BadInput("%s: column %s %s: it was not made by this version of cellvi prepare", c.path, name, what)
	}
}

func (c *columns) strings(name string) []string {
	return taken(c, name, "text", c.find(name).String)
}
func (c *columns) int64s(name string) []int64 {
	return taken(c, name, "int64", c.find(name).Int64)
}
func (c *columns) int32s(name string) []int32 {
	return taken(c, name, "int32", c.find(name).Int32)
}
func (c *columns) bools(name string) []bool {
	return taken(c, name, "boolean", c.find(name).Bool)
}

func taken[T any](c *columns, name, kind string, values []T) []T {
	if values == nil && c.err == nil && c.table.Rows() > 0 {
		c.refuse(name, "is not of type "+kind)
	}
	return values
}

// picker maps the store's genes to the model's.
type picker struct {
	index []int32 // of each gene of the store among the model's, -1: not one of them
	genes int
}

// newPicker numbers the picked genes in the store's order.
func newPicker(picked []bool) picker {
	p := picker{index: make([]int32, len(picked))}
	for i, yes := range picked {
		p.index[i] = -1
		if yes {
			p.index[i] = int32(p.genes)
			p.genes++
		}
	}
	return p
}

// pickNamed numbers the store's genes as names does; every name must be there.
func pickNamed(st *store.Store, names []string, dir string) (picker, error) {
	p := picker{index: make([]int32, len(st.Genes().Names)), genes: len(names)}
	at := map[string]int{}
	for i, n := range st.Genes().Names {
		at[n], p.index[i] = i, -1
	}
	last, missing, first := -1, 0, ""
	for k, n := range names {
		i, ok := at[n]
		if !ok {
			if missing++; missing == 1 {
				first = n
			}
			continue
		}
		if i < last {
			return p, pipeline.BadInput("the store's genes are in another order than the model's (%s): ingest the file again with the model's gene order", n)
		}
		p.index[i], last = int32(k), i
	}
	if missing > 0 {
		return p, pipeline.BadInput("%s: %d of the model's %d genes are not in the store, the first %s: embed data with the genes that the model was trained on", dir, missing, len(names), first)
	}
	return p, nil
}

// append adds cell i of rows, its picked genes only, to cells.
func (p picker) append(cells *model.Cells, rows *store.Rows, i int) {
	for k := rows.Indptr[i]; k < rows.Indptr[i+1]; k++ {
		if g := p.index[rows.Genes[k]]; g >= 0 {
			cells.Genes = append(cells.Genes, g)
			cells.Counts = append(cells.Counts, rows.Counts[k])
		}
	}
	cells.Indptr = append(cells.Indptr, int64(len(cells.Genes)))
}

// eachKept reads the store batch by batch and calls do for each batch that has
// kept cells: their counts of picked genes, and the index of the first among
// p's cells. cells is reused for the next call.
func eachKept(ctx context.Context, st *store.Store, p *prepared, pick picker, do func(first int, cells *model.Cells) error) error {
	var rows store.Rows
	at := 0
	for i := 0; i < st.Batches() && at < len(p.Row); i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p.Row[at] >= int64((i+1)*store.BatchCells) {
			continue
		}
		if err := st.Read(i, &rows); err != nil {
			return err
		}
		first, cells := at, &model.Cells{NGenes: pick.genes, Indptr: []int64{0}}
		for ; at < len(p.Row) && p.Row[at] < int64(i*store.BatchCells+rows.Cells()); at++ {
			pick.append(cells, &rows, int(p.Row[at])-i*store.BatchCells)
			cells.Batch = append(cells.Batch, p.Batch[at])
			cells.Item = append(cells.Item, p.Row[at])
		}
		if err := do(first, cells); err != nil {
			return err
		}
	}
	return nil
}

// withSlack adds to what data take what the program takes with no work in hand,
// libraries included, and a quarter for memory not yet collected. Measured on
// 28,455 genes, training took 572 MB where this says 556.
func withSlack(data int64) int64 { return data + data/4 + 60e6 }

// human shows a size in bytes.
func human(n int64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if float64(n) >= u.size {
			return fmt.Sprintf("%.3g %s", float64(n)/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
