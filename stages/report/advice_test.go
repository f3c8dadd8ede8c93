package report

import (
	"fmt"
	"strings"
	"testing"
)

func TestAdvice(t *testing.T) {
	fine := func() *Data {
		d := exampleData(600, 3, 4, 100)
		d.Stages[1].Warnings = nil
		for e := range d.History.KLWeight {
			d.History.KLWeight[e] = 1
		}
		return d
	}
	for name, c := range map[string]struct {
		change func(d *Data)
		want   string
	}{
		"nothing wrong": {func(*Data) {}, "[]"},
		"too short": {func(d *Data) {
			d.History.ELBOTrain, d.History.ELBOValidation = d.History.ELBOTrain[:3], d.History.ELBOValidation[:3]
		}, "--max-epochs 30"},
		"not converged": {func(d *Data) {
			d.History.ELBOTrain, d.History.ELBOValidation = d.History.ELBOTrain[:10], d.History.ELBOValidation[:10]
		}, "--max-epochs 20"},
		"KL weight rising": {func(d *Data) { d.History.KLWeight[98], d.History.KLWeight[99] = 0.2, 0.3 }, "--n-epochs-kl-warmup 50"},
		"a batch apart": {func(d *Data) {
			for i, b := range d.Batch.Codes {
				if b == 1 {
					d.Latent[9][i] += 50
				}
			}
		}, "1 batch of sample_id stands apart: donor 2"},
		"labels alike": {func(d *Data) {
			for i := range d.Label.Codes {
				d.Label.Codes[i] = int32(i / 3 % 4)
			}
		}, "4 labels of cell_type not separated"},
		"many left out": {func(d *Data) { d.Stages[1].Counts["cells_left_out_min_counts"] = 400 }, "40% of the cells were left out"},
		"all genes":     {func(d *Data) { d.Selected = 20000 }, "--n-top-genes 2000 to 4000"},
		"inputs joined": {func(d *Data) { d.Batch = Grouping{}; d.Stages[0].Inputs = make([]File, 3) }, "--batch-key input"},
		"collapsed":     {func(d *Data) { shrink(d, 10) }, "collapsed"},
		"narrow":        {func(d *Data) { shrink(d, 8) }, "Only 2 of the latent's 10 dimensions"},
	} {
		d := fine()
		c.change(d)
		d.Moments = momentsOf(d.Latent)
		d.Measure(1)
		got := fmt.Sprint(d.advise())
		if !strings.Contains(got, c.want) || strings.Contains(got, "%!") {
			t.Errorf("%s: %s, want %s in it", name, got, c.want)
		}
		if html := render(t, d); strings.Contains(html, "Nothing looks wrong.") != (c.want == "[]") {
			t.Errorf("%s: the page does not say so", name)
		}
	}
}

// shrink makes the last n dimensions of the latent nearly constant.
func shrink(d *Data, n int) {
	for _, z := range d.Latent[len(d.Latent)-n:] {
		for i := range z {
			z[i] *= 1e-3
		}
	}
}

func TestPieces(t *testing.T) {
	got := fmt.Sprint(pieces("Try --n-layers 2; or --batch-key input, --x."))
	if want := "[{Try  false} {--n-layers 2 true} {; or  false} {--batch-key input true} {,  false} {--x true} {. false}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// In a workflow a stage may have run many times, each in a folder of its own.
func TestPageOfParts(t *testing.T) {
	d := exampleData(60, 2, 2, 10)
	ingest, prepare := d.Stages[0], d.Stages[1]
	ingest.Counts = map[string]int64{"cells_left_out_keep": 5}
	d.Stages = []Stage{ingest, ingest, d.Stages[0], prepare}
	for i := range 8 {
		d.Stages = append(d.Stages, Stage{Name: "embed", Args: fmt.Appendf(nil, `{"part":"%d/8"}`, i+1), Seconds: 2, Warnings: []string{"the same"}})
	}
	f := d.flows()[0]
	if f.left != 11 || f.read != 71 {
		t.Errorf("%d of %d cells were left out, want 5 + 5 by --keep and 1 by --min-counts of 71", f.left, f.read)
	}
	html := render(t, d)
	for _, want := range []string{"embed, 8 times", "16 s in all", "the same (8 times)"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
}
