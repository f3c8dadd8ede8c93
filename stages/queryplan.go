package stages

import (
	"encoding/json"
	"slices"

	"cellvi/model"
	"cellvi/pipeline"
)

// Query maps prepared cells onto a trained reference: scArches surgery, in the place of
// Train. Empty paths mean Layout's.
type Query struct {
	Layout
	StorePath, PreparedPath string
	Reference               *Reference
	Options                 QueryOptions
	Shared                  Shared
}

// Name is the subcommand.
func (s *Query) Name() string { return "query" }

// Store is the folder of counts.
func (s *Query) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells and genes.
func (s *Query) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Checkpoint is the state of an unfinished training.
func (s *Query) Checkpoint() string { return s.Options.checkpoint(s.Layout) }

// Plan reads store, prepared and the reference, and writes model, history and genes.
func (s *Query) Plan() pipeline.Plan {
	return pipeline.Plan{
		Inputs:  []string{s.Store(), s.Prepared(), s.Reference.Model()},
		Outputs: []string{s.Model(), s.History(), s.Genes()},
		Folders: map[string][]string{s.Model(): {"model.json", "model.safetensors"}},
		Partial: []string{s.Checkpoint()},
		Locks:   s.Options.checkpointLock(),
		Args: struct {
			Shared
			QueryOptions
		}{s.Shared, s.Options},
		Seed: &s.Shared.Seed,
	}
}

// QueryStages are the stages of a query over a folder: all of a run's that lead to the
// latent, with Query in the place of Train. The reference is looked at: that the data
// have what it needs is to be known before they are read.
func QueryStages(at Layout, reference string, ingest IngestOptions, o QueryOptions, embed EmbedOptions, shared Shared) ([]pipeline.Stage, error) {
	ref := &Reference{Path: reference, MinGeneOverlap: o.MinGeneOverlap, Unfitted: o.untrained()}
	if err := pipeline.CheckInput(ref.Model()); err != nil {
		return nil, err
	}
	card, err := readCard(ref.Model())
	if err != nil {
		return nil, err
	}
	if sameFile(ref.Model(), at.Model()) {
		return nil, pipeline.Usage("--outdir %s is the reference's own folder, whose model the query's would replace: name another", at.Dir)
	}
	if card.Config.Model != model.SCVI {
		return nil, pipeline.BadInput("%s: is a model %s, which takes no query, in scvi-tools neither: its layers are not made for new batches", ref.Model(), card.Config.Model)
	}
	return []pipeline.Stage{
		&Ingest{Layout: at, Options: ingest, Keys: o.keys(card)},
		&Prepare{Layout: at, Options: o.prepare(), Shared: shared, Reference: ref},
		&Query{Layout: at, Reference: ref, Options: o, Shared: shared},
		&Embed{Layout: at, Options: embed, Ingest: &ingest, Seed: shared.Seed},
	}, nil
}

// keys are the annotations that the new cells must have.
func (o QueryOptions) keys(card *modelCard) []string {
	labels := o.LabelsKey
	if card.usesLabels() {
		labels = or(labels, card.LabelsKey)
	}
	keys := given(nil, or(o.BatchKey, card.BatchKey), labels, card.SizeFactorKey)
	keys = slices.Concat(keys, card.CategoricalKeys, card.ContinuousKeys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// asJSON is v as JSON, which it must be.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
