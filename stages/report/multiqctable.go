package report

import (
	"encoding/json"
	"io"
	"math"
)

// tableSection is MultiQC's custom content: a table with a row a run.
type tableSection struct {
	ID          string                    `json:"id"`
	ParentID    string                    `json:"parent_id"`
	ParentName  string                    `json:"parent_name"`
	ParentAbout string                    `json:"parent_description"`
	Name        string                    `json:"section_name"`
	Description string                    `json:"description"`
	PlotType    string                    `json:"plot_type"`
	Config      tableConfig               `json:"pconfig"`
	Headers     json.RawMessage           `json:"headers"`
	Data        map[string]map[string]any `json:"data"`
}

type tableConfig struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Namespace string `json:"namespace"`
}

// tableHeaders are the columns in their order. They are the same in every run:
// MultiQC takes those of the file it reads last for all.
const tableHeaders = `{
  "cells": {"title": "Cells", "description": "Cells in the latent", "format": "{:,.0f}", "min": 0, "scale": "Blues"},
  "cells_left_out": {"title": "Cells left out", "description": "Cells of the input that were left out", "format": "{:,.0f}", "min": 0, "scale": "Oranges"},
  "genes": {"title": "Genes", "description": "Genes in the model", "format": "{:,.0f}", "min": 0, "scale": "Greens"},
  "genes_left_out": {"title": "Genes left out", "description": "Genes of the input that were left out", "format": "{:,.0f}", "min": 0, "scale": "Oranges", "hidden": true},
  "warnings": {"title": "Warnings", "description": "Warnings in run.json", "format": "{:,.0f}", "min": 0, "scale": "Oranges"},
  "epochs": {"title": "Epochs", "description": "Epochs trained", "format": "{:,.0f}", "min": 0, "scale": "Purples", "hidden": true},
  "training": {"title": "Training", "description": "Whether the loss has levelled off", "cond_formatting_rules": {"pass": [{"s_eq": "converged"}], "warn": [{"s_eq": "not converged"}, {"s_eq": "past its best"}, {"s_eq": "too short to judge"}], "fail": [{"s_eq": "diverged"}]}},
  "kl_weight": {"title": "KL weight", "description": "Weight of the KL divergence at the end of training", "format": "{:,.3f}", "min": 0, "max": 1, "scale": "Purples"},
  "elbo_validation": {"title": "ELBO, validation", "description": "At the end, as a loss per held-out cell: lower is better, and comparable between runs on the same genes only", "format": "{:,.1f}", "scale": "Purples"},
  "khat_good": {"title": "Posteriors to trust", "description": "Share of the checked cells whose posterior by the encoder has k-hat below 0.7 (cellvi check)", "format": "{:,.0%}", "min": 0, "max": 1, "scale": "Greens"},
  "amortization_gap": {"title": "Amortization gap", "description": "Nats per cell that the encoder's posteriors give away against posteriors fitted to each cell (cellvi check)", "format": "{:,.2f}", "min": 0, "scale": "Oranges"},
  "batches_apart": {"title": "Batches apart", "description": "Batches whose cells have less than half the neighbours from other batches that full mixing would give", "format": "{:,.0f}", "min": 0, "scale": "Reds"},
  "ilisi": {"title": "iLISI", "description": "Mixing of batches, 0 to 1: Korsunsky et al. 2019, scaled after Luecken et al. 2022", "format": "{:,.3f}", "min": 0, "max": 1, "scale": "Greens"},
  "batch_asw": {"title": "Batch ASW", "description": "Silhouette of batches within labels, 1: cannot be told apart. Luecken et al. 2022", "format": "{:,.3f}", "min": 0, "max": 1, "scale": "Greens"},
  "clisi": {"title": "cLISI", "description": "Separation of labels, 0 to 1: Korsunsky et al. 2019, scaled after Luecken et al. 2022", "format": "{:,.3f}", "min": 0, "max": 1, "scale": "Greens"},
  "label_asw": {"title": "Label ASW", "description": "Silhouette of labels, 0 to 1: Luecken et al. 2022", "format": "{:,.3f}", "min": 0, "max": 1, "scale": "Greens"}
}`

// WriteMultiQCTable writes the run's row of MultiQC's table: cells and genes kept and
// left out, how training ended, scores.
func (d *Data) WriteMultiQCTable(w io.Writer) error {
	return writeJSON(w, tableSection{
		ID: "cellvi_summary", ParentID: parentID, ParentName: parentName, ParentAbout: parentAbout,
		Name: "Summary", Description: "What went in, how training ended, and how batches and labels lie in the latent.",
		PlotType: "table", Config: tableConfig{"cellvi_summary_table", "cellvi: summary", "cellvi"},
		Headers: json.RawMessage(tableHeaders), Data: map[string]map[string]any{d.sample(): d.tableRow()},
	})
}

// tableRow holds what there is to say; what is not finite is left out.
func (d *Data) tableRow() map[string]any {
	v, _ := d.History.judge()
	f := d.flows()
	row := map[string]any{
		"cells": d.Cells, "cells_left_out": f[0].left, "genes": d.Selected, "genes_left_out": f[1].left,
		"warnings": len(d.warnings()), "epochs": d.History.Epochs(), "training": string(v),
	}
	put := func(name string, value float64) {
		if finite(value) {
			row[name] = math.Round(value*1e6) / 1e6
		}
	}
	losses, _, of := d.History.watched()
	if n := len(losses); n > 0 && of == "validation" {
		put("elbo_validation", losses[n-1])
	}
	if n := len(d.History.KLWeight); n > 0 {
		put("kl_weight", d.History.KLWeight[n-1])
	}
	if c := d.Check; c != nil {
		put("khat_good", c.All().Encoder.Good)
		if g := c.All().AmortizationGap; g != nil {
			put("amortization_gap", g.Mean)
		}
	}
	if s := d.scores; s != nil {
		put("ilisi", s.iLISI)
		put("batch_asw", s.silhouetteBatch)
		put("clisi", s.cLISI)
		put("label_asw", s.silhouetteLabel)
		if len(s.batches) > 0 {
			row["batches_apart"] = len(in(d.batchRows(), bad))
		}
	}
	return row
}
