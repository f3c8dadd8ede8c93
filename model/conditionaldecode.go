package model

// Decoded is points put through the decoder. Its slices are the callee's until it
// returns.
type Decoded struct {
	First, N int       // points First … First+N−1 of those asked for
	Library  []float32 // (N) l: total counts, size factor, or exp of the point's log l
	Scale    []float32 // (N, G) expected shares rho, in a model of size factors their softplus; mu = l·rho
	Theta    []float32 // (N, G) inverse dispersion (variance mu + mu²/theta), or the normal's standard deviation; nil for poisson
	Dropout  []float32 // (N, G) logits of zero inflation, AutoZI's rescaled; nil where there is none
	// The observed counts: those of point i are Val[Ptr[i]:Ptr[i+1]], of genes Idx, ascending.
	Ptr, Idx []int32
	Val      []float32
}

// Decode calls do with the points u (n, Dim) of cells problems[i] decoded, up to 128 at
// a time, in order; its first error ends it.
func (c *Conditional) Decode(problems []int, u []float64, do func(*Decoded) error) error {
	n := c.Dim()
	for lo := 0; lo < len(problems); lo += evalBatch {
		hi := min(lo+evalBatch, len(problems))
		c.load(problems[lo:hi])
		c.set(u[lo*n : hi*n])
		c.pass.decode(false)
		if err := do(c.take(lo, hi-lo)); err != nil {
			return err
		}
	}
	return nil
}

// take makes Decoded of the pass.
func (c *Conditional) take(first, n int) *Decoded {
	x, m, size := &c.decoded, c.mini, n*c.vae.NInput
	x.take(c.pass)
	c.out = Decoded{First: first, N: n, Library: c.pass.Library[:n], Scale: x.scale[:size], Ptr: m.Ptr[:n+1], Idx: m.Idx, Val: m.Val}
	if x.theta != nil {
		c.out.Theta = x.theta[:size]
	}
	if x.dropout != nil {
		c.out.Dropout = x.dropout[:size]
	}
	return &c.out
}

// Response writes d log rho_g/du · d (n, G), at points u (n, Dim) of cells problems[i]
// along directions d (n, Dim): how each gene's expected share answers to a small step in
// the latent. A direction's part in log l changes no share. In a model of size factors rho
// is the softplus that stands for it.
func (c *Conditional) Response(problems []int, u, d []float64, out []float32) {
	n, g := c.Dim(), c.vae.NInput
	for lo := 0; lo < len(problems); lo += evalBatch {
		hi := min(lo+evalBatch, len(problems))
		c.load(problems[lo:hi])
		c.set(u[lo*n : hi*n])
		c.pass.decode(false)
		c.respond(d[lo*n:hi*n], out[lo*g:hi*g])
	}
}

// respond does the points of one pass.
func (c *Conditional) respond(d []float64, out []float32) {
	v, x, p := c.vae, &c.curve, &c.pass.head
	l, n, ld, q := v.NLatent, c.Dim(), c.pass.head.ld, v.head.scale
	c.at = resize(c.at, c.mini.B*l)
	clear(c.at)
	for i := range len(d) / n {
		for k := range l {
			c.at[i*l+k] = float32(d[i*n+k])
		}
	}
	x.tangent = resize(x.tangent, q.k*ld)
	c.push(c.at, x.tangent)
	x.t = resize(x.t, curveGenes*ld)
	mean := make([]float64, ld)
	for lo := 0; lo < v.NInput; {
		k, hi := c.stretch(lo)
		v.ops.Product(hi-lo, ld, q.k, q.w.w[lo*q.k:], q.k, 1, x.tangent, ld, x.t, ld)
		if q.norm != nil {
			scaleRows(hi-lo, ld, p.out[0].variance[lo:], x.t)
		}
		for g := lo; g < hi; g++ {
			for b := range len(d) / n {
				t := x.t[(g-lo)*ld+b]
				y := p.out[0].y[g*ld+b]
				if v.head.factor {
					t *= softplusSlope(y)
				}
				mean[b] += float64(y*p.scale[k*ld+b]) * float64(t)
				out[b*v.NInput+g] = t
			}
		}
		lo = hi
	}
	if v.head.factor { // nothing adds up to one
		return
	}
	for b := range len(d) / n {
		for g := range v.NInput {
			out[b*v.NInput+g] -= float32(mean[b])
		}
	}
}
