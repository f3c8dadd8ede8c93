package stages

import (
	"path/filepath"

	"cellvi/pipeline"
)

// Factor fits the latent factor model to the prepared cells. Empty paths mean
// Layout's.
type Factor struct {
	Layout
	StorePath, PreparedPath string
	Options                 FactorOptions
}

// Name is the subcommand.
func (s *Factor) Name() string { return "factor" }

// Store is the folder of counts.
func (s *Factor) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *Factor) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Factor is the folder of the factor model and of what it says.
func (l Layout) Factor() string { return filepath.Join(l.Dir, "factor") }

// Checkpoint is the state of an unfinished fit.
func (s *Factor) Checkpoint() string { return filepath.Join(s.Dir, "factor_checkpoint.safetensors") }

// factorFiles are those of the folder.
func factorFiles() []string {
	return []string{"latent.parquet", "cells.parquet", "genes.parquet", "history.parquet", "model.json", "model.safetensors", "held_out.parquet"}
}

// Plan reads store and prepared, and writes the folder.
func (s *Factor) Plan() pipeline.Plan {
	return pipeline.Plan{
		Inputs:  []string{s.Store(), s.Prepared()},
		Outputs: []string{s.Factor()},
		Folders: map[string][]string{s.Factor(): factorFiles()},
		Partial: []string{s.Checkpoint()},
		Args:    s.Options,
		Seed:    &s.Options.Seed,
	}
}
