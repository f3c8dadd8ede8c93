package stages

import (
	"context"
	"path/filepath"

	"cellvi/io/counts"
	"cellvi/model"
	"cellvi/pipeline"
)

// Run writes the kind of output.
func (s *Posterior) Run(ctx context.Context, job *pipeline.Job) error {
	if err := checkKind(s.Kind); err != nil {
		return err
	}
	a, err := s.ask(ctx, job)
	if err != nil {
		return err
	}
	defer a.st.Close() // nothing was written to it
	o := s.Options.of(s.Kind)
	batches, err := o.batchesOf(a.card.BatchLevels, s.Model())
	if err != nil {
		return err
	}
	d := &drawing{asked: a, job: job, options: o, kind: s.Kind, batches: batches, draws: o.draws(s.Kind)}
	d.of = model.Generation{Samples: d.draws, Seed: o.Seed, Batch: -1, Batches: batches}
	job.Count("cells", int64(len(a.rows)))
	if posteriorKinds()[s.Kind].genes {
		job.Count("genes", int64(len(a.genes)))
	}
	if d.draws > 0 {
		job.Count("draws", int64(d.draws))
	}
	return s.write(ctx, d)
}

// write publishes the kind of output.
func (s *Posterior) write(ctx context.Context, d *drawing) error {
	folder := func(write func(ctx context.Context, dir string) error) error {
		return pipeline.PublishDir(s.Layout.Posterior(s.Kind), func(dir string) error { return write(ctx, dir) }, s.replaces()...)
	}
	file := func(write func(ctx context.Context, path string) error) error {
		return pipeline.PublishFile(s.Layout.Posterior(s.Kind), func(tmp string) error { return write(ctx, tmp) })
	}
	switch s.Kind {
	case normalizedExpression, likelihoodParameters:
		m, err := d.matrices()
		if err != nil {
			return err
		}
		return folder(m.write)
	case predictiveKind:
		return folder((&predictiveTable{drawing: d}).write)
	case ppcKind:
		return folder((&checks{drawing: d}).write)
	case correlationKind:
		return file((&correlating{drawing: d}).write)
	case latentKind:
		return folder(d.writeLatent)
	case libraryKind:
		return file(d.writeLibrary)
	case elboKind:
		return file(d.writeELBO)
	default:
		return file(d.writeMarginal)
	}
}

// drawing is what every kind of output starts from.
type drawing struct {
	*asked
	job     *pipeline.Job
	options PosteriorOptions
	kind    string
	batches []int // to decode as; nil: each cell as its own
	draws   int   // 0: the posterior's mean
	of      model.Generation
}

// times is how often a minibatch is decoded.
func (d *drawing) times() int { return max(1, d.draws) * max(1, len(d.batches)) }

// fits says before it happens that the work, with so many bytes beside evaluation,
// does not fit the budget, and advice what makes it smaller.
func (d *drawing) fits(buffers int64, advice string) error {
	need := d.beside() + buffers
	if d.job.Memory > 0 && need > d.job.Memory {
		return pipeline.OverMemory("%s of %s × %s needs about %s, --memory allows %s: raise it, %s, or use fewer --threads", d.kind,
			plural(int64(len(d.rows)), "cell", "cells"), plural(int64(len(d.genes)), "gene", "genes"), human(need), human(d.job.Memory), advice)
	}
	return nil
}

// beside is what evaluation takes.
func (d *drawing) beside() int64 {
	c, threads := d.vae.Config, d.job.Threads
	return programBytes + garbageBytes + model.EvalBytes(c, threads) + model.GenerateBytes(c, threads) +
		int64(len(d.p.Row))*codeBytes + 4*int64(len(d.rows))
}

// room is what the budget leaves.
func (d *drawing) room() int64 {
	if d.job.Memory <= 0 {
		return 1 << 62
	}
	return d.job.Memory - d.beside()
}

// evalCells is the cells of a minibatch of an evaluation.
const evalCells = 128

// generate puts cells from … to−1 of rows through the model, and shows progress.
// Generated.First counts from from.
func (d *drawing) generate(ctx context.Context, e *model.Evaluator, of model.Generation, from, to int, do func(first int, x *model.Generated) error) error {
	shown := min(max(shownCells/d.times(), 4*evalCells*d.job.Threads), shownCells)
	for at := from; at < to; at += shown {
		end := min(at+shown, to)
		err := e.Generate(ctx, d.source, d.rows[at:end], of, func(x *model.Generated) error { return do(at-from+x.First, x) })
		if err != nil {
			return err
		}
		d.job.Progress.Add(int64(end - at))
	}
	return nil
}

// geneNames are the columns of the genes, beside columns of the given names: a gene
// that is named as one of these gets a suffix, as anndata makes names unique.
func (d *drawing) geneNames(beside ...string) []string {
	names := append([]string{}, beside...)
	for _, g := range d.genes {
		names = append(names, d.card.Genes[g])
	}
	if n := counts.MakeUnique(names); n > 0 {
		d.job.Warn("%s of a gene: it gets a suffix, such as -1", plural(int64(n), "column has the name", "columns have names"))
	}
	return names[len(beside):]
}

// inDir is a file of a folder.
func inDir(dir, stem string) string { return filepath.Join(dir, stem+".parquet") }
