package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
)

//go:embed page.html
var pageHTML string

// page is what page.html shows.
type page struct {
	Title     string
	Version   string
	Judgement string
	Facts     []fact
	Charts    []chart
	Scatters  []scatter
	Sampled   string // empty where every cell is drawn
	Inputs    []File
	Left      []leftOut
	Stages    []stageRow
	Outputs   []File
	Levels    []int // marks that the legend can single out
}

// fact is one of the numbers at the top.
type fact struct{ Number, What string }

// leftOut is what a stage counted and warned of.
type leftOut struct {
	Stage    string
	Counts   []fact
	Warnings []string
}

// stageRow is how one stage ran.
type stageRow struct {
	Name, Duration, Memory string
	Options                []fact
}

// WriteHTML writes the page.
func (d *Data) WriteHTML(w io.Writer) error {
	functions := template.FuncMap{"size": fileSize, "short": short}
	t, err := template.New("page").Funcs(functions).Parse(pageHTML)
	if err != nil {
		return err
	}
	return t.Execute(w, d.page())
}

func (d *Data) page() *page {
	p := &page{
		Title: d.Title, Judgement: d.History.judgement(), Facts: d.facts(),
		Charts: d.History.charts(), Scatters: d.scatters(), Sampled: d.sampled(),
		Inputs: inputs(d.Stages), Outputs: outputs(d.Stages),
	}
	for k := range maxLevels + 1 {
		p.Levels = append(p.Levels, k)
	}
	for _, s := range d.Stages {
		p.Version = s.Version
		p.Stages = append(p.Stages, s.row())
		if l := s.leftOut(); len(l.Counts)+len(l.Warnings) > 0 {
			p.Left = append(p.Left, l)
		}
	}
	return p
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
			f = append(f, fact{number(len(g.Levels)), "levels of " + g.Key})
		}
	}
	f = append(f, fact{number(len(d.Latent)), "latent dimensions"}, fact{number(d.History.Epochs()), "epochs"})
	for _, e := range []struct {
		values []float64
		of     string
	}{{d.History.ELBOTrain, "training"}, {d.History.ELBOValidation, "validation"}} {
		if anyFinite(e.values) {
			f = append(f, fact{significant(e.values[len(e.values)-1]), e.of + " ELBO at the end, loss per cell"})
		}
	}
	return f
}

// scatters draws the latent once for each annotation, once plain where there is none.
func (d *Data) scatters() []scatter {
	if d.drawn() == 0 {
		return nil
	}
	p := project(d.Latent, &d.Moments)
	var all []scatter
	for _, g := range []struct {
		id string
		Grouping
	}{{"batch", d.Batch}, {"label", d.Label}} {
		if g.Key != "" {
			all = append(all, newScatter(g.id, "Coloured by "+g.Key, p, g.Grouping))
		}
	}
	if len(all) == 0 {
		one := Grouping{Levels: []string{"cells"}, Codes: make([]int32, d.drawn()), Cells: []int{d.Cells}}
		all = append(all, newScatter("cells", "All cells", p, one))
	}
	return all
}

func (d *Data) sampled() string {
	if d.drawn() >= d.Cells {
		return ""
	}
	return fmt.Sprintf("%s of the %s cells are drawn, chosen at random and the same every time; components, variances and the legends' numbers are those of all cells.",
		thousands(int64(d.drawn())), thousands(int64(d.Cells)))
}

// inputs are the files that came from outside: read by a stage, written by none.
func inputs(stages []Stage) []File {
	written := map[string]bool{}
	for _, f := range outputs(stages) {
		written[f.Path] = true
	}
	var in []File
	seen := map[string]bool{}
	for _, s := range stages {
		for _, f := range s.Inputs {
			if !written[f.Path] && !seen[f.Path] {
				in = append(in, f)
				seen[f.Path] = true
			}
		}
	}
	return in
}

func outputs(stages []Stage) []File {
	var out []File
	for _, s := range stages {
		out = append(out, s.Outputs...)
	}
	return out
}

func (s Stage) leftOut() leftOut {
	l := leftOut{Stage: s.Name, Warnings: s.Warnings}
	for _, name := range slices.Sorted(maps.Keys(s.Counts)) {
		l.Counts = append(l.Counts, fact{thousands(s.Counts[name]), words(name)})
	}
	return l
}

func (s Stage) row() stageRow {
	row := stageRow{Name: s.Name, Duration: duration(s.Seconds)}
	if s.PeakMemory > 0 {
		row.Memory = fileSize(s.PeakMemory)
	}
	if s.Seed != nil {
		row.Options = append(row.Options, fact{fmt.Sprint(*s.Seed), "seed"})
	}
	var args map[string]json.RawMessage
	if json.Unmarshal(s.Args, &args) != nil {
		return row // no options, or none that have names
	}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if text := string(args[name]); name != "seed" && text != "null" && text != `""` {
			row.Options = append(row.Options, fact{text, name})
		}
	}
	return row
}

// short is the start of a hash, enough to compare by eye.
func short(hash string) string { return hash[:min(12, len(hash))] }
