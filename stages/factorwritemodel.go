package stages

import (
	"encoding/json"
	"os"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/io/safetensors"
	"cellvi/model/factor"
)

// sayHeldOut tells how entries that were held out are predicted.
func (w *factoring) sayHeldOut() {
	if w.heldOut == nil {
		return
	}
	h := w.heldOut.Summary()
	w.job.Count("entries_held_out", h.Entries)
	if h.Entries == 0 {
		w.job.Warn("no entry was held out: there are too few (--hold-out)")
		return
	}
	w.job.Note("%d entries held out: R² %.3f over each gene's mean; 90%% intervals cover %.1f%% of them, %.1f%% of those above zero; made %.2f times as wide, %.1f%%",
		h.Entries, h.R2, 100*h.Coverage[2], 100*h.CoveragePositive, h.Stretch, 100*h.CoverageStretch)
}

// writeGenes writes effects, loadings, their variances, and the noise's.
func (w *factoring) writeGenes(path string) error {
	mean, variance, noise := w.fit.Genes()
	d, mu := w.options.NFactors+1, w.fit.Priors().Mu
	of := func(values []float64, r int, less float64) []float64 {
		out := make([]float64, len(noise))
		for j := range out {
			out[j] = values[j*d+r] - less
		}
		return out
	}
	columns := []results.Column{{Name: "gene_id", String: w.p.picked()}, {Name: "effect", Float64: of(mean, 0, mu)},
		{Name: "effect_var", Float64: of(variance, 0, 0)}, {Name: "noise_var", Float64: noise}}
	for k, name := range w.names("loading_") {
		columns = append(columns, results.Column{Name: name, Float64: of(mean, k+1, 0)})
	}
	for k, name := range w.names("loading_var_") {
		columns = append(columns, results.Column{Name: name, Float64: of(variance, k+1, 0)})
	}
	return results.Write(path, "gene_id", nil, columns...)
}

// writeHistory writes the ELBO of each pass.
func (w *factoring) writeHistory(path string) error {
	n := len(w.at.History)
	epoch, elbo, per, exact := make([]int64, n), make([]float64, n), make([]float64, n), make([]bool, n)
	for i, h := range w.at.History {
		epoch[i], elbo[i], per[i], exact[i] = int64(i), h.ELBO, h.ELBO/float64(len(w.p.Row)), h.Exact
	}
	return results.Write(path, "", nil, results.Column{Name: "epoch", Int64: epoch}, results.Column{Name: "elbo", Float64: elbo},
		results.Column{Name: "elbo_per_cell", Float64: per}, results.Column{Name: "exact", Bool: exact})
}

// factorCard is model.json.
type factorCard struct {
	Format    string          `json:"format"`
	Genes     []string        `json:"genes"`
	Options   FactorOptions   `json:"options"`
	Priors    factor.Priors   `json:"priors"`
	Scale     []float64       `json:"latent_scale"` // latent_k of latent.parquet is factor_k times this
	ELBO      float64         `json:"elbo"`
	Cells     int             `json:"cells"`
	Explained []float64       `json:"variance_explained"` // by each factor, of the variance that factors, effects and noise make
	HeldOut   *factor.Summary `json:"held_out,omitempty"`
}

// writeModel writes what is needed to use the model on other cells.
func (w *factoring) writeModel(dir string) error {
	card := factorCard{Format: factorFormat, Genes: w.p.picked(), Options: w.options, Priors: w.fit.Priors(), Scale: w.fit.Scale(),
		ELBO: w.at.History[len(w.at.History)-1].ELBO, Cells: len(w.p.Row), Explained: w.fit.Explained()}
	if w.heldOut != nil {
		h := w.heldOut.Summary()
		card.HeldOut = &h
	}
	text, err := json.MarshalIndent(card, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "model.json"), append(text, '\n'), 0o666); err != nil {
		return err
	}
	return safetensors.Write(filepath.Join(dir, "model.safetensors"), doubles(w.fit.Model()), map[string]string{"format": factorFormat})
}
