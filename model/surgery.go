package model

import (
	"fmt"
	"reflect"
	"slices"

	"cellvi/model/kernel"
)

// Levels are the numbers of levels of a model's covariates.
type Levels struct {
	Batch, Labels int
	Cats          []int // of each further categorical covariate
}

// Levels are those of the configuration.
func (c Config) Levels() Levels { return Levels{c.NBatch, c.NLabels, c.NCatsPerCov} }

// with is the configuration of a model of these levels.
func (c Config) with(l Levels) Config {
	c.NBatch, c.NLabels, c.NCatsPerCov = l.Batch, l.Labels, slices.Clone(l.Cats)
	return c
}

// What the weights of a new level begin as.
const (
	FromMean   = "mean"   // the mean of the reference's levels: a new level is an average one
	FromRandom = "random" // as a new model's, which is scvi-tools' way
)

// Extend gives a copy of a reference model that has new levels, each covariate's
// after its old ones (scArches, Lotfollahi et al. 2022, doi 10.1038/s41587-021-01001-7).
// New columns stand in their own covariate's block, behind the old ones: scvi-tools
// 1.4.2 appends them all at the end, where with several covariates the old columns no
// longer belong to their levels. What an old level does to a cell is unchanged. begin
// is FromMean or FromRandom, and seed is the latter's. The prior of a latent library
// size is left as a batch without cells has it for new batches: SetLibraryPrior.
func (v *VAE[T]) Extend(to Levels, begin string, seed uint64) (*VAE[T], error) {
	if v.Model != SCVI {
		return nil, fmt.Errorf("a model %s takes no query: its layers are not made for new levels, in scvi-tools neither", v.Model)
	}
	if err := v.Levels().grows(to); err != nil {
		return nil, err
	}
	n := New[T](v.with(to))
	n.Initialize(seed)
	graft := grafting[T]{random: begin == FromRandom}
	for i, p := range n.params { // both have the same parameters in the same order
		if old := v.params[i]; reflect.DeepEqual(old.shape, p.shape) {
			copy(p.w, old.w)
		}
	}
	olds := v.weights()
	for i, w := range n.weights() {
		copy(w.dense(), olds[i].dense())
		graft.columns(w.hot(), olds[i].hot(), w.out, v.hots(), n.hots())
	}
	if n.embed != nil {
		graft.levels(n.embed.w, v.embed.w, n.BatchEmbeddingDim, v.NBatch, n.NBatch)
	}
	if r := n.head.r; r != nil {
		for g := range n.NInput {
			lo, ln := v.head.r.codes, r.codes
			graft.levels(r.p.w[g*ln:(g+1)*ln], v.head.r.p.w[g*lo:(g+1)*lo], 1, lo, ln)
		}
	}
	for i, b := range n.buffers() { // running statistics, and the beginnings of the priors
		copy(b.x, v.buffers()[i].x)
	}
	return n, nil
}

// grows says what of to is not more levels of the same covariates.
func (l Levels) grows(to Levels) error {
	if len(l.Cats) != len(to.Cats) {
		return fmt.Errorf("%d categorical covariates for a model of %d", len(to.Cats), len(l.Cats))
	}
	olds, news := append([]int{l.Batch, l.Labels}, l.Cats...), append([]int{to.Batch, to.Labels}, to.Cats...)
	for i, n := range news {
		if n < olds[i] {
			return fmt.Errorf("covariate %d (batch, label, then the others) has %d levels, the reference %d: a query keeps all of them", i+1, n, olds[i])
		}
	}
	return nil
}

// weight is a layer's weight that one-hot columns are part of, where it is kept
// transposed: column after column, each of out numbers.
type weight[T kernel.Float] struct {
	p       *param[T]
	in, out int // columns before the one-hot ones
}

// dense are the columns before the one-hot ones, hot are those.
func (w weight[T]) dense() []T { return w.p.w[:w.in*w.out] }
func (w weight[T]) hot() []T   { return w.p.w[w.in*w.out:] }

// weights are those of all layers that covariates may be injected into: the
// encoders', then the decoder's.
func (v *VAE[T]) weights() (list []weight[T]) {
	for _, e := range v.encoders() {
		list = append(list, e.weights()...)
	}
	for _, l := range v.dec.linears {
		list = append(list, weight[T]{l.w, l.in, l.out})
	}
	return list
}

func (e *encoder[T]) weights() []weight[T] {
	list := []weight[T]{{e.in, e.genes + e.dense, e.h}}
	for _, l := range e.linears[1:] {
		list = append(list, weight[T]{l.w, l.in, l.out})
	}
	return list
}

// grafting brings a reference's numbers into an extended model.
type grafting[T kernel.Float] struct{ random bool }

// columns does the one-hot columns of a weight, covariate by covariate: to and from
// have out numbers a column. Neither has any where the layer sees no covariates.
func (g grafting[T]) columns(to, from []T, out int, olds, news []int) {
	if len(to) == 0 {
		return
	}
	for k, n := range news {
		lo, ln := columnsOf(olds[k:k+1]), columnsOf(news[k:k+1])
		if lo == 0 && ln > 0 { // one level until now, which had no column: it stays without effect
			clear(to[:out])
			g.levels(to[:ln*out], to[:out], out, 1, n)
		} else {
			g.levels(to[:ln*out], from[:lo*out], out, lo, ln)
		}
		to, from = to[ln*out:], from[lo*out:]
	}
}

// levels copies the numbers of lo levels, each of size, to the first of ln, and
// makes those of the others the mean unless they are to stay random. to may begin
// with from.
func (g grafting[T]) levels(to, from []T, size, lo, ln int) {
	copy(to, from[:lo*size])
	if g.random {
		return
	}
	for j := range size {
		sum := 0.0
		for l := range lo {
			sum += float64(from[l*size+j])
		}
		for l := lo; l < ln; l++ {
			to[l*size+j] = T(sum / float64(lo))
		}
	}
}
