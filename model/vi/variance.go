package vi

import "slices"

// Variance is how much an estimator of the ELBO's gradient in q's parameters varies.
type Variance struct {
	Estimator string
	Mean      []float64 // (parameters) over the repeats
	Each      []float64 // (parameters) variance of one estimate
	Sum       float64   // of Each
}

// Variances estimates the gradient of problem's ELBO at q, repeats times from samples draws (of each component,
// where a mixture is reparameterized), by every estimator that the family has, and gives the
// estimates' variances:
//
//	reparameterization                through the paths, q's entropy in closed form: Gaussians
//	sticking the landing              through the paths alone
//	score function                    log p − log q times the score
//	score function, control variates
//	score function, Rao-Blackwell     where the target is Factored and q diagonal
//	score function, both
//
// The parameters are means, logarithms of standard deviations (of the triangle's diagonal) and the triangle below it in
// units of its row's diagonal, for each component; then the logarithms of weights; or those of Transported. q must be of the family.
func Variances(t Target, problem int, f Family, q Approximation, samples, repeats int, seed uint64) []Variance {
	family := familyOf(f, q)
	factored, _ := t.(Factored)
	ways := []struct {
		name string
		way  way
	}{
		{"reparameterization", way{}},
		{"sticking the landing", way{landing: true}},
		{"score function", way{score: true}},
		{"score function, control variates", way{score: true, controls: true}},
		{"score function, Rao-Blackwell", way{score: true, parts: true}},
		{"score function, both", way{score: true, parts: true, controls: true}},
	}
	var out []Variance
	for _, w := range ways {
		_, can := family.(scored)
		if !w.way.score && !w.way.landing && f != Diag && f != Full {
			continue // no closed form of the entropy
		}
		if w.way.score && !can || w.way.parts && (factored == nil || f != Diag) {
			continue
		}
		m := measure{t: t, factored: factored, problem: problem, q: family, way: w.way}
		out = append(out, m.run(w.name, samples, repeats, seed))
	}
	return out
}

// familyOf is q's parameters.
func familyOf(f Family, q Approximation) parametric {
	switch q := q.(type) {
	case Gaussian:
		return newGaussianFamily(q, f == Full)
	case *Mixed:
		return newMixtureFamily(*q)
	case *Transported:
		x := newFlowFamily(q.Base)
		copy(x.Parameters, q.Parameters)
		return x
	}
	panic("vi: an approximation of no family")
}

// measure repeats one estimate.
type measure struct {
	t        Target
	factored Factored
	problem  int
	q        parametric
	way      way
	d        draws
}

func (m *measure) run(name string, samples, repeats int, seed uint64) Variance {
	size := len(m.q.parameters())
	rng, g, squares := stream(seed, measuring, uint64(m.problem)), make([]float64, size), make([]float64, size)
	v := Variance{Estimator: name, Mean: make([]float64, size), Each: make([]float64, size)}
	for r := range repeats {
		if m.way.score {
			m.d.draw(m.q, samples, rng)
		} else {
			m.d.reparameterize(m.q, samples, rng)
		}
		m.estimate(g)
		for i, x := range g { // Welford's means and squares
			d := x - v.Mean[i]
			v.Mean[i] += d / float64(r+1)
			squares[i] += d * (x - v.Mean[i])
		}
	}
	for i, s := range squares {
		v.Each[i] = s / float64(repeats-1)
		v.Sum += v.Each[i]
	}
	return v
}

// estimate evaluates the draws and writes the gradient.
func (m *measure) estimate(g []float64) {
	problems := slices.Repeat([]int{m.problem}, m.d.n)
	v := Values{LogP: make([]float64, m.d.n)}
	if !m.way.score {
		v.Grad = make([]float64, len(m.d.z))
	}
	m.t.Evaluate(problems, m.d.z, v)
	if m.way.parts {
		m.d.parts = resize(m.d.parts, len(m.d.z))
		m.factored.Parts(problems, m.d.z, m.d.parts)
	}
	if q, ok := m.q.(scored); ok && m.way.score {
		m.d.score(q, v, m.way, g)
		return
	}
	m.d.path(m.q, v, m.way.landing, g)
}
