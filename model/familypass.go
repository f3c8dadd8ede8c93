package model

import (
	"math"
	"slices"

	"cellvi/model/kernel"
)

// settle turns the encoder's numbers of a flow into those of its layers.
func (p *Pass[T]) settle() {
	l := p.vae.NLatent
	if p.vae.Posterior == Flow {
		bound(l, 0, p.enc.more[outerOutput])
		bound(l, l, p.enc.more[innerOutput])
	}
}

// draw draws z with the minibatch's noise, before any softmax.
func (p *Pass[T]) draw() {
	q, l, y := &p.enc, p.vae.NLatent, p.m.Noise
	if p.vae.Posterior == Flow {
		y = p.bend()
	}
	latent(q.mean, q.raw, y, q.variance, p.Z)
	if p.vae.Posterior == Diagonal {
		return
	}
	for b := range p.m.B {
		lean(slot(q.more[lowerOutput], b, triangle(l-1)), slot(y, b, l), slot(p.Z, b, l))
	}
	copy(p.form.place, p.Z)
}

// bend makes f(ε) of the minibatch's noise, in a flow: layer by layer, the dimensions
// turned around after each, so that every one is bent by every other.
func (p *Pass[T]) bend() []T {
	f, l := &p.form, p.vae.NLatent
	copy(f.bent, p.m.Noise)
	for b := range p.m.B {
		f.det[b] = 0
		y := f.bent[b*l : (b+1)*l]
		for k := range flowLayers {
			outer, inner, kept := p.layer(b, k)
			f.det[b] += sylvester(outer, inner, y, kept[:l], kept[l:])
			slices.Reverse(y)
		}
	}
	return f.bent
}

// layer gives cell b's numbers of layer k of the flow, and what is kept of it.
func (p *Pass[T]) layer(b, k int) (outer, inner, kept []T) {
	l := p.vae.NLatent
	return slot(p.enc.more[outerOutput], b*flowLayers+k, triangle(l)), slot(p.enc.more[innerOutput], b*flowLayers+k, triangle(l)+l),
		slot(p.form.kept, b*flowLayers+k, 2*l)
}

// slot is stretch i of x, of n numbers.
func slot[T any](x []T, i, n int) []T { return x[i*n : (i+1)*n] }

// lean adds what C has below its diagonal: z_i += Σ_j<i C_ij y_j.
func lean[T kernel.Float](lower, y, z []T) {
	at := 0
	for i := range z {
		a := T(0)
		for j, c := range lower[at : at+i] {
			a += c * y[j]
		}
		z[i] += a
		at += i
	}
}

// familyKL writes each cell's divergence of z from the prior, where the posterior is not
// diagonal. Full's is the diagonal's and ½ Σ_i>j C_ij². Flow's is an estimate from the
// draw at hand, log q(z|x) − log p(z), whose expectation it is.
func (p *Pass[T]) familyKL() {
	l := p.vae.NLatent
	for b := range p.KL {
		if p.vae.Posterior == Flow {
			p.KL[b] = -p.familyRatio(b)
			continue
		}
		sum := 0.0
		for _, c := range slot(p.enc.more[lowerOutput], b, triangle(l-1)) {
			sum += float64(c) * float64(c)
		}
		p.KL[b] += 0.5 * sum
	}
}

// familyRatio is cell b's log p(z) − log q(z|x) of the draw, before any softmax:
//
//	½ Σ (ε² − z² + log q_v) + log |det df/dε|
func (p *Pass[T]) familyRatio(b int) float64 {
	sum, l := 0.0, p.vae.NLatent
	for i := b * l; i < (b+1)*l; i++ {
		eps, z := float64(p.m.Noise[i]), float64(p.form.place[i])
		sum += 0.5 * (eps*eps - z*z + math.Log(float64(p.enc.variance[i])))
	}
	if p.vae.Posterior == Flow {
		sum += p.form.det[b]
	}
	return sum
}

// sampleBackward goes from p.dz, the gradient at z before any softmax, to those at all of
// the encoder's outputs, w times the divergence's among them. Diagonal's is latentBackward.
// Full's is latentBackward's, and dC_ij = dz_i ε_j + w C_ij. Flow's divergence is a
// function of the draw: dz has w z more, and raw −w ½ (q_v − 1e-4)/q_v.
func (p *Pass[T]) sampleBackward(w T) {
	q, l, y, own := &p.enc, p.vae.NLatent, p.m.Noise, w
	if p.vae.Posterior == Flow {
		y = p.form.bent
		for i, z := range p.form.place {
			p.dz[i] += w * z
		}
		own = 0
	}
	latentBackward(own, p.dz, q.mean, q.variance, y, q.dm, q.dra)
	if p.vae.Posterior == Diagonal {
		return
	}
	n := triangle(l - 1)
	for b := range p.m.B {
		leanBackward(own, slot(q.more[lowerOutput], b, n), slot(y, b, l), slot(p.dz, b, l), slot(q.dmore[lowerOutput], b, n))
		if p.vae.Posterior == Flow {
			p.bendBackward(b, w)
		}
	}
}

// leanBackward writes the gradient at C below its diagonal.
func leanBackward[T kernel.Float](w T, lower, y, dz, dlower []T) {
	at := 0
	for i, d := range dz {
		for j := range i {
			dlower[at+j] = d*y[j] + w*lower[at+j]
		}
		at += i
	}
}

// bendBackward goes from cell b's gradient at z to those at the flow's numbers: at f(ε)
// it is Cᵀ dz, and from there back through the layers.
func (p *Pass[T]) bendBackward(b int, w T) {
	q, f, l := &p.enc, &p.form, p.vae.NLatent
	dy, dt, dz, lower := f.dbent[:l], f.dbent[l:], slot(p.dz, b, l), slot(q.more[lowerOutput], b, triangle(l-1))
	for i := range dy {
		v := q.variance[b*l+i]
		dy[i] = dz[i] * T(math.Sqrt(float64(v)))
		q.dra[b*l+i] -= w / 2 * (v - varianceEps) / v
	}
	at := 0
	for i, d := range dz {
		for j := range i {
			dy[j] += lower[at+j] * d
		}
		at += i
	}
	for k := flowLayers - 1; k >= 0; k-- {
		slices.Reverse(dy)
		outer, inner, kept := p.layer(b, k)
		at := b*flowLayers + k
		douter, dinner := slot(q.dmore[outerOutput], at, triangle(l)), slot(q.dmore[innerOutput], at, triangle(l)+l)
		sylvesterBackward(w, outer, inner, kept[:l], kept[l:], dy, douter, dinner, dt)
		boundBackward(l, 0, outer, douter)
		boundBackward(l, l, inner, dinner)
	}
}
