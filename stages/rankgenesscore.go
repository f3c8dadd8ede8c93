package stages

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"cellvi/model"
)

// rankedGroup is one comparison's numbers; columns of genes are (G).
type rankedGroup struct {
	comparison
	*direction
	start, end                       []float64 // (L, G) mean gradients over the group's cells, at both ends of the way
	response, sdCells, sdBatches, sd []float64
	slopeStart, slopeEnd             []float64
	sure                             []model.Sureness
	q, lfc, observed                 []float64
	order                            []int // the genes, best first
	raw1, raw2                       rawMeans
	replicated                       int     // batches that are replicates
	fits, startFits, endFits         float64 // correlations with lfc
}

// score makes comparison c's numbers of the sums.
func (r *ranker) score(c int) *rankedGroup {
	s, d, one := r.strata, r.directions[c], r.ones[c]
	x := &rankedGroup{comparison: r.list[c], direction: d}
	x.start, x.end = perCell(s.slots[one].start, d.n1), perCell(s.slots[one].end, d.n1)
	x.slopeStart, x.slopeEnd = slopesAlong(x.start, d.v), slopesAlong(x.end, d.v)
	x.response = make([]float64, s.genes)
	for _, at := range s.some([]int{one}, -1) {
		add(x.response, at.response, 1/float64(d.n1))
	}
	x.lfc = s.contrasts(d, one, r.twos[c])
	x.raw1, x.raw2 = r.raw.groups(x.comparison)
	x.observed = make([]float64, s.genes)
	for g := range x.observed {
		x.observed[g] = math.Log2(x.raw1.normalized[g]+1) - math.Log2(x.raw2.normalized[g]+1)
	}
	r.errors(x, one)
	x.fits = stat.Correlation(x.response, x.lfc, nil)
	x.startFits, x.endFits = stat.Correlation(x.slopeStart, x.lfc, nil), stat.Correlation(x.slopeEnd, x.lfc, nil)
	x.sort()
	return x
}

// perCell is sums over n cells.
func perCell(sum []float64, n int) []float64 {
	out := make([]float64, len(sum))
	add(out, sum, 1/float64(n))
	return out
}

// slopesAlong is gradients (L, G) times a direction.
func slopesAlong(gradient, v []float64) []float64 {
	g := len(gradient) / len(v)
	out := make([]float64, g)
	for k, by := range v {
		add(out, gradient[k*g:(k+1)*g], by)
	}
	return out
}

// contrasts is the difference of the groups' mean f, batch by batch with the
// direction's weights.
func (s *strata) contrasts(d *direction, one int, two []int) []float64 {
	out := make([]float64, s.genes)
	for _, p := range d.parts {
		for _, at := range s.some([]int{one}, p.batch) {
			add(out, at.log, p.weight/float64(p.n1))
		}
		for _, at := range s.some(two, p.batch) {
			add(out, at.log, -p.weight/float64(p.n2))
		}
	}
	return out
}

// errors finds the responses' standard errors: over cells, and over batches where
// several are replicates; the larger counts.
func (r *ranker) errors(x *rankedGroup, one int) {
	r.cellErrors(x, one)
	x.sd, x.sdBatches = slices.Clone(x.sdCells), make([]float64, len(x.sdCells))
	parts := x.replicates()
	x.replicated = len(parts)
	batchDegrees := r.batchErrors(x, one, parts)
	x.sure = make([]model.Sureness, len(x.sd))
	for g := range x.sd {
		of := math.Inf(1)
		if x.sdBatches[g] > x.sd[g] {
			x.sd[g], of = x.sdBatches[g], batchDegrees
		}
		x.sure[g] = model.Sure(x.response[g], x.sd[g], of, r.options.Delta)
	}
}

// cellErrors are those of drawing the cells, and their z, anew. The response is the mean
// of r_i = f(z_i) − f(z_i − v) over the group's n cells, and v depends on them too: with
// y_i the cell's influence on v, and J the mean gradient at z_i − v,
//
//	Var R = (Var r + 2 J·Cov(r, y) + J Cov(y) Jᵀ)/n + J Cov(v, of the reference) Jᵀ
//
// (the delta method).
func (r *ranker) cellErrors(x *rankedGroup, one int) {
	s, to, n := r.strata, &r.strata.slots[one], float64(x.n1)
	own, other := quadratic(x.start, x.spread()), quadratic(x.start, x.noise)
	x.sdCells = make([]float64, s.genes)
	for g := range x.sdCells {
		v := (to.square[g]/n - x.response[g]*x.response[g]) * unbiased(n, float64(r.options.NSamples))
		for k := range s.l {
			v += 2 * x.start[k*s.genes+g] * to.cross[k*s.genes+g] / n
		}
		x.sdCells[g] = math.Sqrt(max(0, v+own[g])/n + other[g])
	}
}

// quadratic is J C Jᵀ of each gene's row of J, which is given as (L, G).
func quadratic(gradient, c []float64) []float64 {
	l := int(math.Sqrt(float64(len(c))) + 0.5)
	g := len(gradient) / l
	out := make([]float64, g)
	for i := range l {
		for j := range l {
			for k := range out {
				out[k] += gradient[i*g+k] * c[i*l+j] * gradient[j*g+k]
			}
		}
	}
	return out
}

// batchErrors are those over batches as replicates: batch b's response is the mean of
// its cells', from where its own v_b comes, by the mean gradient; variances are moderated over
// genes. It gives their degrees of freedom; NaN and 0 where there is one replicate or none.
func (r *ranker) batchErrors(x *rankedGroup, one int, parts []contrast) float64 {
	for g := range x.sdBatches {
		x.sdBatches[g] = math.NaN()
	}
	n := float64(len(parts))
	if n < 2 {
		return 0
	}
	of, variances := make([][]float64, len(parts)), make([]float64, len(x.sdBatches))
	for b, p := range parts {
		at, way := r.strata.at(one, p.batch), make([]float64, r.strata.l)
		for k := range way {
			way[k] = p.m1[k] - p.m2[k] - x.v[k]
		}
		of[b] = slopesAlong(x.start, way)
		add(of[b], at.response, 1/float64(at.cells))
	}
	values := make([]float64, len(parts))
	for g := range variances {
		for b := range of {
			values[b] = of[b][g]
		}
		variances[g] = stat.Variance(values, nil)
	}
	shrunk, degrees := model.Moderate(variances, n-1)
	for g, v := range shrunk {
		x.sdBatches[g] = math.Sqrt(v / n)
	}
	return degrees
}

// sort orders the genes by the lower bound of the response's size, and finds q: the
// share of genes, of those that are as likely to respond by delta at least, that is
// expected not to.
func (x *rankedGroup) sort() {
	x.order = make([]int, len(x.response))
	for i := range x.order {
		x.order[i] = i
	}
	slices.SortStableFunc(x.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(x.sure[b].Lower, x.sure[a].Lower), cmp.Compare(math.Abs(x.response[b]), math.Abs(x.response[a])))
	})
	likely := slices.Clone(x.order)
	slices.SortStableFunc(likely, func(a, b int) int { return cmp.Compare(x.sure[b].Beyond, x.sure[a].Beyond) })
	x.q = make([]float64, len(x.response))
	sum := 0.0
	for i, g := range likely {
		sum += 1 - x.sure[g].Beyond
		x.q[g] = sum / float64(i+1)
	}
}
