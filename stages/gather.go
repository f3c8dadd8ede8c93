package stages

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	"cellvi/pipeline"
)

// Gather joins what embed and reconstruct wrote part by part, with the bytes that they
// write where nothing is cut.
type Gather struct {
	Layout
	Parts []string   // folders of runs, in any order
	found *gathering // nil until Preflight looked
}

// gathering is what the folders hold.
type gathering struct {
	latent   *gathered   // nil: none
	refined  *gathered   // nil: none
	matrices []*gathered // of the reconstruction; empty: none
	alike    []string    // px_r.parquet of the genes, which every part of a reconstruction has alike
}

// all are the tables of cells.
func (g *gathering) all() (tables []*gathered) {
	for _, t := range []*gathered{g.latent, g.refined} {
		if t != nil {
			tables = append(tables, t)
		}
	}
	return append(tables, g.matrices...)
}

// Name is the subcommand.
func (s *Gather) Name() string { return "gather" }

// Plan reads the folders' files, in the order of the parts where Preflight found it,
// and writes latent, reconstruction, or both.
func (s *Gather) Plan() pipeline.Plan {
	plan := pipeline.Plan{Inputs: s.Parts, Folders: map[string][]string{}, Args: struct{}{}}
	if s.found == nil {
		return plan
	}
	plan.Inputs = nil
	if s.found.latent != nil {
		plan.Outputs = append(plan.Outputs, s.Latent())
		plan.Inputs = append(plan.Inputs, s.found.latent.paths()...)
	}
	if s.found.refined != nil {
		plan.Outputs = append(plan.Outputs, s.Refined())
		plan.Inputs = append(plan.Inputs, s.found.refined.paths()...)
	}
	if len(s.found.matrices) > 0 {
		plan.Outputs = append(plan.Outputs, s.Reconstruction())
		plan.Folders[s.Reconstruction()] = reconstructionFiles
		for _, path := range s.found.matrices[0].paths() {
			plan.Inputs = append(plan.Inputs, filepath.Dir(path))
		}
	}
	return plan
}

// Preflight finds the parts, and refuses what does not make a whole.
func (s *Gather) Preflight(ctx context.Context, _ *pipeline.Job) (err error) {
	s.found, err = s.find(ctx)
	return err
}

// Run streams each table of cells to its place, a row group at a time.
func (s *Gather) Run(ctx context.Context, job *pipeline.Job) error {
	if s.found == nil {
		if err := s.Preflight(ctx, job); err != nil {
			return err
		}
	}
	for _, t := range s.found.all() {
		if err := t.fits(job); err != nil {
			return err
		}
		job.Count("parts", int64(len(t.pieces)))
		job.Count("cells", int64(t.cells()))
	}
	for _, file := range []struct {
		path string
		t    *gathered
	}{{s.Latent(), s.found.latent}, {s.Refined(), s.found.refined}} {
		if file.t == nil {
			continue
		}
		if err := pipeline.PublishFile(file.path, func(tmp string) error { return file.t.write(ctx, job, tmp) }); err != nil {
			return err
		}
	}
	if len(s.found.matrices) == 0 {
		return nil
	}
	return pipeline.PublishDir(s.Reconstruction(), func(dir string) error {
		for _, t := range s.found.matrices {
			if err := t.write(ctx, job, filepath.Join(dir, filepath.Base(t.name))); err != nil {
				return err
			}
		}
		return s.found.writeAlike(ctx, dir)
	}, reconstructionFiles...)
}

// writeAlike copies the file that every part has, which must be the same in all.
func (g *gathering) writeAlike(ctx context.Context, dir string) error {
	var first []byte
	for i, path := range g.alike {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if i == 0 {
			first = text
		}
		if !bytes.Equal(text, first) {
			return pipeline.BadInput("%s: is not the same as %s, though both are of one model: one of them is damaged: reconstruct its part again", path, g.alike[0])
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if first == nil {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, filepath.Base(g.alike[0])), first, 0o666)
}
