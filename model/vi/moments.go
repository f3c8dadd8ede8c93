package vi

// moments are expectations under a q = N(mean, c·cᵀ) of a target's log density h, of its
// gradient, and of its negative second derivative W in coordinates that a triangle
// w whitens: W = −wᵀ E[∇²h] w.
type moments struct {
	value float64
	grad  []float64 // (L)
	white []float64 // (L, L), symmetric
}

func newMoments(n int) moments { return moments{grad: make([]float64, n), white: make([]float64, n*n)} }

// write writes the frame's points z = mean + c·eps: the mean, then pairs; without c eps
// itself.
func (f *frame) write(z, mean, c []float64) {
	n := f.dim
	if c == nil {
		clear(z[:n])
		for p, r := range f.r {
			for k, u := range f.u[p*n : (p+1)*n] {
				z[(2*p+1)*n+k], z[(2*p+2)*n+k] = r*u, -r*u
			}
		}
		return
	}
	copy(z, mean)
	for p, r := range f.r {
		up, down := z[(2*p+1)*n:(2*p+2)*n], z[(2*p+2)*n:(2*p+3)*n]
		timesLower(down, c, f.u[p*n:(p+1)*n])
		for i, m := range mean {
			d := r * down[i]
			up[i], down[i] = m+d, m-d
		}
	}
}

// read takes what the target said at the points into m. c is that of write; w the
// whitening triangle, and back = c⁻¹·w where w is not c (nil: it is). room is 2L numbers.
func (f *frame) read(m *moments, v Values, w, back, room []float64) {
	n, share := f.dim, 1/float64(f.frames)
	g0, odd, seen := v.Grad[:n], room[:n], room[n:2*n]
	m.value = v.LogP[0]
	copy(m.grad, g0)
	clear(m.white)
	for p, r := range f.r {
		i := 2*p + 1
		up, down := v.Grad[i*n:(i+1)*n], v.Grad[(i+1)*n:(i+2)*n]
		even := share / (r * r)
		m.value += even * (0.5*(v.LogP[i]+v.LogP[i+1]) - v.LogP[0])
		for k := range n {
			m.grad[k] += even * (0.5*(up[k]+down[k]) - g0[k])
			odd[k] = -0.5 * share / r * (up[k] - down[k])
		}
		direction := f.u[p*n : (p+1)*n]
		if back != nil {
			timesUpper(seen, back, direction)
			direction = seen
		}
		f.outer(m.white, w, odd, direction)
	}
	symmetrize(m.white, n)
}

// outer adds direction·(wᵀ odd)ᵀ to a; odd is overwritten.
func (f *frame) outer(a, w, odd, direction []float64) {
	n := f.dim
	for k := range n { // wᵀ odd, in place: row k needs what is below it
		s := 0.0
		for i := k; i < n; i++ {
			s += w[i*n+k] * odd[i]
		}
		odd[k] = s
	}
	for i, d := range direction {
		row := a[i*n : (i+1)*n]
		for k, o := range odd {
			row[k] += d * o
		}
	}
}

func symmetrize(a []float64, n int) {
	for i := range n {
		for j := range i {
			s := 0.5 * (a[i*n+j] + a[j*n+i])
			a[i*n+j], a[j*n+i] = s, s
		}
	}
}
