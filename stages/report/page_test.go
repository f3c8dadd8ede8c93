package report

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"
)

func render(t *testing.T, d *Data) string {
	t.Helper()
	var b strings.Builder
	if err := d.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageHoldsItsParts(t *testing.T) {
	html := render(t, exampleData(500, 3, 5, 100))
	for _, want := range []string{
		"<h1>example</h1>", "Converged: the validation ELBO", "still rising when training ended, at 0.2475",
		"Coloured by sample_id", "Coloured by cell_type", "donor 3", "type 5",
		"a-rather-long-name-of-a-sample", "1 cell has no counts", "genes in too few cells", "10,056",
		"3 min 7 s", "295 MB", "gene_likelihood=&#34;nb&#34;", "cellvi 0.1.0",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if n := strings.Count(html, "<svg class=\"chart\""); n != 4 {
		t.Errorf("%d charts, want 4", n)
	}
	if n := strings.Count(html, "<svg class=\"scatter\""); n != 2 {
		t.Errorf("%d scatters, want 2", n)
	}
	if strings.Contains(html, "ZgotmplZ") {
		t.Error("html/template refused a value in the page")
	}
}

func TestPageNeedsNothingElse(t *testing.T) {
	html := render(t, exampleData(500, 3, 5, 100))
	if found := regexp.MustCompile(`https?:|<script|<link|<img|@import|src=|url\([^#]`).FindString(html); found != "" {
		t.Errorf("the page holds %q: it must need no network", found)
	}
}

func TestPageIsTheSameEveryTime(t *testing.T) {
	first, second := render(t, exampleData(300, 3, 30, 20)), render(t, exampleData(300, 3, 30, 20))
	if first != second {
		t.Error("the same data gives two different pages")
	}
}

func TestPageQuotesNames(t *testing.T) {
	d := exampleData(50, 2, 2, 10)
	d.Title, d.Batch.Levels[0] = `<i>"t"`, `</svg><script>alert(1)</script>`
	if html := render(t, d); strings.Contains(html, "<script>") || strings.Contains(html, "<i>") {
		t.Error("a name from the data becomes markup")
	}
}

// Small or odd runs still have a page.
func TestPageOfOddRuns(t *testing.T) {
	nan := math.NaN()
	for name, change := range map[string]func(d *Data){
		"no run.json":       func(d *Data) { d.Stages = nil },
		"no annotations":    func(d *Data) { d.Batch, d.Label = Grouping{}, Grouping{} },
		"one epoch":         func(d *Data) { d.History = History{ELBOTrain: []float64{1}, KLWeight: []float64{0}} },
		"no epoch":          func(d *Data) { d.History = History{} },
		"no validation":     func(d *Data) { d.History.ELBOValidation, d.Validation = nil, 0 },
		"losses not finite": func(d *Data) { d.History.ELBOTrain = []float64{nan, math.Inf(1), nan, nan, nan} },
		"one dimension":     func(d *Data) { d.Latent = d.Latent[:1] },
		"latent constant":   func(d *Data) { d.Latent = [][]float32{make([]float32, 50), make([]float32, 50)} },
		"latent not finite": func(d *Data) { d.Latent[0][3] = float32(nan) },
		"no latent":         func(d *Data) { d.Latent = nil },
	} {
		t.Run(name, func(t *testing.T) {
			d := exampleData(50, 2, 2, 10)
			change(d)
			d.drawAll()
			html := render(t, d)
			paths := regexp.MustCompile(` d="[^"]*(NaN|Inf|99999)`)
			if found := paths.FindString(html); found != "" {
				t.Errorf("a path holds a number that is none: %q", found[:min(80, len(found))])
			}
			var b strings.Builder
			if err := d.WriteMultiQC(&b); err != nil || !json.Valid([]byte(b.String())) {
				t.Errorf("MultiQC: %v, %s", err, b.String())
			}
		})
	}
}

func TestPageSaysThatItSamples(t *testing.T) {
	d := exampleData(5000, 2, 2, 10)
	for j := range d.Latent {
		d.Latent[j] = d.Latent[j][:200]
	}
	d.Batch.Codes, d.Label.Codes = d.Batch.Codes[:200], d.Label.Codes[:200]
	if html := render(t, d); !strings.Contains(html, "200 of the 5,000 cells are drawn") {
		t.Error("the page does not say that it draws a part of the cells")
	}
}

func TestMultiQC(t *testing.T) {
	d := exampleData(50, 2, 2, 12)
	d.History.ELBOTrain[4] = math.NaN()
	var b strings.Builder
	if err := d.WriteMultiQC(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		ID, Description string
		Section         string            `json:"section_name"`
		Plot            string            `json:"plot_type"`
		Config          map[string]string `json:"pconfig"`
		Data            map[string]map[string]float64
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != "cellvi_elbo" || got.Section != "cellvi" || got.Plot != "linegraph" || got.Config["id"] == got.ID {
		t.Errorf("id %q, section %q, plot %q, plot's id %q", got.ID, got.Section, got.Plot, got.Config["id"])
	}
	train := got.Data["example train"]
	if _, ok := train["5"]; ok || len(train) != 11 || len(got.Data["example validation"]) != 12 {
		t.Errorf("%d training and %d validation points, want 11 and 12", len(train), len(got.Data["example validation"]))
	}
	if strings.Index(b.String(), `"10":`) < strings.Index(b.String(), `"9":`) {
		t.Error("epochs are not in their order")
	}
}
