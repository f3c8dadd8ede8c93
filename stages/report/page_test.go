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
		"a-rather-long-name-of-a-sample", "1 cell has no counts", "are found in fewer cells than --min-cells", "− 10,056",
		"3 min 7 s", "295 MB", "gene_likelihood=&#34;nb&#34;", "cellvi 0.1.0",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if n := strings.Count(html, "<svg class=\"chart\""); n != 4 {
		t.Errorf("%d charts, want 4", n)
	}
	if n := strings.Count(html, "<svg class=\"scatter\""); n != 4 {
		t.Errorf("%d scatters, want 4: batch and label, on two pairs of components", n)
	}
	if strings.Contains(html, "ZgotmplZ") {
		t.Error("html/template refused a value in the page")
	}
}

func TestPageNeedsNothingElse(t *testing.T) {
	html := render(t, exampleData(500, 3, 5, 100))
	if found := regexp.MustCompile(`https?:|//[a-z]|<script .|<link|<img|@import|src=|url\([^#]|\bimport\(|fetch\(`).FindString(html); found != "" {
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
	if html := render(t, d); strings.Contains(html, "<script>alert") || strings.Contains(html, "<i>") || strings.Count(html, "</script>") != 1 {
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

// The page is well-formed as XML, but for the elements that HTML leaves open, and
// its tables and pictures can be told apart without seeing them.
func TestPageIsWellFormed(t *testing.T) {
	for name, d := range map[string]*Data{"many": exampleData(3000, 100, 60, 5), "few": exampleData(30, 1, 1, 3)} {
		d.Measure(1)
		html := render(t, d)
		checkNesting(t, name, html)
		if n := strings.Count(html, "<table"); n != strings.Count(html, "<caption>") {
			t.Errorf("%s: %d tables, %d captions", name, n, strings.Count(html, "<caption>"))
		}
		for _, svg := range regexp.MustCompile(`<svg [^>]*>`).FindAllString(html, -1) {
			if !strings.Contains(svg, "aria-label") && !strings.Contains(svg, `aria-hidden="true"`) {
				t.Errorf("%s: %s says nothing to those who cannot see it", name, svg)
			}
		}
		if regexp.MustCompile(`<th(>| class)`).MatchString(html) {
			t.Errorf("%s: a head of a table does not say what of", name)
		}
		ids := regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(html, -1)
		seen := map[string]bool{}
		for _, id := range ids {
			if seen[id[1]] {
				t.Errorf("%s: two elements are %s", name, id[1])
			}
			seen[id[1]] = true
		}
		for _, to := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(html, -1) {
			if !seen[to[1]] {
				t.Errorf("%s: a link leads to %s, which there is not", name, to[1])
			}
		}
	}
}

// checkNesting holds every element to be closed where it should be.
func checkNesting(t *testing.T, name, html string) {
	t.Helper()
	body := regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`).ReplaceAllString(html, "")
	var open []string
	for _, m := range regexp.MustCompile(`<(/?)([a-zA-Z0-9]+)[^>]*?(/?)>`).FindAllStringSubmatch(body, -1) {
		switch tag := m[2]; {
		case m[3] == "/" || tag == "meta" || tag == "br":
		case m[1] == "":
			open = append(open, tag)
		case len(open) == 0 || open[len(open)-1] != tag:
			t.Fatalf("%s: </%s> closes %v", name, tag, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: %v are not closed", name, open)
	}
}

// Twenty thousand cells, with covariates, stay within some megabytes.
func TestPageIsNotLarge(t *testing.T) {
	d := exampleData(20_000, 100, 60, 400)
	for range 10 {
		d.Covariates = append(d.Covariates, d.Batch)
	}
	for i := range d.drawn() {
		d.Library = append(d.Library, float32(100+i))
	}
	if n := len(render(t, d)); n > 4_000_000 {
		t.Errorf("%d bytes", n)
	}
}

func TestLibrarySteps(t *testing.T) {
	d := &Data{}
	for i := range 1000 {
		d.Library = append(d.Library, float32(math.Pow(10, 2+2*float64(i)/999)))
	}
	d.Library[0] = 0 // a cell without counts
	g := d.libraryGrouping()
	if want := "under 260 counts|260 to 640|640 to 1,600|1,600 to 3,900|3,900 and more"; strings.Join(g.Levels, "|") != want {
		t.Errorf("%v, want %s", g.Levels, want)
	}
	for i, v := range d.Library {
		if at := g.Codes[i]; at > 0 && v < []float32{260, 640, 1600, 3900}[at-1] || at < 4 && v >= []float32{260, 640, 1600, 3900}[at] {
			t.Fatalf("%v counts are in step %d", v, at)
		}
	}
	if g := (&Data{Library: []float32{5, 5, 5}}).libraryGrouping(); g.given() {
		t.Errorf("cells of one size are drawn in steps %v", g.Levels)
	}
}
