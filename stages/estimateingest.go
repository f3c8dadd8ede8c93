package stages

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// Expect opens the inputs as Run does, which finds what is refused at once, and reads
// them for a moment.
func (s *Ingest) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (_ *pipeline.Expectation, err error) {
	pass := ingestPass{stage: s, job: job, reading: reading{options: s.Options.ReadOptions, paths: s.Options.Input, may: meansOf(job)}}
	reader, err := pass.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := reader.Close(); err == nil {
			err = closed
		}
	}()
	if err := pass.checkKeys(reader); err != nil {
		return nil, err
	}
	look, err := pass.sample(ctx, reader)
	if err != nil {
		return nil, err
	}
	is := look.shape(reader, s.Options)
	if !look.all && is.cells > 0 {
		if stored, err := pass.stored(ctx); err != nil {
			return nil, err
		} else if stored >= 0 {
			is.nonzeros = stored
		}
	}
	ahead[s.Store()] = is
	e := &pipeline.Expectation{Work: append([]string{"reads " + is.String()}, is.atMost...),
		MemoryNote: "inputs are read piece by piece", TimeNote: "the input does not say how many cells it has"}
	if is.cells >= 0 {
		e.Seconds = float64(is.cells) / look.rate
		e.TimeNote = measuredHere + rateText(look.rate, "read and checked") + "; writing the store and checksums not counted"
	}
	return e, nil
}

// sampled is what reading for a moment showed.
type sampled struct {
	cells, nonzeros int64 // kept
	seen            int64 // cells, those left out too
	rate            float64
	all             bool // that was all there is
}

// sample reads for a moment.
func (p *ingestPass) sample(ctx context.Context, reader counts.Reader) (x sampled, err error) {
	began := time.Now()
	for !x.all && time.Since(began) < measuring {
		table, err := reader.Next(ctx)
		if x.all = errors.Is(err, io.EOF); x.all {
			break
		}
		if err != nil {
			return x, err
		}
		x.cells += int64(table.Cells())
		x.nonzeros += int64(len(table.Values))
	}
	x.seen = x.cells
	if p.kept != nil {
		x.seen += p.kept.LeftOut()
	}
	x.rate = float64(x.seen) / time.Since(began).Seconds()
	return x, nil
}

// shape is that of the store that will be made.
func (x sampled) shape(reader counts.Reader, o IngestOptions) *shape {
	is := &shape{cells: reader.Cells(), genes: int64(reader.Genes().Len()), nonzeros: -1, levels: map[string]int{}}
	for _, c := range reader.Obs().Columns {
		if len(c.Levels) > 0 {
			is.levels[c.Name] = len(c.Levels)
		}
	}
	switch {
	case x.all:
		is.cells, is.nonzeros = x.cells, x.nonzeros
		return is
	case x.cells > 0 && is.cells >= 0:
		is.nonzeros = int64(float64(x.nonzeros) / float64(x.cells) * float64(is.cells))
	}
	if len(o.Keep) > 0 {
		is.atMost = append(is.atMost, "how many cells --keep leaves out is not known before they are read")
	}
	return is
}

// stored is the counts that the inputs say they hold; −1 where they do not, or what is
// taken of them is not all.
func (p *ingestPass) stored(ctx context.Context) (n int64, err error) {
	if len(p.paths) > 1 || len(p.options.KeepGenes) > 0 || len(p.options.Keep) > 0 {
		return -1, nil
	}
	d, err := describeCounts(ctx, p.paths[0], p.options, p.may)
	if err != nil {
		return -1, err
	}
	i := slices.IndexFunc(d.Matrices, func(m counts.Matrix) bool { return m.Name == p.inputs[0].matrix() })
	if i < 0 || d.Matrices[i].Storage == "dense" || d.Matrices[i].Stored == 0 {
		return -1, nil
	}
	return d.Matrices[i].Stored, nil
}
