package stages

import (
	"encoding/json"
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
	Epochs  int                `json:"epochs"`                 // trained
	Genes   []string           `json:"genes"`                  // in the order of the tensors' gene dimension
	Absent  []string           `json:"genes_absent,omitempty"` // of these, those that the cells of a query do not have
}

// publish writes the model, its history, and genes with their dispersions.
func (s *Train) publish(vae *model.VAE[float32], t *model.Trainer, p *prepared) error {
	card := modelCard{Format: modelFormat, covariates: p.covariates, Config: vae.Config, Options: t.Options(), Epochs: t.At().Epoch, Genes: p.picked()}
	return s.publishAs(vae, card, t.History, p, newPicker(p.Picked))
}

// publishAs writes the model with this card, and what it says of the store's genes, of
// which pick says which are its.
func (s *Train) publishAs(vae *model.VAE[float32], card modelCard, history []model.EpochStats, p *prepared, pick picker) error {
	err := pipeline.PublishDir(s.Model(), func(dir string) error { return writeModel(dir, vae, card) })
	if err != nil {
		return err
	}
	err = pipeline.PublishFile(s.History(), func(tmp string) error {
		return results.Write(tmp, "", nil, trainedColumns(vae.Config, history)...)
	})
	if err != nil {
		return err
	}
	return pipeline.PublishFile(s.Genes(), func(tmp string) error {
		return results.Write(tmp, "gene_id", p.Genes.Metadata, learned(p, pick, vae)...)
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

// readCard reads model.json.
func readCard(dir string) (*modelCard, error) {
	path := filepath.Join(dir, "model.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	card := &modelCard{}
	if err := json.Unmarshal(text, card); err != nil {
		return nil, pipeline.BadInput("%s: is not JSON as cellvi train writes it (%w)", path, err)
	}
	if card.Format != modelFormat {
		return nil, pipeline.BadInput("%s: has format %d, this cellvi reads %d: use the version that wrote it", path, card.Format, modelFormat)
	}
	if err := card.Config.Validate(); err != nil {
		return nil, pipeline.BadInput("%s: %w", path, err)
	}
	return card, nil
}

// readModel reads a model's folder.
func readModel(dir string) (*model.VAE[float32], *modelCard, error) {
	card, err := readCard(dir)
	if err != nil {
		return nil, nil, err
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
