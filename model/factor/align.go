package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// align moves the solution where the likelihood does not change, x → T·x and
// w → T⁻ᵀ·w, to where the priors, with variances as they become best, like it more:
//
//	a → a − t₀, A → A − t     c → c + t₀ + B·t    (shift)
//	a → a + A·s               B → B − s           (shear)
//	A → R·A                   B → R⁻ᵀ·B           (turn)
//
// The first two are found by a few steps that never lower the ELBO, the third in
// closed form: Σ E[A Aᵀ] = n·I and Σ E[B Bᵀ] diagonal, falling (Luttinen & Ilin 2010,
// Neurocomputing 73:1093, for factor analysis). Factors are then principal axes; each
// one's sign makes its largest loading positive.
func (f *Fit) align() {
	m := newMotion(f)
	for range 3 {
		m.shift()
		m.shear()
	}
	m.turn()
	m.apply(f)
	f.updateVariances()
	f.flip()
}

// motion is T and T⁻ᵀ so far, and the sums that decide them.
type motion struct {
	s      size
	n, g   float64
	t, u   []float64 // (M, M) T and T⁻ᵀ
	cells  []float64 // (M, M) Σ_i E[x xᵀ]
	genes  []float64 // (M, M) Σ_j E[w wᵀ]
	logDet float64   // log|det R|
}

func newMotion(f *Fit) *motion {
	s := f.s
	m := &motion{s: s, n: f.stats.Cells, g: float64(s.genes), t: identity(s.m), u: identity(s.m),
		cells: append([]float64{}, f.stats.S...), genes: make([]float64, s.m*s.m)}
	x := newGeneScratch(s.m)
	for j := range s.genes {
		f.genes.w(j, s, x.w)
		f.genes.ww(j, s, x.w, x.ww)
		axpy(1, x.ww, m.genes)
	}
	return m
}

// move goes on by t, u = t⁻ᵀ.
func (m *motion) move(t, u []float64) {
	d := m.s.m
	m.t, m.u = product(t, m.t, d), product(u, m.u, d)
	m.cells, m.genes = congruence(t, m.cells, d), congruence(u, m.genes, d)
}

// shift raises −½ Σ_i E|A−t|² − (G/2) log Q(t), Q(t) = Σ_j E[(c + B·t − mean)²], by
// minorizing −log Q by its tangent, which is quadratic in t; and makes the mean of a 0.
func (m *motion) shift() {
	s, d := m.s, m.s.m
	v := func(a, b int) float64 { return m.genes[a*d+b] - m.genes[1*d+a]*m.genes[1*d+b]/m.g } // about the genes' mean
	mean := func(a int) float64 { return m.cells[a] / m.n }
	k := s.k
	p, h, shift := make([]float64, k*k), make([]float64, k), make([]float64, k)
	w := m.g / max(v(0, 0), math.SmallestNonzeroFloat64)
	for a := range k {
		for b := range k {
			p[a*k+b] = w * v(a+2, b+2)
		}
		p[a*k+a] += m.n
		h[a] = m.n*mean(a+2) - w*v(0, a+2)
	}
	if math.IsNaN(settle(p, h, shift, make([]float64, k*k))) || math.IsInf(w, 0) {
		clear(shift)
	}
	t, u := identity(d), identity(d)
	t[d], u[1] = -mean(1), mean(1)
	for a := range k {
		t[(a+2)*d], u[a+2] = -shift[a], shift[a]
	}
	m.move(t, u)
}

// shear raises −(n/2) log Σ_i E[(a + A·s)²] − (G/2) Σ_k log Σ_j E[(B_k − s_k)²] likewise.
func (m *motion) shear() {
	k, d := m.s.k, m.s.m
	p, h, by := make([]float64, k*k), make([]float64, k), make([]float64, k)
	w := m.n / m.cells[d+1]
	for a := range k {
		for b := range k {
			p[a*k+b] = w * m.cells[(a+2)*d+b+2]
		}
		v := m.g / m.genes[(a+2)*d+a+2]
		p[a*k+a] += m.g * v
		h[a] = v*m.genes[d+a+2] - w*m.cells[d+a+2]
	}
	if math.IsNaN(settle(p, h, by, make([]float64, k*k))) {
		return
	}
	t, u := identity(d), identity(d)
	for a := range k {
		t[d+a+2], u[(a+2)*d+1] = by[a], -by[a]
	}
	m.move(t, u)
}

// turn whitens A and makes the axes principal.
func (m *motion) turn() {
	k, d := m.s.k, m.s.m
	white := make([]float64, k*k) // L: L·Lᵀ = Σ E[A Aᵀ]/n
	for a := range k {
		for b := range k {
			white[a*k+b] = m.cells[(a+2)*d+b+2] / m.n
		}
	}
	if _, ok := cholesky(white, k); !ok {
		return
	}
	for a := range k {
		clear(white[a*k+a+1 : (a+1)*k])
	}
	inner := make([]float64, k*k)
	for a := range k {
		for b := range k {
			inner[a*k+b] = m.genes[(a+2)*d+b+2]
		}
	}
	axes, ok := principal(congruence(transposed(white, k), inner, k), k)
	if !ok {
		return
	}
	back := product(axes, transposed(white, k), k) // R⁻ᵀ = Qᵀ·Lᵀ
	turn, ok := inverted(transposed(back, k), k)   // R
	if !ok {
		return
	}
	t, u := identity(d), identity(d)
	for a := range k {
		for b := range k {
			t[(a+2)*d+b+2], u[(a+2)*d+b+2] = turn[a*k+b], back[a*k+b]
		}
		m.logDet -= math.Log(white[a*k+a])
	}
	m.move(t, u)
}

// principal gives the eigenvectors of a, symmetric (k, k), as rows, the largest
// eigenvalue's first.
func principal(a []float64, k int) ([]float64, bool) {
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(k, a), true) {
		return nil, false
	}
	var v mat.Dense
	e.VectorsTo(&v)
	out := make([]float64, k*k)
	for i := range k {
		for r := range k {
			out[i*k+r] = v.At(r, k-1-i) // gonum's ascend
		}
	}
	return out, true
}

func inverted(a []float64, k int) ([]float64, bool) {
	var out mat.Dense
	if err := out.Inverse(mat.NewDense(k, k, a)); err != nil {
		return nil, false
	}
	return append([]float64{}, out.RawMatrix().Data...), true
}

// apply moves genes and statistics.
func (m *motion) apply(f *Fit) {
	s, d, st := f.s, f.s.m, f.stats
	inner := make([]float64, s.d*s.d) // u, of v's elements
	for r := range s.d {
		for q := range s.d {
			inner[r*s.d+q] = m.u[place(r)*d+place(q)]
		}
	}
	st.S = congruence(m.t, st.S, d)
	st.LogDet -= 2 * st.Cells * m.logDet
	f.eachGene(func(j int, x *geneScratch) {
		f.genes.w(j, s, x.w)
		times(m.u, x.w, x.x)
		for r := range s.d {
			f.genes.Mean[j*s.d+r] = x.x[place(r)]
		}
		cov := f.genes.Cov[j*s.d*s.d : (j+1)*s.d*s.d]
		copy(cov, congruence(inner, cov, s.d))
		f.genes.LogDet[j] += 2 * m.logDet
		times(m.t, st.Y[j*d:(j+1)*d], x.y)
		copy(st.Y[j*d:(j+1)*d], x.y)
		if st.Out != nil {
			m.applyOut(st.Out[j*triangle(d):(j+1)*triangle(d)], x.s)
		}
	})
}

// applyOut moves a lower triangle, which x is room for.
func (m *motion) applyOut(out, x []float64) {
	d, at := m.s.m, 0
	for a := range d {
		for b := range a + 1 {
			x[a*d+b], x[b*d+a] = out[at], out[at]
			at++
		}
	}
	x, at = congruence(m.t, x, d), 0
	for a := range d {
		at += copy(out[at:], x[a*d:a*d+a+1])
	}
}

// flip makes each factor's largest loading positive.
func (f *Fit) flip() {
	s, d := f.s, f.s.m
	m := &motion{s: s, t: identity(d), u: identity(d)}
	any := false
	for k := range s.k {
		most := 0.0
		for j := range s.genes {
			if b := f.genes.Mean[j*s.d+k+1]; math.Abs(b) > math.Abs(most) {
				most = b
			}
		}
		if most < 0 {
			any = true
			m.t[(k+2)*d+k+2], m.u[(k+2)*d+k+2] = -1, -1
		}
	}
	if any {
		m.apply(f)
	}
}
