package report

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// exampleData is a run like a real one: clouds of cells for each label, shifted
// a little by batch, and losses that fall and level off.
func exampleData(cells, batches, labels, epochs int) *Data {
	r := rand.New(rand.NewPCG(7, uint64(cells)))
	d := &Data{
		Title: "example", Validation: cells / 10, Genes: 28455, Selected: 2000,
		Batch: group("sample_id", "donor", batches, cells), Label: group("cell_type", "type", labels, cells),
		History: exampleHistory(r, epochs), Stages: exampleStages(),
	}
	d.Latent = make([][]float32, 10)
	for j := range d.Latent {
		d.Latent[j] = make([]float32, cells)
		centre := make([]float64, labels)
		for l := range centre {
			centre[l] = r.NormFloat64() * 2 / float64(1+j)
		}
		for i := range cells {
			d.Label.Codes[i] = int32((i*i/7 + i) % labels)
			d.Batch.Codes[i] = int32(i % batches)
			d.Latent[j][i] = float32(centre[d.Label.Codes[i]] + 0.2*float64(i%batches) + 0.6*r.NormFloat64())
		}
	}
	d.drawAll()
	return d
}

// drawAll makes the cells to draw all cells there are.
func (d *Data) drawAll() {
	d.Cells, d.Moments = d.drawn(), momentsOf(d.Latent)
	for _, g := range []*Grouping{&d.Batch, &d.Label} {
		g.count()
	}
}

// count counts the cells of each level among those to draw.
func (g *Grouping) count() {
	g.Cells = make([]int, len(g.Levels))
	for _, c := range g.Codes {
		g.Cells[c]++
	}
}

func momentsOf(latent [][]float32) (m Moments) {
	m.AddMeans(latent)
	m.AddProducts(latent)
	return m
}

func group(key, stem string, levels, cells int) Grouping {
	g := Grouping{Key: key, Codes: make([]int32, cells)}
	for l := range levels {
		g.Levels = append(g.Levels, fmt.Sprintf("%s %d", stem, l+1))
	}
	return g
}

func exampleHistory(r *rand.Rand, epochs int) History {
	var h History
	for e := range epochs {
		fall := 800*math.Exp(-float64(e)/2) + 60*math.Exp(-float64(e)/float64(epochs)*8)
		kl := 8 + 12*math.Exp(-float64(e)/float64(epochs)*3) + 0.1*r.NormFloat64()
		rec := 940 + fall + 0.3*r.NormFloat64()
		h.ReconstructionTrain = append(h.ReconstructionTrain, rec)
		h.ReconstructionValidation = append(h.ReconstructionValidation, rec+9+0.6*r.NormFloat64())
		h.KLTrain, h.KLValidation = append(h.KLTrain, kl), append(h.KLValidation, kl+0.4)
		h.ELBOTrain = append(h.ELBOTrain, rec+kl)
		h.ELBOValidation = append(h.ELBOValidation, h.ReconstructionValidation[e]+kl+0.4)
		h.KLWeight = append(h.KLWeight, math.Min(1, float64(e)/400))
	}
	return h
}

func exampleStages() []Stage {
	hash := "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	seed := uint64(0)
	cells := File{"store/cells.arrow", 25810310, hash}
	return []Stage{
		{Name: "ingest", Version: "0.1.0", Args: json.RawMessage(`{"join":"inner","layer":"X"}`),
			Inputs: []File{{"../data/a-rather-long-name-of-a-sample-with-many-words-in-it.h5ad", 7967695, strings.Repeat("ab", 32)}}, Outputs: []File{cells},
			Counts: map[string]int64{"cells": 12261, "cells_without_counts": 0, "genes": 28455}, Seconds: 3.21, PeakMemory: 212e6},
		{Name: "prepare", Version: "0.1.0", Args: json.RawMessage(`{"batch_key":"sample_id","n_top_genes":2000}`),
			Inputs: []File{cells}, Outputs: []File{{"prepared/cells.parquet", 310201, hash}},
			Counts:   map[string]int64{"cells_kept": 12260, "genes_selected": 2000, "genes_left_out_min_cells": 10056, "genes_left_out_n_top_genes": 16399, "cells_left_out_min_counts": 1},
			Warnings: []string{"1 cell has no counts and is left out (--min-counts 1)"}, Seconds: 1.4, PeakMemory: 180e6},
		{Name: "train", Version: "0.1.0", Args: json.RawMessage(`{"dropout_rate":0.1,"gene_likelihood":"nb","n_hidden":128,"n_latent":10}`),
			Seed: &seed, Inputs: []File{cells}, Outputs: []File{{"model/model.safetensors", 2107442, hash}}, Seconds: 187, PeakMemory: 295e6},
	}
}
