package stages

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"cellvi/io/results"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// covariates is the entry "cellvi" of prepared/cells.parquet's metadata: which
// annotations the codes stand for.
type covariates struct {
	BatchKey    string   `json:"batch_key"`
	BatchLevels []string `json:"batch_levels"`
	LabelsKey   string   `json:"labels_key"`
	LabelLevels []string `json:"label_levels"`

	CategoricalKeys   []string          `json:"categorical_covariate_keys"`
	CategoricalLevels [][]string        `json:"categorical_covariate_levels"` // of each of them
	ContinuousKeys    []string          `json:"continuous_covariate_keys"`
	SizeFactorKey     string            `json:"size_factor_key"`       // "": none
	LevelKinds        map[string]string `json:"level_kinds,omitempty"` // by key, where levels are no text: integer, float or boolean
}

// part is a kept cell's part of the split.
type part byte

// The parts.
const (
	toTest part = iota // neither of the others
	toTrain
	toValidate
)

// prepared is what prepare decided, read back: see cellBytes for its size. The cells'
// names stay in the store.
type prepared struct {
	covariates
	Row    []int32 // of each kept cell in the store, ascending
	Batch  []int32
	Label  []int32     // nil: all are of the one label
	Cats   [][]int32   // codes of each categorical covariate, by its place in CategoricalKeys
	Conts  [][]float32 // values of each continuous covariate, likewise
	Factor []float32   // size factors; nil: there is no SizeFactorKey
	Split  []part
	Genes  *results.Table // one row a gene of the store
	GeneID []string
	Picked []bool // genes selected
}

// readPrepared reads dir and holds it to the store it was made from.
func readPrepared(dir string, st *store.Store) (*prepared, error) {
	p := &prepared{}
	if err := p.readCells(filepath.Join(dir, "cells.parquet")); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "genes.parquet")
	genes, err := results.Read(path)
	if err != nil {
		return nil, err
	}
	g := columns{path: path, table: genes}
	p.Genes, p.GeneID, p.Picked = genes, g.strings("gene_id"), g.bools("selected")
	if g.err != nil {
		return nil, g.err
	}
	return p, p.fits(dir, st)
}

// readCells reads the cells, a row group at a time.
func (p *prepared) readCells(path string) (err error) {
	r, err := results.Open(path)
	if err != nil {
		return err
	}
	defer r.Close() // only read from
	if err := json.Unmarshal([]byte(r.Metadata["cellvi"]), &p.covariates); err != nil {
		return pipeline.BadInput("%s: has no entry cellvi that names the batches: it was not made by cellvi prepare", path)
	}
	n := r.Rows()
	if n > math.MaxInt32 {
		return pipeline.BadInput("%s: %d cells, of which cellvi takes %d at most", path, n, math.MaxInt32)
	}
	wanted := append([]string{"row", "batch", "split"}, p.make(n)...)
	for i := range r.RowGroups() {
		t, err := r.Read(i, wanted...)
		if err != nil {
			return err
		}
		if err := p.add(&columns{path: path, table: t}); err != nil {
			return err
		}
	}
	return nil
}

// add takes a row group of cells.
func (p *prepared) add(c *columns) error {
	for _, r := range c.int64s("row") {
		if r > math.MaxInt32 {
			c.refuse("row", fmt.Sprintf("has %d, above %d", r, math.MaxInt32))
		}
		p.Row = append(p.Row, int32(r))
	}
	p.Batch = c.codes(p.Batch, "batch", len(p.BatchLevels))
	p.addCovariates(c)
	for _, s := range c.strings("split") {
		p.Split = append(p.Split, map[string]part{partTrain: toTrain, partValidation: toValidate}[s])
	}
	return c.err
}

// fits checks that dir describes this store.
func (p *prepared) fits(dir string, st *store.Store) error {
	same := slices.Equal(st.Genes().Names, p.GeneID)
	last := int32(-1)
	for _, r := range p.Row {
		same = same && r > last && int(r) < st.Cells()
		last = r
	}
	if !same {
		return pipeline.BadInput("%s: was prepared from another store than the one given: run cellvi prepare again", dir)
	}
	return nil
}

// count is the number of kept cells of a part.
func (p *prepared) count(of part) (n int) {
	for _, s := range p.Split {
		if s == of {
			n++
		}
	}
	return n
}

// rows lists the kept cells of a part.
func (p *prepared) rows(of part) []int32 {
	rows := make([]int32, 0, p.count(of))
	for i, s := range p.Split {
		if s == of {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// kept lists the kept cells that are among rows from … to−1 of the store: first
// … last−1.
func (p *prepared) kept(from, to int) (first, last int) {
	first, _ = slices.BinarySearch(p.Row, int32(min(from, math.MaxInt32)))
	last, _ = slices.BinarySearch(p.Row, int32(min(to, math.MaxInt32)))
	return first, last
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
