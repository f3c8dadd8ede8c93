package stages

import (
	"context"
	"errors"
	"io"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// Ingest reads count tables, checks them, and writes the cells store.
type Ingest struct {
	Layout
	Options IngestOptions
	// Keys are cell annotations that a later stage of the same run needs; that
	// they are there is checked before hours are spent. Not part of the result.
	Keys []string
	// Numbers are those of Keys that must hold numbers, and Factor the one whose numbers
	// must be above 0; likewise.
	Numbers []string
	Factor  string
}

// Name is the subcommand.
func (s *Ingest) Name() string { return "ingest" }

// Plan reads the inputs and writes the store. The inputs' names count only
// where there are several, which tells cells apart by them.
func (s *Ingest) Plan() pipeline.Plan {
	args := struct {
		IngestOptions
		Labels []string `json:"labels,omitempty"`
	}{IngestOptions: s.Options}
	if len(s.Options.Input) > 1 {
		args.Labels = counts.Labels(s.Options.Input)
	}
	return pipeline.Plan{
		Inputs:  given(slices.Clone(s.Options.Input), s.Options.Obs, s.Options.Var),
		Outputs: []string{s.Store()},
		Folders: map[string][]string{s.Store(): {store.CellsFile, store.GenesFile}},
		Args:    args,
	}
}

// Run writes the store in the narrowest type that holds every count, which the
// store's writer learns on the way. Where the first fraction is let through all
// begins again.
func (s *Ingest) Run(ctx context.Context, job *pipeline.Job) error {
	var pass ingestPass
	err := pipeline.PublishDir(s.Store(), func(dir string) error {
		kind := store.Uint8
		for {
			pass = ingestPass{stage: s, job: job, dir: dir, kind: kind,
				reading: reading{options: s.Options.ReadOptions, paths: s.Options.Input, may: meansOf(job)}}
			err := pass.run(ctx)
			if !pass.wantsFloats(err) {
				return err
			}
			kind = store.Float32
		}
	})
	if err != nil {
		return err
	}
	pass.say()
	return nil
}

// ingestPass is one try at writing the store with counts of one type.
type ingestPass struct {
	reading
	stage *Ingest
	job   *pipeline.Job
	dir   string
	kind  store.CountType

	missing []*missingCheck
	numbers []*numberCheck
	names   *nameCheck
	unfit   error // of the writer: a value that is no count
	cells   int64
	genes   int
	nnz     int64
	empty   int64
	rounded int64 // fractions that the store's floats do not hold exactly
}

// run reads all inputs once.
func (p *ingestPass) run(ctx context.Context) (err error) {
	reader, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if err := p.checkKeys(reader); err != nil {
		return err
	}
	w, err := store.Create(p.dir, reader.Genes(), reader.Obs(), store.Options{Count: p.kind, Widen: true})
	if err != nil {
		return err
	}
	p.genes, p.names = reader.Genes().Len(), newNameCheck(reader.Cells())
	p.job.Progress.Begin("reading cells", "cells", reader.Cells())
	defer p.job.Progress.End()
	err = p.copy(ctx, reader, w)
	p.kind, p.rounded = w.Count(), w.Rounded()
	if p.kept != nil {
		w.LeaveOut(p.kept.LeftOut())
	}
	if closed := w.Close(); err == nil { // what a failed copy leaves is removed, and Close says no more
		err = closed
	}
	if err != nil {
		return err
	}
	return p.checkCells(ctx)
}

// copy writes every table. A value that is no count stops the writing, but not
// the reading: the error is to tell how many there are.
func (p *ingestPass) copy(ctx context.Context, reader counts.Reader, w *store.Writer) error {
	for {
		table, err := reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			return p.unfit
		}
		if err != nil {
			return err
		}
		p.tally(table)
		if p.unfit == nil {
			err = w.Write(table)
		}
		var bad *counts.InputError
		if errors.As(err, &bad) && !p.wantsFloats(err) {
			p.unfit, err = err, nil
		}
		if err != nil {
			return err
		}
		p.job.Progress.Add(int64(table.Cells()))
	}
}

// tally counts what the log will say.
func (p *ingestPass) tally(t *counts.Table) {
	p.cells += int64(t.Cells())
	p.nnz += int64(len(t.Values))
	for i := range t.Cells() {
		if t.Indptr[i] == t.Indptr[i+1] {
			p.empty++
		}
	}
	p.names.add(t.Obs.Names)
	for _, m := range p.missing {
		m.add(&t.Obs)
	}
	for _, m := range p.numbers {
		m.add(&t.Obs)
	}
}

// wantsFloats tells whether err is a fraction that is let through, for which the
// counts must be floats.
func (p *ingestPass) wantsFloats(err error) bool {
	var bad *counts.InputError
	if p.kind == store.Float32 || !p.stage.Options.AllowNonInteger || !errors.As(err, &bad) {
		return false
	}
	return slices.ContainsFunc(p.inputs, func(in *countsInput) bool { return in.check.Taken().N > 0 })
}

// say tells in the log and in run.json what was read, changed and kept.
func (p *ingestPass) say() {
	for _, note := range p.said() {
		p.job.Warn("%s", note)
	}
	for _, in := range p.inputs {
		if o := in.check.Taken(); o.N > 0 {
			p.job.Warn("%s: %s, the first %s at cell %s, gene %s: taken as they are (--allow-non-integer), though the likelihood is for counts", in.path,
				plural(o.N, "value is not a count", "values are not counts"), counts.FormatValue(o.Value), counts.Printable(o.Cell), counts.Printable(o.Gene))
		}
	}
	if p.rounded > 0 {
		p.job.Warn("%s not exact as 32-bit floating point, and rounded to it", plural(p.rounded, "value is", "values are"))
	}
	if p.empty > 0 {
		p.job.Note("%s without counts: kept (--min-counts 1 leaves them out)", plural(p.empty, "cell is", "cells are"))
	}
	p.job.Count("cells", p.cells)
	p.job.Count("genes", int64(p.genes))
	p.job.Count("nonzeros", p.nnz)
	p.job.Count("cells_without_counts", p.empty)
	if p.kept != nil {
		p.job.Count("cells_left_out_keep", p.kept.LeftOut())
	}
	if p.genesLeft > 0 {
		p.job.Count("genes_left_out_keep_genes", p.genesLeft)
	}
	p.job.Note("%s × %s, %.2f%% nonzero, counts as %s", plural(p.cells, "cell", "cells"), plural(int64(p.genes), "gene", "genes"),
		100*float64(p.nnz)/(float64(p.cells)*float64(p.genes)), p.kind)
}
