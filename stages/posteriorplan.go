package stages

import (
	"path/filepath"

	"cellvi/pipeline"
)

// Posterior writes one kind of output of the posterior. Each kind is a stage of its
// own in run.json. Empty paths mean Layout's.
type Posterior struct {
	Layout
	StorePath, PreparedPath, ModelPath string
	Kind                               string // one of PosteriorKinds
	Options                            PosteriorOptions
}

// Posterior is the folder or file of a kind of output of the posterior.
func (l Layout) Posterior(kind string) string {
	if len(posteriorKinds()[kind].files) == 0 {
		kind += ".parquet"
	}
	return filepath.Join(l.Dir, "posterior", kind)
}

// Name is the subcommand with the kind.
func (s *Posterior) Name() string { return "posterior " + s.Kind }

// Store is the folder of counts.
func (s *Posterior) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *Posterior) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Model is the folder of the trained model.
func (s *Posterior) Model() string { return or(s.ModelPath, s.Layout.Model()) }

// Plan reads store, prepared, model and the lists of genes and cells, if there are
// any, and writes a file or a folder.
func (s *Posterior) Plan() pipeline.Plan {
	o, output := s.Options.of(s.Kind), s.Layout.Posterior(s.Kind)
	plan := pipeline.Plan{
		Inputs:  given([]string{s.Store(), s.Prepared(), s.Model()}, o.GenesFile, o.CellsFile),
		Outputs: []string{output},
		Args:    o,
	}
	if o.draws(s.Kind) > 0 {
		plan.Seed = &s.Options.Seed
	}
	if files := s.replaces(); len(files) > 0 {
		plan.Folders = map[string][]string{output: files}
	}
	return plan
}

// replaces are the files that the kind's folder may hold, of other options too.
func (s *Posterior) replaces() (names []string) {
	kind := posteriorKinds()[s.Kind]
	for _, stem := range kind.files {
		names = append(names, stem+".parquet")
		if kind.overDraws() {
			names = append(names, stem+"_quantiles.parquet")
		}
	}
	return names
}
