package stages

import (
	"errors"
	"math"

	"cellvi/io/counts"
	"cellvi/model/hvg"
	"cellvi/pipeline"
)

func (d *decisions) saySingular(c *hvg.Clipped) {
	for b, level := range d.hvg.levels {
		if n := c.Singular(b); n > 0 {
			d.job.Warn("gene selection%s: at %s the regression has fewer than three distinct means to go by, and is rough there (--hvg-span)", d.inBatch(level), plural(int64(n), "place", "places"))
		}
	}
}

// sayTied tells where the order of the genes in the data decided which of them
// were taken.
func (d *decisions) sayTied() {
	r := d.genes.hvg
	if len(r.Order) == 0 {
		return
	}
	last, oneBatch := r.Order[len(r.Order)-1], d.present() == 1
	tied, left := int64(0), false
	for g := range r.Selected {
		if ties(r, g, last, oneBatch) {
			tied, left = tied+1, left || !r.Selected[g]
		}
	}
	if left {
		d.job.Note("%d genes tie at the boundary of --n-top-genes: those first in the data are taken", tied)
	}
}

// present is the number of batches of the selection that have kept cells.
func (d *decisions) present() int {
	met := map[int32]bool{}
	for _, row := range d.rows {
		met[d.hvg.at(int(row))] = true
	}
	return len(met)
}

// ties tells genes of equal standing. Within one batch every rank is another's,
// and what is behind it decides; a gene that was not to choose from has no
// variance.
func ties(r *hvg.Result, a, b int, oneBatch bool) bool {
	if oneBatch {
		return r.VariancesNorm[a] == r.VariancesNorm[b]
	}
	unranked := math.IsNaN(r.Rank[a]) && math.IsNaN(r.Rank[b]) && !math.IsNaN(r.VariancesNorm[a])
	return unranked || r.Rank[a] == r.Rank[b] && r.NBatches[a] == r.NBatches[b]
}

func (d *decisions) inBatch(level string) string {
	if d.hvg.key == "" {
		return ""
	}
	return " in " + counts.Printable(d.hvg.key) + " " + counts.Printable(level)
}

// noFit says which batch has too little for the regression.
func (d *decisions) noFit(err error) error {
	var fit *hvg.FitError
	if !errors.As(err, &fit) {
		return err
	}
	where := d.stage.Store() + ": gene selection" + d.inBatch(d.hvg.levels[fit.Batch])
	if errors.Is(fit.Err, hvg.ErrOneCell) {
		return pipeline.BadInput("%s: it has one cell, and %w: choose another --hvg-batch-key, or leave that cell out of the data", where, fit.Err)
	}
	return pipeline.BadInput("%s, %s that vary: %w: %s", where, size(fit.Cells, int64(fit.Genes)), fit.Err, d.fitAdvice(fit))
}

// fitAdvice fits the cause: with fewer than four genes no span helps.
func (d *decisions) fitAdvice(fit *hvg.FitError) string {
	advice := "raise --hvg-span"
	if fit.Genes < 4 {
		advice = "leave --n-top-genes out"
	}
	if d.hvg.key != "" {
		advice += ", or choose another --hvg-batch-key"
	}
	return advice
}
