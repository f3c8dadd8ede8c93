package report

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// brief is what WriteMultiQC and WriteMultiQCTable write.
func brief(t *testing.T, write func(*Data, *strings.Builder) error, d *Data) string {
	t.Helper()
	var b strings.Builder
	if err := write(d, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func curves(d *Data, b *strings.Builder) error  { return d.WriteMultiQC(b) }
func summary(d *Data, b *strings.Builder) error { return d.WriteMultiQCTable(b) }

func TestMultiQC(t *testing.T) {
	d := exampleData(50, 2, 2, 12)
	d.History.ELBOTrain[4] = math.NaN()
	text := brief(t, curves, d)
	var got struct {
		ID      string
		Section string            `json:"section_name"`
		Parent  string            `json:"parent_id"`
		Plot    string            `json:"plot_type"`
		Config  map[string]string `json:"pconfig"`
		Data    map[string][][2]float64
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != "cellvi_elbo" || got.Parent != "cellvi" || got.Section != "ELBO" || got.Plot != "linegraph" || got.Config["id"] == got.ID {
		t.Errorf("id %q, parent %q, section %q, plot %q, plot's id %q", got.ID, got.Parent, got.Section, got.Plot, got.Config["id"])
	}
	train := got.Data["train: example"]
	if len(train) != 11 || len(got.Data["validation: example"]) != 12 {
		t.Errorf("%d training and %d validation points, want 11 and 12", len(train), len(got.Data["validation: example"]))
	}
	for i, p := range train {
		if want := float64(i + 1 + min(1, i/4)); p[0] != want || math.Abs(p[1]-d.History.ELBOTrain[int(want)-1]) > 0.05 {
			t.Errorf("point %d is %v, want epoch %v: epoch 5 was not measured", i, p, want)
		}
	}
}

// MultiQC takes everything but the data from one of the runs it shows.
func TestMultiQCSaysNothingOfOneRunButItsData(t *testing.T) {
	for name, write := range map[string]func(*Data, *strings.Builder) error{"curves": curves, "table": summary} {
		var heads []string
		for _, d := range []*Data{exampleData(50, 2, 2, 12), exampleData(500, 3, 4, 30)} {
			d.Title = d.Batch.Levels[len(d.Batch.Levels)-1]
			d.Measure(1)
			var file map[string]any
			if err := json.Unmarshal([]byte(brief(t, write, d)), &file); err != nil {
				t.Fatal(err)
			}
			for key := range file["data"].(map[string]any) {
				if !strings.Contains(key, d.Title) {
					t.Errorf("%s: %q does not name the run", name, key)
				}
			}
			delete(file, "data")
			head, err := json.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			heads = append(heads, string(head))
		}
		if heads[0] != heads[1] {
			t.Errorf("%s: two runs differ beside their data:\n%s\n%s", name, heads[0], heads[1])
		}
	}
}

func TestMultiQCTable(t *testing.T) {
	d := exampleData(600, 3, 4, 100)
	d.Measure(1)
	d.Check = exampleCheck()
	var got struct {
		Headers map[string]any
		Data    map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(brief(t, summary, d)), &got); err != nil {
		t.Fatal(err)
	}
	row := got.Data["example"]
	for name, want := range map[string]any{"cells": 600.0, "cells_left_out": 1.0, "genes": 2000.0, "genes_left_out": 26455.0, "warnings": 1.0, "training": "converged", "kl_weight": 0.2475} {
		if row[name] != want {
			t.Errorf("%s is %v, want %v", name, row[name], want)
		}
	}
	for name := range row {
		if got.Headers[name] == nil {
			t.Errorf("%s has no column", name)
		}
	}
	if len(row) != len(got.Headers) {
		t.Errorf("%d values for %d columns", len(row), len(got.Headers))
	}
}

func TestSampleIsNamedAfterTheInput(t *testing.T) {
	for path, want := range map[string]string{
		"data/pbmc.h5ad": "pbmc", "runs/a/store/cells.arrow": "a", "x.counts.csv.gz": "x.counts", "s1/filtered_feature_bc_matrix/matrix.mtx.gz": "s1",
		"matrix.mtx.gz": "matrix", ".h5ad": ".h5ad",
	} {
		d := &Data{Title: plainTitle, Stages: []Stage{{Inputs: []File{{Path: path, SHA256: "1"}}}}}
		if got := d.sample(); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if got := (&Data{Title: "mine"}).sample(); got != "mine" {
		t.Errorf("the title is %q", got)
	}
}
