package stages

import (
	"context"
	"math"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// Run writes the decoder's outputs at the posterior mean, or a part's: the mean, cells × genes, and
// what the likelihood has beside it.
func (s *Reconstruct) Run(ctx context.Context, job *pipeline.Job) error {
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return err
	}
	defer f.st.Close() // nothing was written to it
	genes, err := s.chosen(f.card.Genes)
	if err != nil {
		return err
	}
	list := s.matrices(f.vae.Config)
	columns := len(genes) * len(list)
	own, err := s.Part.portion(ctx, f, whole(s.rowGroups, f.p, f.p.stretches, groupRows(len(f.p.Row), columns)), s.Prepared(), s.Model())
	if err != nil {
		return err
	}
	if err := s.fits(job, f.vae.Config, len(f.p.Row), len(genes)); err != nil {
		return err
	}
	own.tell(job)
	job.Count("genes", int64(len(genes)))
	job.Note("writing %s of %d cells × %d genes: %s before compression (--no-reconstruct leaves it out, --reconstruct-genes FILE chooses genes)",
		namesOf(list), own.cells(), len(genes), human(int64(own.cells())*int64(columns)*4))
	return pipeline.PublishDir(s.Reconstruction(), func(dir string) error {
		if err := writeDispersion(filepath.Join(dir, "px_r.parquet"), f, genes); err != nil {
			return err
		}
		return writeMatrices(ctx, job, dir, f, own, genes, list)
	}, reconstructionFiles...)
}

// chosen gives the positions, among the model's genes, of those to write.
func (s *Reconstruct) chosen(all []string) ([]int, error) {
	return genesIn(s.Options.ReconstructGenes, all)
}

// writeDispersion writes theta = exp(px_r) of each gene, and batch or label where so: an
// inverse dispersion (variance mu + mu²/theta), or a normal likelihood's standard
// deviation. Where it is the decoder's output, or there is none, nothing is written.
func writeDispersion(path string, f *fitted, genes []int) error {
	r, codes := f.vae.R()
	if r == nil {
		return nil
	}
	levels := (&learning{p: &prepared{covariates: f.card.covariates}}).levels(f.vae.Dispersion)
	columns := []results.Column{{Name: "gene_id"}}
	for code := range codes {
		c := results.Column{Name: "px_r"}
		if levels != nil {
			c.Name += "_" + levels[code]
		}
		for _, g := range genes {
			c.Float32 = append(c.Float32, float32(math.Exp(float64(r[g*codes+code]))))
		}
		columns = append(columns, c)
	}
	for _, g := range genes {
		columns[0].String = append(columns[0].String, f.card.Genes[g])
	}
	return results.Write(path, "gene_id", nil, columns...)
}
