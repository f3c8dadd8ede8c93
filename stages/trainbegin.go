package stages

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cellvi/io/counts"
	"cellvi/model"
	"cellvi/pipeline"
)

// trained is the model of --init-model.
type trained struct {
	vae  *model.VAE[float32]
	card *modelCard
}

// initModel is the folder of the model to begin with, "" for none.
func (s *Train) initModel() string {
	if s.Options.InitModel == "" {
		return ""
	}
	return (&Reference{Path: s.Options.InitModel}).Model()
}

// before reads the model to begin with, nil for none, and makes the cells' covariates
// its: of batches that have no cells here it keeps the parameters.
func (s *Train) before(p *prepared) (*trained, error) {
	if s.Options.InitModel == "" {
		return nil, nil
	}
	dir := s.initModel()
	vae, card, err := readModel(dir)
	if err != nil {
		return nil, err
	}
	if picked := p.picked(); !slices.Equal(picked, card.Genes) {
		return nil, pipeline.BadInput("%s: its %d genes are not the %d that %s selects: prepare with --genes FILE, the model's genes one a line",
			dir, len(card.Genes), len(picked), s.Prepared())
	}
	if err := card.recode(p, s.Prepared()); err != nil {
		return nil, err
	}
	p.covariates = card.covariates
	return &trained{vae, card}, nil
}

// begin gives the model to train, its parameters drawn or those of the model before;
// and what identifies the latter.
func (s *Train) begin(job *pipeline.Job, cfg model.Config, before *trained, p *prepared, totals []float64) (*model.VAE[float32], string, error) {
	if before != nil {
		if differs := differences(before.vae.Config, cfg); len(differs) > 0 {
			return nil, "", pipeline.Usage("--init-model %s: the model is another than the one asked for: %s", s.Options.InitModel, strings.Join(differs, "; "))
		}
		job.Note("training begins with the parameters of %s, which had %s; optimizer and KL weight begin anew", s.Options.InitModel,
			plural(int64(before.card.Epochs), "epoch", "epochs"))
		return before.vae, identity(before.vae), nil
	}
	vae := model.New[float32](cfg)
	vae.Initialize(s.Shared.Seed)
	return vae, "", s.setPrior(job, vae, p, totals)
}

// differences lists the choices in which two models, or two trainings, differ, by the
// names that they have in JSON, which are scvi-tools'.
func differences(has, asked any) (list []string) {
	a, b := fields(has), fields(asked)
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !bytes.Equal(a[name], b[name]) {
			list = append(list, fmt.Sprintf("%s is %s there, %s is asked for", name, a[name], b[name]))
		}
	}
	return list
}

func fields(cfg any) (of map[string]json.RawMessage) {
	text, err := json.Marshal(cfg)
	if err == nil {
		err = json.Unmarshal(text, &of)
	}
	if err != nil {
		panic(err) // configurations and options are JSON
	}
	return of
}

// identity is the SHA-256 of a model's tensors.
func identity(vae *model.VAE[float32]) string {
	h := sha256.New()
	for _, t := range vae.Tensors() {
		_ = binary.Write(h, binary.LittleEndian, t.Data) // a hash takes every write
	}
	return hex.EncodeToString(h.Sum(nil))
}

// totals is room for the cells' total counts, where the prior of an inferred library
// size is to be made of them; else nil.
func (s *Train) totals(cfg model.Config, p *prepared) []float64 {
	if cfg.UseObservedLibSize || cfg.UseSizeFactor || s.Options.InitModel != "" {
		return nil
	}
	return make([]float64, len(p.Row))
}

// setPrior gives an inferred library size its prior: by batch, of all kept cells.
func (s *Train) setPrior(job *pipeline.Job, vae *model.VAE[float32], p *prepared, totals []float64) error {
	if totals == nil {
		return nil
	}
	moments, cells, empty := model.NewLibraryMoments(vae.NBatch), make([]int64, vae.NBatch), int64(0)
	for i, total := range totals {
		moments.Add(p.Batch[i], total)
		cells[p.Batch[i]]++
		if total == 0 {
			empty++
		}
	}
	if empty > 0 {
		job.Warn("%s counts of the selected genes: the prior of the library size takes the logarithm of their totals as 0 (--min-counts)",
			plural(empty, "cell has no", "cells have no"))
	}
	mean, variance, err := moments.Prior()
	if err != nil {
		i := slices.IndexFunc(variance, func(v float64) bool { return !(v > 0) })
		return pipeline.BadInput("%s: the total counts of the batch %s (%s) do not vary, so that an inferred library size has no prior there: leave these cells out, name another --batch-key, or pass --use-observed-lib-size",
			s.Prepared(), counts.Printable(p.BatchLevels[i]), plural(cells[i], "cell", "cells"))
	}
	return vae.SetLibraryPrior(mean, variance)
}
