package de

import "math"

// Change says which change of a gene between two groups counts.
type Change struct {
	Pseudocounts float64 // c, added to both shares; above 0
	Delta        float64 // least |lfc|, not negative
	TwoSided     bool    // up and down are one hypothesis (test_mode "two"), not two ("three")
}

// Effect is how much more of a gene the first group has than the second.
type Effect struct {
	DE, NotDE      Probability // |lfc| is delta at least; not so
	BayesFactor    float64     // of DE against NotDE
	Scale1, Scale2 float64     // means of the draws
	LFC            Summary     // log2 fold changes, with a thousandth of the pseudocounts
}

// shrunken is the part of the pseudocounts that the fold changes reported are
// computed with: all of them would pull these towards 0 (scvi-tools 1.4.2).
const shrunken = 1e-3

// Effect compares two groups by the size of the change (Boyeau et al. 2019).
//
// The probabilities need no logarithm: lfc ≥ δ where x+c ≥ 2^δ (y+c), and
// lfc < −δ where not x+c ≥ 2^−δ (y+c).
func (c Change) Effect(p Pairs, work *Scratch) Effect {
	changed := c.decide(p, work)
	return Effect{
		DE: changed, NotDE: changed.complement(), BayesFactor: BayesFactor(changed.P), Scale1: mean(p.X), Scale2: mean(p.Y),
		LFC: describe(work.foldChanges(p, shrunken*c.Pseudocounts)),
	}
}

// decide is the probability of a change up or down: of both together, or of that
// which is likelier.
func (c Change) decide(p Pairs, work *Scratch) Probability {
	up := term{1, relation{factor: math.Exp2(c.Delta), c: c.Pseudocounts}}
	notDown := term{-1, relation{factor: math.Exp2(-c.Delta), c: c.Pseudocounts}}
	if c.TwoSided {
		return work.shares(p, event{1, []term{up, notDown}})[0]
	}
	both := work.shares(p, event{0, []term{up}}, event{1, []term{notDown}})
	if both[1].P > both[0].P {
		return both[1]
	}
	return both[0]
}

// MeanFoldChange is the mean over pairs of log2(x+c) − log2(y+c).
func MeanFoldChange(p Pairs, pseudocounts float64, work *Scratch) float64 {
	sum := 0.0
	lfc := work.foldChanges(p, pseudocounts)
	for _, v := range lfc {
		sum += v
	}
	return sum / float64(len(lfc))
}

// foldChanges are log2(x+c) − log2(y+c), of each pair.
func (w *Scratch) foldChanges(p Pairs, c float64) []float64 {
	w.lfc = room(w.lfc, len(p.X))
	for i, x := range p.X {
		w.lfc[i] = math.Log((float64(x)+c)/(float64(p.Y[i])+c)) * (1 / math.Ln2)
	}
	return w.lfc
}
