package model

import (
	"math"

	"cellvi/model/kernel"
)

// curveGenes is the genes whose tangents are made at once: they stay in the
// second-level cache.
const curveGenes = 64

// curve is the workspace of curvature.
type curve struct {
	tangent []float32 // (L, K, ld) of what the outputs see
	t       []float32 // (L, curveGenes, ld) of the outputs
	w       []float32 // (curveGenes, ld) Fisher's information of log mu
	sums    []float32 // ((L+1)(L+2)/2, ld), see kernel.Ops.Squares
	mean    []float32 // (L, ld) Σ_g rho_g t_g
	theta   []float32 // (ld) exp(r) of a gene
	present []float32 // of each code that the pass has
}

// curvature writes Gauss-Newton's approximation of −∇² log p in the coordinates, after
// decode and before score. With t = ∂y/∂z the outputs' tangents, those of log mu are
//
//	j_g = t_g − Σ_k rho_k t_k,   and 1 in log l
//
// and the approximation is Σ_g w_g j_g j_gᵀ plus the prior's, w_g Fisher's information of
// log mu: mu theta/(mu+theta) of the negative binomial, mu of Poisson, (mu/sigma)² of the
// normal, and with zero inflation the share of it that is not inflated. What theta and the
// zero inflation themselves say of z where they are outputs is left out: it is never
// negative, so the approximation stays a curvature.
func (c *Conditional) curvature(out []float64) {
	v, x, ld := c.vae, &c.curve, c.pass.head.ld
	l := v.NLatent
	x.sums, x.mean = resize(x.sums, (l+1)*(l+2)/2*ld), resize(x.mean, l*ld)
	clear(x.sums)
	clear(x.mean)
	x.tangent = resize(x.tangent, l*v.head.scale.k*ld)
	for k := range l {
		c.at = resize(c.at, c.mini.B*l)
		clear(c.at)
		for b := range c.mini.B {
			c.at[b*l+k] = 1
		}
		c.push(c.at, x.tangent[k*v.head.scale.k*ld:])
	}
	for lo := 0; lo < v.NInput; {
		k, hi := c.stretch(lo)
		c.squares(k, lo, hi)
		lo = hi
	}
	n := c.Dim()
	for b := range len(out) / (n * n) {
		c.joinSquares(b, out[b*n*n:(b+1)*n*n])
	}
}

// stretch is the genes lo … hi−1 that are done at once, and their block: within a stripe
// where some are left out.
func (c *Conditional) stretch(lo int) (k, hi int) {
	bounds := c.vae.head.bounds
	for bounds[k+1] <= lo {
		k++
	}
	n := curveGenes
	if c.pass.head.leave != nil {
		n = stripeGenes
	}
	return k, min(lo+n, bounds[k+1])
}

// squares adds the genes lo … hi−1 of block k to the sums.
func (c *Conditional) squares(k, lo, hi int) {
	x, p, ld := &c.curve, c.pass, c.pass.head.ld
	c.outputs(lo, hi)
	c.information(k, lo, hi)
	c.vae.ops.Squares(hi-lo, ld, c.vae.NLatent, x.t, p.head.out[0].y[lo*ld:hi*ld], p.head.scale[k*ld:], x.w, x.sums, x.mean)
}

// outputs makes the tangents of the outputs of genes lo … hi−1.
func (c *Conditional) outputs(lo, hi int) {
	x, v, ld := &c.curve, c.vae, c.pass.head.ld
	n, q := hi-lo, v.head.scale
	x.t = resize(x.t, v.NLatent*n*ld)
	for j := range v.NLatent {
		t := x.t[j*n*ld : (j+1)*n*ld]
		v.ops.Product(n, ld, q.k, q.w.w[lo*q.k:], q.k, 1, x.tangent[j*q.k*ld:], ld, t, ld)
		if q.norm != nil {
			scaleRows(n, ld, c.pass.head.out[0].variance[lo:], t)
		}
	}
}

// information writes that of log mu of genes lo … hi−1, and where mu is a size factor
// times a softplus, that of the output's tangent.
func (c *Conditional) information(k, lo, hi int) {
	x, p, h := &c.curve, &c.pass.head, c.vae.head
	x.w = resize(x.w, (hi-lo)*p.ld)
	if p.leave != nil && p.leave(lo) {
		clear(x.w)
		return
	}
	for g := lo; g < hi; g++ {
		y, w := p.out[0].y[g*p.ld:(g+1)*p.ld], x.w[(g-lo)*p.ld:(g-lo+1)*p.ld]
		clear(w[copy(w, c.pass.Library):])
		for b, scale := range p.scale[k*p.ld : (k+1)*p.ld] {
			w[b] *= y[b] * scale
		}
		c.inform(g, w)
		if h.dropout != nil {
			c.open(g, w)
		}
		for b := 0; b < p.ld && h.factor; b++ {
			slope := softplusSlope(y[b])
			w[b] *= slope * slope
		}
	}
}

// softplusSlope is the derivative of log softplus, given the softplus: the sigmoid of its
// argument, 1 − exp(−rho), over rho.
func softplusSlope(rho float32) float32 {
	if rho <= 0 {
		return 1
	}
	return float32(-math.Expm1(-float64(rho)) / float64(rho))
}

// inform turns w (ld), the means mu of gene g, into Fisher's information of log mu.
func (c *Conditional) inform(g int, w []float32) {
	kind := c.vae.head.kind
	if kind == kernel.Poisson {
		return
	}
	theta := c.thetas(g)
	for b, mu := range w {
		if kind == kernel.Normal {
			w[b] = mu * mu / (theta[b] * theta[b])
		} else {
			w[b] = mu * theta[b] / (mu + theta[b])
		}
	}
}

// open multiplies w (ld) of gene g by the probabilities that its zeros are not inflated.
func (c *Conditional) open(g int, w []float32) {
	h, p := c.vae.head, &c.pass.head
	logits, shift := p.dropout().y[g*p.ld:(g+1)*p.ld], float32(0)
	if s := h.dropout.shift(g); s != nil {
		shift = s[0]
	}
	for b, logit := range logits {
		w[b] /= 1 + float32(math.Exp(float64(logit+shift)))
	}
}

// thetas are exp(r) of gene g (ld).
func (c *Conditional) thetas(g int) []float32 {
	h, p, x := c.vae.head, &c.pass.head, &c.curve
	x.theta = resize(x.theta, p.ld)
	if h.rates != nil {
		shift := float32(0)
		if s := h.rates.shift(g); s != nil {
			shift = s[0]
		}
		for b, r := range p.rates().y[g*p.ld : (g+1)*p.ld] {
			x.theta[b] = float32(math.Exp(float64(r + shift)))
		}
		return x.theta
	}
	x.present = resize(x.present, p.r.n())
	p.r.gather(h.r.codes, h.r.p.w, g, 1, x.present)
	expAll(x.present)
	for b := range x.theta {
		x.theta[b] = x.present[0]
		if len(p.r.code) > 0 {
			x.theta[b] = x.present[p.r.code[b]]
		}
	}
	return x.theta
}

// joinSquares writes row b's curvature (n, n) from the sums over genes.
func (c *Conditional) joinSquares(b int, out []float64) {
	x, l, n, ld := &c.curve, c.vae.NLatent, c.Dim(), c.pass.head.ld
	sum := func(i, j int) float64 { return float64(x.sums[(i*(i+1)/2+j)*ld+b]) } // j ≤ i; l stands for 1
	mean := func(i int) float64 {
		if c.vae.head.factor {
			return 0
		}
		return float64(x.mean[i*ld+b])
	}
	all := sum(l, l)
	for i := range l {
		for j := range i + 1 {
			s := sum(i, j) - mean(i)*sum(l, j) - mean(j)*sum(l, i) + mean(i)*mean(j)*all
			out[i*n+j], out[j*n+i] = s, s
		}
		out[i*n+i]++
		if n > l {
			s := sum(l, i) - mean(i)*all
			out[i*n+l], out[l*n+i] = s, s
		}
	}
	if n > l {
		_, variance := c.libraryPrior(b)
		out[l*n+l] = all + 1/variance
	}
}

// push writes the tangent (K, ld) of what the outputs see along directions at (B, L) in
// the coordinates of z, after decode.
func (c *Conditional) push(at, out []float32) {
	v, p := c.vae, c.pass
	v.ops.Transpose(p.m.B, v.head.scale.k, p.head.ld, c.tangent.push(p, steady{v.ops}, at), out)
}
