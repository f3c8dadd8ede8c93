package stages

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"

	"cellvi/model"
	"cellvi/pipeline"
)

// Anomaly finds counts that the model, given the cell's other counts, does not expect.
// Empty paths mean Layout's.
type Anomaly struct {
	Layout
	StorePath, PreparedPath, ModelPath string
	Options                            AnomalyOptions

	group int // cells that are judged before they are kept; 0: anomalyCells
}

// Anomaly is the folder of what was found.
func (l Layout) Anomaly() string { return filepath.Join(l.Dir, "anomaly") }

// Judging is what is judged of the cells where that was stopped.
func (l Layout) Judging() string { return l.in("judging.partial") }

// Name is the subcommand.
func (s *Anomaly) Name() string { return "anomaly" }

// Store is the folder of counts.
func (s *Anomaly) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *Anomaly) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Model is the folder of the trained model.
func (s *Anomaly) Model() string { return or(s.ModelPath, s.Layout.Model()) }

// Plan reads store, prepared, model and the list of cells, if there is one, and writes a
// folder.
func (s *Anomaly) Plan() pipeline.Plan {
	return pipeline.Plan{
		Inputs:  given([]string{s.Store(), s.Prepared(), s.Model()}, s.Options.CellsFile),
		Outputs: []string{s.Anomaly()},
		Folders: map[string][]string{s.Anomaly(): s.replaces()},
		Partial: []string{s.Judging()},
		Args:    s.Options,
		Seed:    &s.Options.Seed,
	}
}

// replaces are the files that the folder may hold, of other options too.
func (s *Anomaly) replaces() []string {
	return []string{"anomalies.parquet", "cells.parquet", "genes.parquet", "calibration.parquet", "scores.parquet"}
}

// Run judges the counts, finds the threshold, and writes what lies beyond.
func (s *Anomaly) Run(ctx context.Context, job *pipeline.Job) (err error) {
	judge, err := s.begin(ctx, job)
	if err != nil {
		return err
	}
	defer judge.st.Close() // nothing was written to it
	job.Count("cells", int64(len(judge.rows)))
	job.Count("genes", int64(len(judge.genes)))
	if judge.log, err = s.openLog(ctx, judge, job); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, judge.log.close()) }()
	err = pipeline.PublishDir(s.Anomaly(), func(dir string) error { return judge.write(ctx, dir) }, s.replaces()...)
	if err := judge.log.interrupted(err, judge.kept, len(judge.rows), "judged"); err != nil {
		return err
	}
	return judge.log.remove()
}

// begin opens everything, finds the cells, and refuses what does not fit. Who got it
// closes the store.
func (s *Anomaly) begin(ctx context.Context, job *pipeline.Job) (*judge, error) {
	which := &Posterior{Layout: s.Layout, StorePath: s.Store(), PreparedPath: s.Prepared(), ModelPath: s.Model(),
		Kind: likelihoodParameters, Options: PosteriorOptions{CellsFile: s.Options.CellsFile, Keep: s.Options.Keep}}
	a, err := which.ask(ctx, job)
	if err != nil {
		return nil, err
	}
	var j *judge
	if err = s.suits(a.vae.Config); err == nil {
		j, err = newJudge(s.Options, a, job)
		j.group = cmp.Or(s.group, anomalyCells)
	}
	if err != nil {
		return nil, errors.Join(err, a.st.Close())
	}
	return j, nil
}

// suits refuses options that the model has no use for.
func (s *Anomaly) suits(cfg model.Config) error {
	if cfg.GeneLikelihood == "normal" && s.Options.Family == "expressed" {
		return pipeline.Usage("--family expressed is for counts: the model's likelihood is normal, give --family all")
	}
	if s.Options.LeaveOut && cfg.NInput <= model.StripeGenes {
		return pipeline.Usage("--leave-out leaves %d neighbouring genes out at a time, and the model has %d genes: give --no-leave-out", model.StripeGenes, cfg.NInput)
	}
	return nil
}
