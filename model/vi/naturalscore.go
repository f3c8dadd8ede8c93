package vi

// byScore is the natural gradient of a Gaussian by the score function, from values of log p alone: with
// h = log p − log q at z = mean + q·eps (Stein's lemma backwards)
//
//	qᵀ E[∇h] = E[(h − b) eps],   qᵀ E[∇²h] q = E[(h − b)(eps epsᵀ − I)]
//
// b, the mean of h, is the control variate. Draws come in antithetic pairs.
type byScore struct {
	noise []float64 // (samples, L)
}

// askScore writes pairs of points.
func (s *natural) askScore(b *batch) {
	x, n := s.scored, len(s.mean)
	pairs := (s.plan.o.Samples + 1) / 2
	b.size(2*pairs, false, false)
	x.noise = resize(x.noise, 2*pairs*n)
	q := Gaussian{s.mean, s.q}
	for i := range pairs {
		up, down := x.noise[2*i*n:(2*i+1)*n], x.noise[(2*i+1)*n:(2*i+2)*n]
		for k := range up {
			up[k] = s.rng.NormFloat64()
			down[k] = -up[k]
		}
		q.place(up, b.z[2*i*n:(2*i+1)*n])
		q.place(down, b.z[(2*i+1)*n:(2*i+2)*n])
	}
}

// readScore makes the moments that a frame would.
func (s *natural) readScore(v Values) {
	n, m, noise := len(s.mean), &s.m, s.scored.noise
	q := Gaussian{s.mean, s.q}
	count, base := float64(len(v.LogP)), 0.0
	constant := -logDiagonal(s.q, n) - 0.5*float64(n)*log2Pi
	for i := range v.LogP {
		eps := noise[i*n : (i+1)*n]
		v.LogP[i] -= constant - 0.5*dot(eps, eps)
		base += v.LogP[i] / count
	}
	clear(m.grad)
	clear(m.white)
	for i, h := range v.LogP {
		eps, d := noise[i*n:(i+1)*n], (h-base)/(count-2) // pairs: two numbers gone for the mean
		for j, e := range eps {
			m.grad[j] += d * e
			m.white[j*n+j] += d
			for k, f := range eps {
				if s.back == nil || j == k {
					m.white[j*n+k] -= d * e * f
				}
			}
		}
	}
	for j := range n {
		m.white[j*n+j]++
	}
	solveUpper(s.q, m.grad)
	m.value = base - q.Entropy()
}
