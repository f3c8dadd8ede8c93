package de

// Preference says which of two groups has more of a gene.
type Preference struct {
	M1, M2         Probability // x > y; not so
	BayesFactor    float64     // of M1 against M2
	Scale1, Scale2 float64     // means of the draws
}

// Vanilla compares two groups by which has the larger share (Lopez et al. 2018).
func Vanilla(p Pairs, work *Scratch) Preference {
	m1 := work.shares(p, event{terms: []term{{1, relation{factor: 1, strict: true}}}})[0]
	return Preference{M1: m1, M2: m1.complement(), BayesFactor: BayesFactor(m1.P), Scale1: mean(p.X), Scale2: mean(p.Y)}
}
