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
		c.pass.decodeBy(steady{c.vae.ops}, false)
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
