package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html sections.html checksection.html
var pages embed.FS

//go:embed page.css
var style string

//go:embed page.js
var script string

// page is what page.html shows.
type page struct {
	Title     string
	Version   string
	Glances   []glance
	Advice    []advice
	Facts     []fact
	Flows     []flow
	Warnings  []said
	Charts    []chart
	Scatters  []scatter
	Further   []scatter // on the next two components
	Sampled   string    // empty where every cell is drawn
	Scores    []scoreRow
	Measured  string // what the scores are of
	Batches   *levelTable
	Labels    *levelTable
	Check     *checkSection
	Inputs    []File
	InputSize int64
	Stages    []stageRow
	Outputs   []File
	Levels    []int // marks that the legend can single out
	Style     template.CSS
	Script    template.JS
}

// fact is one of the numbers at the top.
type fact struct{ Number, What string }

// levelTable is a table of batches or labels.
type levelTable struct {
	ID, Key, Caption   string
	Observed, Expected string // the columns' heads
	Rows               []levelRow
}

// Tall tells whether the table is to scroll.
func (t *levelTable) Tall() bool { return len(t.Rows) > 14 }

// WriteHTML writes the page.
func (d *Data) WriteHTML(w io.Writer) error {
	functions := template.FuncMap{"size": fileSize, "short": short, "path": shortPath, "sign": sign, "pieces": pieces}
	t, err := template.New("page.html").Funcs(functions).ParseFS(pages, "*.html")
	if err != nil {
		return err
	}
	return t.Execute(w, d.page())
}

// sign is a state's mark, for those who cannot tell its colour.
func sign(s state) string {
	return map[state]string{good: "✓", fair: "!", bad: "✗", unknown: "?"}[s]
}

func (d *Data) page() *page {
	p := &page{
		Title: d.Title, Glances: d.glances(), Advice: d.advise(), Facts: d.facts(), Flows: d.flows(), Warnings: d.warnings(),
		Charts: d.History.charts(), Scatters: d.scatters(1), Further: d.scatters(3), Sampled: d.sampled(),
		Scores: d.scoreRows(), Measured: d.measuredOn(), Batches: d.batchTable(), Labels: d.labelTable(), Check: d.Check.section(),
		Inputs: inputs(d.Stages), Outputs: outputs(d.Stages), Stages: d.stageRows(),
		Style: template.CSS(style), Script: template.JS(script), //nolint:gosec // both are this package's own files
	}
	for k := range maxLevels + 1 {
		p.Levels = append(p.Levels, k)
	}
	for _, f := range p.Inputs {
		p.InputSize += f.Size
	}
	for _, s := range d.Stages {
		p.Version = s.Version
	}
	return p
}

func (d *Data) batchTable() *levelTable {
	rows := d.batchRows()
	if len(rows) == 0 {
		return nil
	}
	t := &levelTable{ID: "batches", Key: d.Batch.Key, Caption: "How the batches of " + d.Batch.Key + " mix", Rows: rows,
		Observed: "Neighbours from other batches", Expected: "If fully mixed"}
	if len(d.scores.labels) > 0 {
		t.Expected = "If mixed within each label"
	}
	return t
}

func (d *Data) labelTable() *levelTable {
	rows := d.labelRows()
	if len(rows) == 0 {
		return nil
	}
	return &levelTable{ID: "labels", Key: d.Label.Key, Caption: "How the labels of " + d.Label.Key + " are separated", Rows: rows,
		Observed: "Neighbours of the same label", Expected: "By chance"}
}

func (d *Data) facts() []fact {
	number := func(n int) string { return thousands(int64(n)) }
	f := []fact{
		{number(d.Cells), fmt.Sprintf("cells, %s held out for validation", number(d.Validation))},
		{number(d.Selected), fmt.Sprintf("genes in the model, of %s", number(d.Genes))},
	}
	if d.Test > 0 {
		f = append(f, fact{number(d.Test), "cells in neither training nor validation"})
	}
	for _, g := range []Grouping{d.Batch, d.Label} {
		if g.Key != "" {
			f = append(f, fact{number(g.present()), "levels of " + g.Key})
		}
	}
	f = append(f, fact{number(len(d.Latent)), "latent dimensions"}, fact{number(d.History.Epochs()), "epochs"})
	for _, e := range []struct {
		values []float64
		of     string
	}{{d.History.ELBOTrain, "training"}, {d.History.ELBOValidation, "validation"}} {
		if v := lastFinite(e.values); finite(v) {
			f = append(f, fact{significant(v), e.of + " ELBO at the end, loss per cell"})
		}
	}
	return f
}
