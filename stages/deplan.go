package stages

import (
	"path/filepath"

	"cellvi/pipeline"
)

// DE compares groups of cells gene by gene. Empty paths mean Layout's.
type DE struct {
	Layout
	StorePath, PreparedPath, ModelPath string
	Options                            DEOptions
}

// Name is the subcommand.
func (s *DE) Name() string { return "de" }

// Store is the folder of counts.
func (s *DE) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *DE) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Model is the folder of the trained model.
func (s *DE) Model() string { return or(s.ModelPath, s.Layout.Model()) }

// DE is the Parquet of differential expression.
func (l Layout) DE() string { return filepath.Join(l.Dir, "de.parquet") }

// Plan reads store, prepared, model and the list of genes, if there is one, and
// writes one table.
func (s *DE) Plan() pipeline.Plan {
	return pipeline.Plan{
		Inputs:  given([]string{s.Store(), s.Prepared(), s.Model()}, s.Options.Genes),
		Outputs: []string{s.DE()},
		Args:    s.Options,
		Seed:    &s.Options.Seed,
	}
}
