package stages

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// InspectOptions say which file to look at and how to tell of it.
type InspectOptions struct {
	File   string `arg:"" name:"file" help:"An .h5ad, or a cells store (its folder or cells.arrow)."`
	Layer  string `name:"layer" default:"X" placeholder:"NAME" help:"Matrix to look at: X, a layer's name, or raw/X."`
	Format string `name:"format" enum:"text,json" default:"text" help:"text for people, json for programs."`
}

// Inspection is what is in a file, as `inspect --format json` tells it. NNZ,
// Total, Fingerprint, Sparsity and EmptyCells are null where values are no
// counts.
type Inspection struct {
	File        string       `json:"file"`
	Cells       int64        `json:"cells"`
	Genes       int64        `json:"genes"`
	NNZ         *int64       `json:"nnz"`
	Total       *float64     `json:"total"`
	Fingerprint *string      `json:"fingerprint"` // see counts.Fingerprint
	Sparsity    *float64     `json:"sparsity"`    // share of zeros
	EmptyCells  *int64       `json:"empty_cells"`
	Matrix      string       `json:"matrix"` // the one looked at
	Matrices    []MatrixInfo `json:"matrices"`
	Obs         []ColumnInfo `json:"obs"`
	Var         []ColumnInfo `json:"var"`
	Problems    []string     `json:"problems"` // what a run would warn of, or refuse
	Refuse      *string      `json:"refuse"`   // why a run would refuse; null: it would not
}

// MatrixInfo is one matrix of a file.
type MatrixInfo struct {
	Name    string   `json:"name"`
	Storage string   `json:"storage"` // csr, csc, dense, store
	Type    string   `json:"type"`
	Filters []string `json:"filters"`
	Cells   int64    `json:"cells"`
	Genes   int64    `json:"genes"`
	Stored  int64    `json:"stored"`
	Problem string   `json:"problem,omitempty"`
}

// Inspect looks at a file and writes what it finds to out. Its error is the
// reason where training would refuse the file.
func Inspect(ctx context.Context, job *pipeline.Job, o InspectOptions, out io.Writer) error {
	found := &Inspection{File: o.File, Matrix: o.Layer, Problems: []string{}}
	err := found.look(ctx, job, o)
	if err != nil && (ExitCode(err) != pipeline.ExitBadInput || found.Matrices == nil) {
		return err // nothing to tell of
	}
	if err != nil {
		reason := err.Error()
		found.Refuse, found.Problems = &reason, append(found.Problems, reason)
		if found.Total == nil || *found.Total == 0 { // another matrix has the same cells and names
			found.hint(ctx, job, o)
		}
	}
	if o.Format == "json" {
		text := json.NewEncoder(out)
		text.SetIndent("", "  ")
		text.SetEscapeHTML(false)
		return errors.Join(text.Encode(found), err)
	}
	return errors.Join(found.writeText(out), err)
}

// look describes the file, then reads the one matrix.
func (n *Inspection) look(ctx context.Context, job *pipeline.Job, o InspectOptions) error {
	if strings.HasSuffix(o.File, ".h5ad") {
		d, err := describeH5AD(ctx, o.File, meansOf(job))
		if err != nil {
			return err
		}
		n.describe(d)
	}
	reader, notes, err := openCounts(ctx, o.File, o.Layer, meansOf(job))
	if err != nil {
		return err
	}
	defer reader.Close() // only read from
	n.Problems = append(n.Problems, notes...)
	names, err := n.read(ctx, job, reader, o.Layer)
	if err != nil {
		return err
	}
	return n.verdict(ctx, job, o, names)
}

// describe takes over what HDF5 tells without reading counts.
func (n *Inspection) describe(d *counts.Description) {
	n.Cells, n.Genes = d.Cells, d.Genes
	n.Matrices = []MatrixInfo{}
	for _, m := range d.Matrices {
		n.Matrices = append(n.Matrices, MatrixInfo{
			Name: m.Name, Storage: m.Storage, Type: m.Type, Filters: append([]string{}, m.Filters...),
			Cells: m.Cells, Genes: m.Genes, Stored: m.Stored, Problem: m.Problem,
		})
		if m.Problem != "" {
			n.Problems = append(n.Problems, m.Name+": "+m.Problem)
		}
	}
	n.Obs, n.Var = describedColumns(d.Obs), describedColumns(d.Var)
}

// read reads all counts of the matrix, and gives the cells' names.
func (n *Inspection) read(ctx context.Context, job *pipeline.Job, reader counts.Reader, layer string) (*nameCheck, error) {
	in := &countsInput{Reader: reader, path: n.File, layer: layer}
	genes := *reader.Genes()
	n.Cells, n.Genes = reader.Cells(), int64(genes.Len())
	if n.Matrices == nil {
		n.Matrices = []MatrixInfo{{Name: "X", Storage: "store", Filters: []string{}, Cells: n.Cells, Genes: n.Genes}}
	}
	var print counts.Fingerprint
	names, obs := newNameCheck(n.Cells), newColumnTallies(reader.Obs())
	job.Progress.Begin("reading cells", "cells", n.Cells)
	defer job.Progress.End()
	for {
		table, err := in.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			n.Obs, n.Var = obs.infos(n.Obs), geneColumns(&genes) // of the cells before, most often all
			return nil, err
		}
		print.Add(table, &genes)
		names.add(table.Obs.Names)
		obs.add(&table.Obs)
		job.Progress.Add(int64(table.Cells()))
	}
	n.Obs, n.Var = obs.infos(n.Obs), geneColumns(&genes)
	n.settle(&print)
	n.problemsOfGenes(&genes)
	return names, nil
}

// settle takes over what the fingerprint counted.
func (n *Inspection) settle(f *counts.Fingerprint) {
	sum, sparsity := f.Sum(), 0.0
	if all := float64(n.Cells) * float64(n.Genes); all > 0 {
		sparsity = 1 - float64(f.NNZ)/all
	}
	n.NNZ, n.Total, n.EmptyCells, n.Fingerprint, n.Sparsity = &f.NNZ, &f.Total, &f.Empty, &sum, &sparsity
	if f.Empty > 0 {
		n.problem(f.Empty, "cell has no counts", "cells have no counts", "kept; --min-counts 1 leaves them out")
	}
}

func (n *Inspection) problemsOfGenes(genes *counts.Frame) {
	if changed := counts.MakeUnique(slices.Clone(genes.Names)); changed > 0 {
		n.problem(int64(changed), "gene name occurred before", "gene names occurred before", "ingest appends -1, -2, …")
	}
}

func (n *Inspection) problem(count int64, one, many, what string) {
	n.Problems = append(n.Problems, plural(count, one, many)+" ("+what+")")
}

// hint looks for a matrix that begins like counts where the one asked for is
// refused.
func (n *Inspection) hint(ctx context.Context, job *pipeline.Job, o InspectOptions) {
	for _, m := range n.Matrices {
		name := strings.TrimPrefix(m.Name, "layers/")
		if m.Problem != "" || m.Name == o.Layer || name == o.Layer || !looksLikeCounts(ctx, o.File, m.Name, meansOf(job)) {
			continue
		}
		n.Problems = append(n.Problems, m.Name+" begins like counts: try --layer "+name)
	}
}

func looksLikeCounts(ctx context.Context, file, matrix string, may means) bool {
	reader, _, err := openCounts(ctx, file, matrix, may)
	if err != nil {
		return false
	}
	defer reader.Close() // only read from
	table, err := reader.Next(ctx)
	if err != nil {
		return false
	}
	var check counts.Check
	check.Add(table, reader.Genes())
	return check.Values > 0 && check.Err(file, matrix, false) == nil
}
