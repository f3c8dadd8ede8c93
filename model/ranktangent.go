package model

import "math"

// gradient adds ∇f (L, N, G) at what was decoded.
func (x *responder) gradient(p *Pass[float32], n int, to []float32) {
	l, size := x.vae.NLatent, n*x.vae.NInput
	x.slopes(n)
	for k := range l {
		x.unit = resize(x.unit, len(x.v))
		clear(x.unit)
		for at := k; at < len(x.unit); at += l {
			x.unit[at] = 1
		}
		x.along(p, x.unit, n, to[k*size:(k+1)*size])
	}
}

// slopes writes df/d log rho = rho/((rho + c) ln 2), of a softplus df/dy of its
// argument.
func (x *responder) slopes(n int) {
	x.slope = resize(x.slope, n*x.vae.NInput)
	for i := range x.slope {
		rho, s := float64(x.rho[i]), math.Log2E
		if x.ask.Pseudocount > 0 {
			s *= rho / (rho + x.ask.Pseudocount)
		}
		if x.vae.head.factor {
			s *= float64(softplusSlope(x.rho[i]))
		}
		x.slope[i] = float32(s)
	}
}

// along adds the derivatives of f (N, G) along directions v (B, L) in the coordinates, which are used up.
// With t the tangents of the outputs' logits, of a softmax
//
//	d log rho_g = t_g − Σ_k rho_k t_k
func (x *responder) along(p *Pass[float32], v []float32, n int, to []float32) {
	g := x.vae.NInput
	x.push(p, v)
	for b := range n {
		t, rho, slope := x.tangents[b*g:(b+1)*g], x.rho[b*g:(b+1)*g], x.slope[b*g:(b+1)*g]
		mean := float32(0)
		if !x.vae.head.factor {
			sum := 0.0
			for k, s := range rho {
				sum += float64(s) * float64(t[k])
			}
			mean = float32(sum)
		}
		for k, d := range t {
			to[b*g+k] += (d - mean) * slope[k]
		}
	}
}

// push writes the tangents (B, G) of the outputs' logits, and uses v up.
func (x *responder) push(p *Pass[float32], v []float32) {
	vae, b := x.vae, p.m.B
	q := vae.head.scale
	h := x.tangent.push(p, vae.ops, v)
	x.tangents = resize(x.tangents, b*vae.NInput)
	vae.ops.Gemm(false, true, b, vae.NInput, q.k, 1, h, q.k, q.w.w, q.k, 0, x.tangents, vae.NInput)
	if q.norm != nil { // at running statistics y is scale·x + shift
		scaleColumns(b, vae.NInput, p.head.out[0].variance, x.tangents)
	}
}
