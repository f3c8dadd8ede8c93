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
			d.cut(3)
			d.DefaultEpochs = 400
		}, "--max-epochs 400."},
		"not converged": {func(d *Data) {
			d.cut(10)
			d.DefaultEpochs = 8
		}, "--max-epochs 20,"},
		"both short": {func(d *Data) { // the second advice is for as long a training as the first says
			d.cut(10)
			d.History.KLWeight[8], d.History.KLWeight[9], d.DefaultEpochs = 0.02, 0.025, 80
			d.Stages[2].Args = []byte(`{"n_epochs_kl_warmup":400}`)
		}, "--max-epochs 80, with --early-stopping to end when nothing is gained any more.} {The KL weight ended at 0.025, before its warm-up was over (scvi-tools does the same in short trainings). For a latent at full weight: --n-epochs-kl-warmup auto,"},
		"cured by epochs alone": {func(d *Data) {
			d.cut(10)
			d.History.KLWeight[8], d.History.KLWeight[9], d.DefaultEpochs = 0.02, 0.025, 400
			d.Stages[2].Args = []byte(`{"n_epochs_kl_warmup":400}`)
		}, "nothing is gained any more.}]"},
		"KL weight rising": {func(d *Data) { d.History.KLWeight[98], d.History.KLWeight[99] = 0.2, 0.3 }, "--n-epochs-kl-warmup auto"},
		"a batch apart": {func(d *Data) {
			for i, b := range d.Batch.Codes {
				if b == 1 {
					d.Latent[9][i] += 50
				}
			}
		}, "1 batch of sample_id stands apart: donor 2. Cells of the same cell_type lie apart too: check"},
		"batches apart in a short training": {func(d *Data) {
			d.cut(3)
			for i, b := range d.Batch.Codes {
				d.Latent[9][i] += 50 * float32(b)
			}
			d.Label = Grouping{}
		}, "Train to convergence first, and look again. See whether they have cell types"},
		"batch and label are the same": {func(d *Data) {
			for i, l := range d.Label.Codes { // so that no batch can mix
				d.Batch.Codes[i] = l % 3
			}
			d.Label.Codes = d.Batch.Codes
			d.drawAll()
		}, "[]"},
		"labels alike": {func(d *Data) {
			for i := range d.Label.Codes {
				d.Label.Codes[i] = int32(i / 3 % 4)
			}
		}, "4 labels of cell_type are not separated"},
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

// cut leaves the first epochs.
func (d *Data) cut(epochs int) {
	for _, of := range []*[]float64{&d.History.ELBOTrain, &d.History.ELBOValidation, &d.History.KLWeight} {
		*of = (*of)[:epochs]
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
