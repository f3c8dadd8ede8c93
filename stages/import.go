package stages

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"cellvi/io/results"
	"cellvi/io/safetensors"
	"cellvi/model"
	"cellvi/pipeline"
)

// ImportOptions say how a saved model is opened.
type ImportOptions struct {
	Prefix        string `json:"-" name:"prefix" placeholder:"TEXT" help:"The prefix that the model was saved with." group:"Input"`
	BridgeOptions `embed:""`
}

// Import turns a model that scvi-tools saved into one of cellvi.
type Import struct {
	Layout
	Source  string // the folder that scvi-tools saved, or its model.pt
	Options ImportOptions
}

// Name is the subcommand.
func (s *Import) Name() string { return "import" }

// File is the file to open.
func (s *Import) File() string {
	if strings.HasSuffix(s.Source, ".pt") {
		return filepath.Clean(s.Source)
	}
	return filepath.Join(s.Source, s.Options.Prefix+scviFile)
}

// Plan reads the file, and writes model, history and genes as training does.
func (s *Import) Plan() pipeline.Plan {
	return pipeline.Plan{
		Inputs:  []string{s.File()},
		Outputs: []string{s.Model(), s.History(), s.Genes()},
		Folders: map[string][]string{s.Model(): {"model.json", "model.safetensors"}},
		Args:    s.Options,
	}
}

// importRequest is what the script's import wants to know.
type importRequest struct {
	Threads int    `json:"threads"`
	File    string `json:"file"`
	Tensors string `json:"tensors"` // to write
}

// importAnswer is what it found.
type importAnswer struct {
	bridgeForm
	outcome
	Trained bool `json:"trained"`
}

// Run has the script open the file, which is a pickle: this program never does.
func (s *Import) Run(ctx context.Context, job *pipeline.Job) (err error) {
	b, err := openBridge(s.Options.BridgeOptions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	request := importRequest{Threads: job.Threads, Tensors: b.path("model.safetensors")}
	if request.File, err = filepath.Abs(s.File()); err != nil {
		return err
	}
	answer := importAnswer{bridgeForm: bridgeForm{Model: model.DefaultConfig()}}
	if err := b.call(ctx, job, "import", request, &answer); err != nil {
		return err
	}
	tensors, _, err := safetensors.Read(request.Tensors)
	if err != nil {
		return err
	}
	vae, err := s.build(answer.Model, tensors)
	if err != nil {
		return err
	}
	s.describe(job, &answer)
	return s.publish(vae, &answer)
}

// build makes the model and holds the tensors to it.
func (s *Import) build(cfg model.Config, tensors []safetensors.Tensor) (*model.VAE[float32], error) {
	if err := cfg.Validate(); err != nil {
		return nil, pipeline.BadInput("%s: cellvi has no such model: %w", s.File(), err)
	}
	vae := model.New[float32](cfg)
	if err := vae.Load(inward(tensors)); err != nil {
		return nil, pipeline.BadInput("%s: %w", s.File(), err)
	}
	if err := vae.Finite(); err != nil {
		return nil, pipeline.BadInput("%s: %w: its training diverged, or the file is damaged", s.File(), err)
	}
	return vae, nil
}

// describe says what was read, and what the user has to know to use it.
func (s *Import) describe(job *pipeline.Job, a *importAnswer) {
	job.Note("%s of scvi-tools %s: %d genes, %s, likelihood %s, %d epochs of history", a.Model.Model, or(a.Versions["saved by scvi-tools"], "?"),
		len(a.Genes), plural(int64(len(a.Batch.Levels)), "batch", "batches"), a.Model.GeneLikelihood, len(a.History["epoch"]))
	if !a.Trained {
		job.Warn("%s: scvi-tools says that the model was not trained to an end: embeddings by it mean little", s.File())
	}
	if a.Layer != "" {
		job.Note("it was trained on the counts of layer %s: pass --layer %s to ingest", a.Layer, a.Layer)
	}
	job.Count("genes", int64(len(a.Genes)))
	job.Count("epochs", int64(len(a.History["epoch"])))
}

// publish writes what training writes.
func (s *Import) publish(vae *model.VAE[float32], a *importAnswer) error {
	card := a.card()
	history, err := importedHistory(a.History)
	if err != nil {
		return pipeline.BadInput("%s: %w", s.File(), err)
	}
	if err := pipeline.PublishDir(s.Model(), func(dir string) error { return writeModel(dir, vae, card) }); err != nil {
		return err
	}
	if err := pipeline.PublishFile(s.History(), func(tmp string) error { return results.Write(tmp, "", nil, history...) }); err != nil {
		return err
	}
	return pipeline.PublishFile(s.Genes(), func(tmp string) error {
		genes := a.selected()
		return results.Write(tmp, "gene_id", nil, learned(genes, newPicker(genes.Picked), vae)...)
	})
}

// selected are the model's genes as prepare would have chosen them.
func (a *importAnswer) selected() *prepared {
	p := &prepared{covariates: a.card().covariates, GeneID: a.Genes, Picked: make([]bool, len(a.Genes))}
	for i := range p.Picked {
		p.Picked[i] = true
	}
	p.Genes = &results.Table{Columns: []results.Column{{Name: "gene_id", String: a.Genes}, {Name: "selected", Bool: p.Picked}}}
	return p
}
