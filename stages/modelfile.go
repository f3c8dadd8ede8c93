package stages

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/io/safetensors"
	"cellvi/model"
	"cellvi/pipeline"
)

// modelFormat is the version of model.json.
const modelFormat = 1

// modelCard is model.json: everything needed to use the tensors on new data.
type modelCard struct {
	Format int `json:"format"`
	covariates
	Config  model.Config       `json:"model"`
	Options model.TrainOptions `json:"training"`
	Epochs  int                `json:"epochs"` // trained
	Genes   []string           `json:"genes"`  // in the order of the tensors' gene dimension
}

// publish writes the model, its history, and genes with their dispersions.
func (s *Train) publish(vae *model.VAE[float32], t *model.Trainer, p *prepared) error {
	card := modelCard{Format: modelFormat, covariates: p.covariates, Config: vae.Config, Options: t.Options(), Epochs: t.At().Epoch}
	for i, g := range p.GeneID {
		if p.Picked[i] {
			card.Genes = append(card.Genes, g)
		}
	}
	err := pipeline.PublishDir(s.Model(), func(dir string) error { return writeModel(dir, vae, card) })
	if err != nil {
		return err
	}
	err = pipeline.PublishFile(s.History(), func(tmp string) error {
		return results.Write(tmp, "", nil, historyColumns(t.History)...)
	})
	if err != nil {
		return err
	}
	return pipeline.PublishFile(s.Genes(), func(tmp string) error {
		return results.Write(tmp, "gene_id", p.Genes.Metadata, learned(p, vae.R())...)
	})
}

func writeModel(dir string, vae *model.VAE[float32], card modelCard) error {
	text, err := json.MarshalIndent(card, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "model.json"), append(text, '\n'), 0o666); err != nil {
		return err
	}
	return safetensors.Write(filepath.Join(dir, "model.safetensors"), outward(vae.Tensors()), map[string]string{"format": "pt"})
}

// readModel reads a model's folder.
func readModel(dir string) (*model.VAE[float32], *modelCard, error) {
	path := filepath.Join(dir, "model.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	card := &modelCard{}
	if err := json.Unmarshal(text, card); err != nil {
		return nil, nil, pipeline.BadInput("%s: is not JSON as cellvi train writes it (%w)", path, err)
	}
	if card.Format != modelFormat {
		return nil, nil, pipeline.BadInput("%s: has format %d, this cellvi reads %d: use the version that wrote it", path, card.Format, modelFormat)
	}
	if err := card.Config.Validate(); err != nil {
		return nil, nil, pipeline.BadInput("%s: %w", path, err)
	}
	tensors, _, err := safetensors.Read(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		return nil, nil, err
	}
	vae := model.New[float32](card.Config)
	if err := vae.Load(inward(tensors)); err != nil {
		return nil, nil, pipeline.BadInput("%s: %w", filepath.Join(dir, "model.safetensors"), err)
	}
	if err := vae.Finite(); err != nil {
		return nil, nil, pipeline.BadInput("%s: %w: the file is damaged, or its training diverged: train again", filepath.Join(dir, "model.safetensors"), err)
	}
	return vae, card, nil
}

// historyColumns names the history as scvi-tools does. Losses are per cell,
// summed over genes, the ELBO as a loss at KL weight 1; NaN where there are no
// validation cells.
func historyColumns(history []model.EpochStats) []results.Column {
	epoch := results.Column{Name: "epoch", Int64: []int64{}}
	cols := []results.Column{}
	for _, name := range []string{"elbo_train", "elbo_validation", "reconstruction_loss_train", "reconstruction_loss_validation",
		"kl_local_train", "kl_local_validation", "train_loss_epoch", "validation_loss", "kl_weight", "lr"} {
		cols = append(cols, results.Column{Name: name, Float64: []float64{}})
	}
	for _, e := range history {
		v := model.Losses{Loss: math.NaN(), Rec: math.NaN(), KL: math.NaN()}
		if e.Validation != nil {
			v = *e.Validation
		}
		epoch.Int64 = append(epoch.Int64, int64(e.Epoch))
		for i, x := range []float64{e.Train.ELBO(), v.ELBO(), e.Train.Rec, v.Rec, e.Train.KL, v.KL, e.Train.Loss, v.Loss, e.KLWeight, e.LR} {
			cols[i].Float64 = append(cols[i].Float64, x)
		}
	}
	return append([]results.Column{epoch}, cols...)
}

// learned is prepared's genes with the inverse dispersion theta of each
// selected gene (variance mu + mu²/theta), NaN for the others.
func learned(p *prepared, r []float32) []results.Column {
	theta := results.Column{Name: "dispersion"}
	k := 0
	for _, yes := range p.Picked {
		v := math.NaN()
		if yes {
			v = math.Exp(float64(r[k]))
			k++
		}
		theta.Float32 = append(theta.Float32, float32(v))
	}
	return append(append([]results.Column{}, p.Genes.Columns...), theta)
}

// recode maps the prepared cells' batch codes to the model's by level name.
func (c *modelCard) recode(p *prepared, dir string) error {
	at := map[string]int32{}
	for i, l := range c.BatchLevels {
		at[l] = int32(i)
	}
	code := make([]int32, len(p.BatchLevels))
	for i, l := range p.BatchLevels {
		k, known := at[l]
		if !known {
			return pipeline.BadInput("%s: the batch %q is not one that the model was trained on (%s)", dir, l, fmt.Sprintf("%q", c.BatchLevels))
		}
		code[i] = k
	}
	for i, b := range p.Batch {
		p.Batch[i] = code[b]
	}
	return nil
}
