package stages

import (
	"context"
	"math"
	"strconv"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"

	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// float64s are fields of float64.
func float64s(names ...string) (fields []results.Field) {
	for _, name := range names {
		fields = append(fields, results.Field{Name: name, Type: results.Float64})
	}
	return fields
}

// writeLibrary writes library sizes. Of a latent one, log l ~ N(m, v): its mean
// exp(m + v/2), m, v, and quantiles exp(m + z·sqrt v), z the standard normal's.
func (d *drawing) writeLibrary(ctx context.Context, path string) error {
	t := d.newCellTable(float64s("library")...)
	t.of = model.Generation{Batch: -1, Latent: true}
	latent := !d.vae.UseObservedLibSize && !d.vae.UseSizeFactor
	if !latent {
		what := "total counts"
		if d.vae.UseSizeFactor {
			what = "size factors"
		}
		d.job.Note("the model's library sizes are observed: %s", what)
		t.put = func(x *model.Generated, i int, columns []results.Column, at int) {
			columns[0].Float64[at] = float64(x.Observed[i])
		}
		return t.write(ctx, path, "reading")
	}
	t.fields = float64s("library", "library_log_mean", "library_log_var", "library_observed")
	var z []float64
	for _, q := range d.options.Quantiles {
		t.fields = append(t.fields, float64s("library_q"+strconv.FormatFloat(q, 'g', -1, 64))...)
		z = append(z, distuv.UnitNormal.Quantile(q))
	}
	t.put = func(x *model.Generated, i int, columns []results.Column, at int) {
		m, v := float64(x.LibraryMean[i]), float64(x.LibraryVar[i])
		columns[0].Float64[at], columns[1].Float64[at], columns[2].Float64[at] = math.Exp(m+v/2), m, v
		columns[3].Float64[at] = float64(x.Observed[i])
		for k := range z {
			columns[4+k].Float64[at] = math.Exp(m + z[k]*math.Sqrt(v))
		}
	}
	return t.write(ctx, path, "encoding")
}

// writeELBO writes each cell's ELBO, −(R + KL), and its parts, R the mean over the
// draws, or at the posterior's mean.
func (d *drawing) writeELBO(ctx context.Context, path string) error {
	t := d.newCellTable(float64s("elbo", "reconstruction_error", "kl_z", "kl_library")...)
	t.of.Losses = true
	t.put = func(x *model.Generated, i int, columns []results.Column, at int) {
		columns[1].Float64[at] += x.Rec[i] / float64(max(1, d.draws))
		columns[2].Float64[at], columns[3].Float64[at] = x.KL[i], x.KLLibrary[i]
		columns[0].Float64[at] = -(columns[1].Float64[at] + x.KL[i] + x.KLLibrary[i])
	}
	return d.averaged(ctx, t, path, "scoring", "the mean ELBO of a cell is %.6g nats (higher is better)")
}

// writeMarginal writes the importance-weighted estimate of each cell's log p(x).
func (d *drawing) writeMarginal(ctx context.Context, path string) error {
	if d.vae.Model == model.AutoZI {
		return pipeline.Usage("%s: %s", d.kind, "AUTOZI decides on zero inflation for all cells at once, and so has no likelihood of a cell alone")
	}
	t := d.newCellTable(float64s("marginal_ll", "effective_draws")...)
	t.of.Losses = true
	var mutex sync.Mutex
	work := map[int]*model.Evidence{}
	evidence := func(at int) *model.Evidence {
		mutex.Lock()
		defer mutex.Unlock()
		if work[at] == nil {
			work[at] = &model.Evidence{}
		}
		return work[at]
	}
	t.put = func(x *model.Generated, i int, columns []results.Column, at int) {
		e := evidence(at - i)
		if i == 0 {
			e.Add(x)
		}
		if x.Sample == d.draws-1 {
			columns[0].Float64[at], columns[1].Float64[at] = e.LogLikelihood(i), e.EffectiveDraws(i)
		}
		if x.Sample == d.draws-1 && i == x.N-1 {
			mutex.Lock()
			delete(work, at-i)
			mutex.Unlock()
		}
	}
	return d.averaged(ctx, t, path, "weighing", "the mean marginal log-likelihood of a cell is %.6g nats (higher is better)")
}

// averaged writes the table and tells the mean of its first column over cells.
func (d *drawing) averaged(ctx context.Context, t *cellTable, path, what, text string) error {
	sum := 0.0
	t.seen = func(columns []results.Column) {
		for _, v := range columns[0].Float64 {
			sum += v
		}
	}
	if err := t.write(ctx, path, what); err != nil {
		return err
	}
	if len(d.rows) > 0 {
		d.job.Note(text, sum/float64(len(d.rows)))
	}
	return nil
}
