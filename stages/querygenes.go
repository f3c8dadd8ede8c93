package stages

import (
	"os"
	"path/filepath"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// fewGenes is the share of a reference's genes below which scvi-tools warns of a query.
const fewGenes = 0.8

// Reference is a trained model, and what prepare is to know of its query.
type Reference struct {
	Path           string  `json:"-"`                // the model's folder, or a run's that has one
	MinGeneOverlap float64 `json:"min_gene_overlap"` // least share of the model's genes in the data
	Unfitted       bool    `json:"unfitted"`         // nothing will be trained: any number of cells will do
}

// Model is the folder that holds model.json: of a run's folder its model.
func (r *Reference) Model() string {
	inner := filepath.Join(r.Path, "model")
	if _, err := os.Stat(filepath.Join(r.Path, "model.json")); err == nil {
		return filepath.Clean(r.Path)
	}
	if _, err := os.Stat(filepath.Join(inner, "model.json")); err == nil {
		return inner
	}
	return filepath.Clean(r.Path)
}

// unfitted says whether nothing will be trained; r may be nil.
func (r *Reference) unfitted() bool { return r != nil && r.Unfitted }

// folders are what is read of it; r may be nil.
func (r *Reference) folders() []string {
	if r == nil {
		return nil
	}
	return []string{r.Model()}
}

// refer takes the reference's keys for those that the options leave open.
func (d *decisions) refer(s *Prepare) error {
	card, err := readCard(s.Reference.Model())
	if err != nil {
		return err
	}
	stage := *s
	d.stage, d.card = &stage, card
	o := &stage.Options
	o.CategoricalCovariateKeys, o.ContinuousCovariateKeys = card.CategoricalKeys, card.ContinuousKeys
	o.SizeFactorKey, o.BatchKey = card.SizeFactorKey, or(o.BatchKey, card.BatchKey)
	if o.LabelsKey != "" || card.LabelsKey == "" {
		return nil
	}
	if card.usesLabels() || d.store.Header().Column(card.LabelsKey) != nil {
		o.LabelsKey = card.LabelsKey
		return nil
	}
	d.job.Note("the data have no annotation %s, the reference's labels: the model does without", counts.Printable(card.LabelsKey))
	return nil
}

// takeReference keeps the genes that the reference has, and says how many of its are
// there.
func (d *decisions) takeReference() error {
	names, of := d.store.Genes().Names, len(d.card.Genes)
	pick, missing := pickPresent(d.store, d.card.Genes)
	for i, k := range pick.index {
		d.genes.selected[i] = k >= 0
	}
	here := of - len(missing)
	extra := int64(len(names) - here)
	d.job.Count("genes_of_reference", int64(of))
	d.job.Count("genes_missing", int64(len(missing)))
	d.job.Count("genes_left_out_genes", extra)
	if err := d.checkOverlap(here, of, missing); err != nil {
		return err
	}
	if extra > 0 {
		d.job.Note("%s not the reference's and %s left out", plural(extra, "gene of the data is", "genes of the data are"), isAre(extra))
	}
	return nil
}

// checkOverlap says that here of the reference's genes are in the data, and refuses too
// few.
func (d *decisions) checkOverlap(here, of int, missing []string) error {
	share, least := float64(here)/float64(of), d.stage.Reference.MinGeneOverlap
	switch {
	case here == of:
		d.job.Note("all of the reference's %d genes are in the data", of)
	case here == 0:
		return pipeline.BadInput("%s: none of the reference's %d genes is in the data: it names them as %s, the data as %s (--gene-id, --strip-gene-version)",
			d.stage.Store(), of, counts.Printable(missing[0]), counts.Printable(d.store.Genes().Names[0]))
	case share < least:
		return pipeline.BadInput("%s: %d of the reference's %d genes are in the data, %.1f%%, the first that is not %s: --min-gene-overlap asks for %.1f%%",
			d.stage.Store(), here, of, 100*share, counts.Printable(missing[0]), 100*least)
	case share < fewGenes:
		d.job.Warn("only %d of the reference's %d genes are in the data, %.1f%%: the others count as 0, the first %s: the mapping may be poor (--min-gene-overlap)",
			here, of, 100*share, counts.Printable(missing[0]))
	default:
		d.job.Note("%d of the reference's %d genes are in the data, %.1f%%: the others count as 0, the first %s", here, of, 100*share, counts.Printable(missing[0]))
	}
	return nil
}
