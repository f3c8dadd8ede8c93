package stages

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// InspectOptions say which files to look at and how to tell of them. They are
// read as ingest would read them.
type InspectOptions struct {
	File                     []string `arg:"" name:"file" sep:"none" help:"Files to look at, as --input of ingest and run takes them; several as one joined table."`
	ReadOptions              `embed:""`
	BatchKey                 string   `name:"batch-key" placeholder:"COLUMN" help:"Cell annotation that will be the batch covariate: it must be there, with a value for every cell." group:"Cells and genes"`
	LabelsKey                string   `name:"labels-key" placeholder:"COLUMN" help:"Cell annotation that will be the labels: likewise." group:"Cells and genes"`
	CategoricalCovariateKeys []string `name:"categorical-covariate-keys" placeholder:"COLUMN" help:"Cell annotations that will be further covariates: likewise." group:"Cells and genes"`
	ContinuousCovariateKeys  []string `name:"continuous-covariate-keys" placeholder:"COLUMN" help:"Cell annotations that will be covariates as numbers: they must be finite." group:"Cells and genes"`
	SizeFactorKey            string   `name:"size-factor-key" placeholder:"COLUMN" help:"Cell annotation that will be the size factors: they must be finite and above 0." group:"Cells and genes"`
	Format                   string   `name:"format" enum:"text,json" default:"text" placeholder:"NAME" help:"text for people, json for programs." group:"Output"`
}

// Inspection is what is in a file, as `inspect --format json` tells it. NNZ,
// Total, Fingerprint, Sparsity, EmptyCells and EmptyGenes are null where values are
// no counts, or could not be read.
type Inspection struct {
	File        string       `json:"file"`   // several are joined by ", "
	Format      string       `json:"format"` // for people
	Cells       int64        `json:"cells"`
	Genes       int64        `json:"genes"`
	NNZ         *int64       `json:"nnz"`
	Total       *float64     `json:"total"`
	Fingerprint *string      `json:"fingerprint"` // see counts.Fingerprint
	Sparsity    *float64     `json:"sparsity"`    // share of zeros
	EmptyCells  *int64       `json:"empty_cells"`
	EmptyGenes  *int64       `json:"empty_genes"`
	Matrix      string       `json:"matrix"` // the one looked at
	Matrices    []MatrixInfo `json:"matrices"`
	Obs         []ColumnInfo `json:"obs"`
	Var         []ColumnInfo `json:"var"`
	Problems    []Problem    `json:"problems"` // all that a run would refuse or warn of
	Refuse      *string      `json:"refuse"`   // the first reason why a run would refuse; null: it would not

	matrix string // the one looked at, as Matrices name it
}

// MatrixInfo is one matrix of a file.
type MatrixInfo struct {
	File    string   `json:"file,omitempty"` // where there are several
	Name    string   `json:"name"`
	Storage string   `json:"storage"` // csr, csc, dense, store, …
	Type    string   `json:"type"`
	Filters []string `json:"filters"`
	Cells   int64    `json:"cells"`
	Genes   int64    `json:"genes"`
	Stored  int64    `json:"stored"`
	Problem string   `json:"problem,omitempty"`
}

// Problem is one thing that a run would refuse or tell of.
type Problem struct {
	Refuse bool   `json:"refuse"`          // else it is a note
	Count  int64  `json:"count,omitempty"` // how many cells, genes or values, where it is so many
	What   string `json:"what"`            // a sentence: where, what, the first of them, and what to do
}

// Inspect looks at files and writes what it finds to out. Its error is the
// reason where training would refuse them.
func Inspect(ctx context.Context, job *pipeline.Job, o InspectOptions, out io.Writer) error {
	look := &looking{o: o, job: job, reading: reading{options: o.ReadOptions, paths: o.File, may: meansOf(job), lenient: true}}
	look.found = Inspection{File: look.file(), Matrix: o.Layer, Problems: []Problem{}, Matrices: []MatrixInfo{}, Obs: []ColumnInfo{}, Var: []ColumnInfo{}}
	err := look.all(ctx)
	if err == nil {
		err = look.refused()
	} else if !look.tells(err) || o.Format == "text" && look.found.Format == "" {
		return err // nothing to tell of
	}
	found := &look.found
	if o.Format == "json" {
		text := json.NewEncoder(out)
		text.SetIndent("", "  ")
		text.SetEscapeHTML(false)
		return errors.Join(text.Encode(found), err)
	}
	return errors.Join(found.writeText(out), err)
}

// tells makes err, which ended the looking, a reason to refuse; false where it is
// not the files' fault.
func (l *looking) tells(err error) bool {
	if ExitCode(err) != pipeline.ExitBadInput {
		return false
	}
	l.refuse(0, err)
	reason := err.Error()
	l.found.Refuse = &reason
	return true
}

// refused is the error for what would be refused; nil for nothing.
func (l *looking) refused() error {
	first, more := "", int64(-1)
	for _, p := range l.found.Problems {
		if !p.Refuse {
			continue
		}
		if more++; more == 0 {
			first = p.What
		}
	}
	if more < 0 {
		return nil
	}
	l.found.Refuse = &first
	if more == 0 {
		return pipeline.BadInput("%s", first)
	}
	return pipeline.BadInput("%s; and %s", first, plural(more, "more problem that inspect tells of", "more problems that inspect tells of"))
}

// describe takes over what the files tell without reading counts.
func (l *looking) describe(ctx context.Context) error {
	n := &l.found
	for i, path := range l.paths {
		d, err := describeCounts(ctx, path, l.options, l.may)
		if err != nil {
			return err
		}
		if i == 0 {
			n.Format, n.Cells, n.Genes = d.Format, d.Cells, d.Genes
			n.Obs, n.Var = describedColumns(d.Obs), describedColumns(d.Var)
		} else if d.Format != n.Format {
			n.Format = "several formats"
		}
		for _, m := range d.Matrices {
			info := MatrixInfo{Name: m.Name, Storage: m.Storage, Type: m.Type, Filters: append([]string{}, m.Filters...),
				Cells: m.Cells, Genes: m.Genes, Stored: m.Stored, Problem: m.Problem}
			if len(l.paths) > 1 {
				info.File = path
			}
			n.Matrices = append(n.Matrices, info)
		}
	}
	return nil
}

// settle takes over what the fingerprint counted.
func (n *Inspection) settle(f *counts.Fingerprint, emptyGenes int64) {
	sum, sparsity := f.Sum(), 0.0
	if all := float64(n.Cells) * float64(n.Genes); all > 0 {
		sparsity = 1 - float64(f.NNZ)/all
	}
	n.NNZ, n.Total, n.EmptyCells, n.EmptyGenes, n.Fingerprint, n.Sparsity = &f.NNZ, &f.Total, &f.Empty, &emptyGenes, &sum, &sparsity
}
