package model

import (
	"slices"
	"sort"

	"cellvi/model/kernel"
)

// Freezing says what of a reference model stays as it is while a query's cells are
// learned. Names are those of scvi-tools' load_query_data.
type Freezing struct {
	Unfrozen          bool `json:"unfrozen"`                   // nothing is frozen
	Dropout           bool `json:"freeze_dropout"`             // no dropout in TrainingMode
	Expression        bool `json:"freeze_expression"`          // the encoder's first layer, but for new levels' columns
	DecoderFirstLayer bool `json:"freeze_decoder_first_layer"` // but for the covariates' columns
	BatchNormEncoder  bool `json:"freeze_batchnorm_encoder"`   // scale, shift and running statistics
	BatchNormDecoder  bool `json:"freeze_batchnorm_decoder"`
	// TrainingMode normalizes by the statistics of each minibatch and drops units out,
	// as training a reference does. Without it running statistics normalize, nothing is
	// dropped out, and running statistics stay: so scvi-tools 1.4.2 trains a query under
	// Lightning 2.2 and later, which leave the model in the evaluation mode it is loaded in.
	TrainingMode bool `json:"training_mode"`
}

// KeepsLatent says whether a reference cell's latent has the same bits after training.
func (f Freezing) KeepsLatent() bool { return !f.Unfrozen && f.Expression && f.BatchNormEncoder }

// span is elements lo … hi−1 of the slabs.
type span struct{ lo, hi int }

// Freeze leaves only some of the parameters to move in training: the columns of
// covariates in every layer that has them, the decoder's batch normalization, the
// encoder of a latent library size, and what f says. Of z's encoder only the columns
// of levels that the reference old did not have move, so that its cells' latents stay:
// in scvi-tools those of old levels move too. Vectors and dispersions of new levels
// move, which in scvi-tools stay as they were drawn. What is frozen is left alone by
// weight decay too.
func (v *VAE[T]) Freeze(f Freezing, old Levels) {
	if !f.TrainingMode || f.Dropout {
		v.DropoutRate = 0
	}
	for _, n := range v.norms() {
		n.still = !f.TrainingMode
	}
	if f.Unfrozen {
		return
	}
	if f.BatchNormEncoder {
		stop(v.enc.hiddens)
	}
	if f.BatchNormDecoder {
		stop(v.dec.hiddens)
	}
	m := &moving[T]{}
	m.encoder(v.enc, f, v.with(old).hots(), v.hots())
	if v.lib != nil {
		m.all(v.lib)
	}
	m.decoder(v.dec, f)
	if v.embed != nil {
		m.add(v.embed, old.Batch*v.BatchEmbeddingDim, v.NBatch*v.BatchEmbeddingDim)
	}
	if r := v.head.r; r != nil {
		m.codes(r, old)
	}
	v.moves = m.settle()
}

// stop keeps the running statistics of batch normalizations.
func stop[T kernel.Float](layers []*hidden[T]) {
	for _, h := range layers {
		if h.norm != nil {
			h.norm.momentum = 0
		}
	}
}

// moving collects what may move.
type moving[T kernel.Float] struct{ spans []span }

// add takes elements from … to−1 of a parameter.
func (m *moving[T]) add(p *param[T], from, to int) {
	if to > from {
		m.spans = append(m.spans, span{p.lo + from, p.lo + to})
	}
}

func (m *moving[T]) whole(list ...*param[T]) {
	for _, p := range list {
		m.add(p, 0, len(p.w))
	}
}

// encoder takes the columns of new levels, and what f leaves free.
func (m *moving[T]) encoder(e *encoder[T], f Freezing, olds, news []int) {
	for i, w := range e.weights() {
		if i == 0 && !f.Expression {
			m.whole(w.p, e.bias)
			continue
		}
		at := w.in * w.out
		for k := range news {
			if at == len(w.p.w) { // the layer sees no covariates
				break
			}
			n := columnsOf(news[k : k+1])
			m.add(w.p, at+min(olds[k], n)*w.out, at+n*w.out)
			at += n * w.out
		}
	}
	if !f.BatchNormEncoder {
		m.norms(e.hiddens)
	}
}

// decoder takes all columns of covariates, and what f leaves free.
func (m *moving[T]) decoder(d *decoder[T], f Freezing) {
	for i, l := range d.linears {
		if i == 0 && !f.DecoderFirstLayer {
			m.whole(l.w, l.b)
			continue
		}
		m.add(l.w, l.in*l.out, len(l.w.w))
	}
	if !f.BatchNormDecoder {
		m.norms(d.hiddens)
	}
}

func (m *moving[T]) norms(layers []*hidden[T]) {
	for _, h := range layers {
		if h.norm != nil {
			m.whole(h.norm.gamma, h.norm.beta)
		}
	}
}

// all takes every parameter of an encoder.
func (m *moving[T]) all(e *encoder[T]) {
	m.whole(e.in, e.bias)
	for _, l := range append(slices.Clone(e.linears[1:]), e.mean, e.variance) {
		m.whole(l.w, l.b)
	}
	m.norms(e.hiddens)
}

// codes takes the numbers of new batches, or labels, of every gene.
func (m *moving[T]) codes(c *coded[T], old Levels) {
	before := old.Batch
	if c.label {
		before = old.Labels
	}
	if c.codes == 1 {
		return
	}
	for at := 0; at < len(c.p.w); at += c.codes {
		m.add(c.p, at+before, at+c.codes)
	}
}

// settle gives what may move, ascending; not nil.
func (m *moving[T]) settle() []span {
	slices.SortFunc(m.spans, func(a, b span) int { return a.lo - b.lo })
	return append([]span{}, m.spans...)
}

// within calls do with what of elements lo … hi−1 may move: all of them where moves
// is nil.
func within(moves []span, lo, hi int, do func(lo, hi int)) {
	if moves == nil {
		do(lo, hi)
		return
	}
	first := sort.Search(len(moves), func(i int) bool { return moves[i].hi > lo })
	for _, m := range moves[first:] {
		if m.lo >= hi {
			return
		}
		do(max(lo, m.lo), min(hi, m.hi))
	}
}

// Free is how many of all parameters may move.
func (v *VAE[T]) Free() (free, all int) {
	all = len(v.value)
	within(v.moves, 0, all, func(lo, hi int) { free += hi - lo })
	return free, all
}
