package stages

import (
	"path/filepath"

	"cellvi/pipeline"
)

// RankGenes ranks genes by how the decoder responds along groups' directions in the
// latent. Empty paths mean Layout's.
type RankGenes struct {
	Layout
	StorePath, PreparedPath, ModelPath string
	Options                            RankGenesOptions
}

// Name is the subcommand.
func (s *RankGenes) Name() string { return "rank-genes" }

// Store is the folder of counts.
func (s *RankGenes) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *RankGenes) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Model is the folder of the trained model.
func (s *RankGenes) Model() string { return or(s.ModelPath, s.Layout.Model()) }

// RankedGenes is the Parquet of ranked genes.
func (l Layout) RankedGenes() string { return filepath.Join(l.Dir, "rank_genes.parquet") }

// RankedNeighbours is the Parquet of ranked genes' neighbours.
func (l Layout) RankedNeighbours() string {
	return filepath.Join(l.Dir, "rank_genes_neighbours.parquet")
}

// RankedGroups is the Parquet of the groups whose genes were ranked.
func (l Layout) RankedGroups() string { return filepath.Join(l.Dir, "rank_genes_groups.parquet") }

// Plan reads store, prepared, model and the list of cells, if there is one, and writes
// three tables.
func (s *RankGenes) Plan() pipeline.Plan {
	return pipeline.Plan{
		Inputs:  given([]string{s.Store(), s.Prepared(), s.Model()}, s.Options.Cells),
		Outputs: []string{s.RankedGenes(), s.RankedNeighbours(), s.RankedGroups()},
		Args:    s.Options,
		Seed:    &s.Options.Seed,
	}
}
