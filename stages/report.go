package stages

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
	"cellvi/stages/report"
)

// Run reads what the other stages wrote and draws the page and the brief.
func (s *Report) Run(ctx context.Context, job *pipeline.Job) error {
	data, err := s.read(ctx)
	if err != nil {
		return err
	}
	if err := s.readCheck(ctx, job, data); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	job.Count("cells_drawn", int64(min(data.Cells, drawnCells)))
	data.Measure(job.Threads)
	if err := publishWritten(s.Layout.Report(), data.WriteHTML); err != nil {
		return err
	}
	if err := publishWritten(s.MultiQC(), data.WriteMultiQC); err != nil {
		return err
	}
	return publishWritten(s.MultiQCTable(), data.WriteMultiQCTable)
}

// publishWritten publishes the file that write writes.
func publishWritten(path string, write func(io.Writer) error) error {
	return pipeline.PublishFile(path, func(tmp string) error {
		f, err := os.Create(tmp)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(f, 1<<16) // templates write a few bytes at a time
		if err = write(w); err == nil {
			err = w.Flush()
		}
		return errors.Join(err, f.Close())
	})
}

// read collects the report's data.
func (s *Report) read(ctx context.Context) (*report.Data, error) {
	d := &report.Data{Title: s.Options.Title}
	for _, step := range []func(*report.Data) error{s.readRun, s.readHistory, s.readGenes} {
		if err := step(d); err != nil {
			return nil, err
		}
	}
	err := s.readCells(ctx, d)
	d.DefaultEpochs = model.HeuristicEpochs(max(1, d.Cells))
	return d, err
}

// readRun takes the other stages' entries of run.json, if there is one.
func (s *Report) readRun(d *report.Data) error {
	runs, err := s.runs()
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.Name == s.Name() { // an earlier report says nothing of this one
			continue
		}
		d.Stages = append(d.Stages, report.Stage{
			Name: r.Name, Version: r.Version, Args: r.Args, Seed: r.Seed, Counts: r.Counts, Warnings: r.Warnings,
			Inputs: files(r.Inputs), Outputs: files(r.Outputs), Seconds: r.Seconds, PeakMemory: r.PeakMemory,
		})
	}
	return nil
}

func files(artifacts []pipeline.Artifact) []report.File {
	var f []report.File
	for _, a := range artifacts {
		f = append(f, report.File(a))
	}
	return f
}

func (s *Report) readHistory(d *report.Data) error { return readHistory(s.History(), &d.History) }

// readHistory reads the losses that train wrote.
func readHistory(path string, h *report.History) error {
	t, err := results.Read(path)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name string
		to   *[]float64
	}{
		{"elbo_train", &h.ELBOTrain}, {"elbo_validation", &h.ELBOValidation},
		{"reconstruction_loss_train", &h.ReconstructionTrain}, {"reconstruction_loss_validation", &h.ReconstructionValidation},
		{"kl_local_train", &h.KLTrain}, {"kl_local_validation", &h.KLValidation},
		{"kl_weight", &h.KLWeight},
	} {
		*c.to = floats(t.Column(c.name))
	}
	if h.ELBOTrain == nil {
		return pipeline.BadInput("%s: has no column elbo_train of numbers: is it the history of a cellvi training?", path)
	}
	return nil
}

// floats are a column's numbers; nil where there is no such column of numbers.
func floats(c *results.Column) []float64 {
	if c == nil {
		return nil
	}
	if c.Float64 != nil {
		return c.Float64
	}
	var v []float64
	for _, x := range c.Float32 {
		v = append(v, float64(x))
	}
	return v
}

// readGenes counts the genes the model was given.
func (s *Report) readGenes(d *report.Data) error {
	path := filepath.Join(s.Prepared(), "genes.parquet")
	t, err := results.Read(path)
	if err != nil {
		return err
	}
	c := t.Column("selected")
	if c == nil || c.Bool == nil {
		return pipeline.BadInput("%s: has no column selected of true and false: run `cellvi prepare` again", path)
	}
	d.Genes = len(c.Bool)
	for _, selected := range c.Bool {
		if selected {
			d.Selected++
		}
	}
	return nil
}
