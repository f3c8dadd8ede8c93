package stages

import (
	"cmp"
	"math"
	"slices"

	"cellvi/io/results"
)

// neighbour is a gene that moves with another.
type neighbour struct {
	gene int
	r    float64
}

// neighbours finds, for each of the first genes of x's order, those whose f moves with
// its own as z varies among the group's cells within batches:
//
//	r_gh = J_g Σ J_hᵀ / sqrt(J_g Σ J_gᵀ · J_h Σ J_hᵀ)
//
// J the mean gradient at the group's cells, Σ the covariance of z, the mean of the
// batches': the correlation of f_g and f_h, were they linear in z. A gene that does not
// move has none.
func (r *ranker) neighbours(x *rankedGroup, c int) [][]neighbour {
	l, g := r.strata.l, r.strata.genes
	sigma := make([]float64, l*l)
	for _, at := range r.strata.some([]int{r.ones[c]}, -1) {
		add(sigma, at.cov, float64(at.cells)/float64(x.n1))
	}
	weighted := make([]float64, l*g) // Σ Jᵀ
	for i := range l {
		for j := range l {
			add(weighted[i*g:(i+1)*g], x.end[j*g:(j+1)*g], sigma[i*l+j])
		}
	}
	variance := make([]float64, g)
	for i := range variance {
		for k := range l {
			variance[i] += x.end[k*g+i] * weighted[k*g+i]
		}
	}
	out := make([][]neighbour, min(r.options.Top, g))
	for i := range out {
		out[i] = nearest(x.order[i], r.options.Neighbours, l, x.end, weighted, variance)
	}
	return out
}

// nearest are the k genes of the highest correlations with gene.
func nearest(gene, k, l int, gradient, weighted, variance []float64) []neighbour {
	g := len(variance)
	var list []neighbour
	for h := range g {
		size := math.Sqrt(variance[gene] * variance[h])
		if h == gene || !(size > 0) {
			continue
		}
		sum := 0.0
		for i := range l {
			sum += weighted[i*g+gene] * gradient[i*g+h]
		}
		list = append(list, neighbour{h, max(-1, min(1, sum/size))})
	}
	slices.SortStableFunc(list, func(a, b neighbour) int { return cmp.Compare(b.r, a.r) })
	return list[:min(k, len(list))]
}

// neighbourSchema is the table's.
func neighbourSchema() results.Schema {
	return results.Schema{Columns: []results.Field{{Name: "group", Type: results.String}, {Name: "reference", Type: results.String},
		{Name: "gene_id", Type: results.String}, {Name: "rank", Type: results.Int32}, {Name: "neighbour", Type: results.String},
		{Name: "neighbour_rank", Type: results.Int32}, {Name: "correlation", Type: results.Float64}}}
}

// neighbourColumns are a comparison's rows.
func (x *rankedGroup) neighbourColumns(near [][]neighbour, genes []string) []results.Column {
	var ids, others []string
	var rank, place []int32
	var r []float64
	for i, list := range near {
		for k, n := range list {
			ids, others = append(ids, genes[x.order[i]]), append(others, genes[n.gene])
			rank, place, r = append(rank, int32(i+1)), append(place, int32(k+1)), append(r, n.r)
		}
	}
	return []results.Column{{Name: "group", String: repeat(x.name1, len(ids))}, {Name: "reference", String: repeat(x.name2, len(ids))},
		{Name: "gene_id", String: ids}, {Name: "rank", Int32: rank}, {Name: "neighbour", String: others},
		{Name: "neighbour_rank", Int32: place}, {Name: "correlation", Float64: r}}
}
