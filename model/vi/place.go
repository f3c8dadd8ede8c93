package vi

import "math"

// place is a Gaussian on its way: a mean and the triangle w of its covariance w·wᵀ.
type place struct {
	mean, w    []float64
	room, y, z []float64 // 4L, (L, L), (L, L)
}

func newPlace(g Gaussian) place {
	n := g.Dim()
	g = g.clone()
	return place{mean: g.Mean, w: g.Chol, room: make([]float64, 4*n), y: make([]float64, n*n), z: make([]float64, n*n)}
}

// step moves the precision H = (w·wᵀ)⁻¹ by rho towards that whose whitening by w is m.white, and then
// the mean by rho·H⁻¹ m.grad, at most radius standard deviations.
func (s *place) step(m *moments, rho, radius float64) {
	n := len(s.mean)
	s.blend(m.white, rho)
	if !factorBelow(s.z, s.y, n, leastShare) {
		s.retract(m.white, rho)
		for !factorBelow(s.z, s.y, n, 0) { // only where numbers are not finite
			clear(s.y)
			for i := range n {
				s.y[i*n+i] = 1
			}
		}
	}
	invertLower(s.y, s.z, n)
	timesTriangles(s.w, s.w, s.y, n)
	timesUpper(s.room, s.w, m.grad)
	size := math.Sqrt(dot(s.room[:n], s.room[:n]))
	if rho*size > radius {
		rho = radius / size
	}
	timesLower(s.room[n:2*n], s.w, s.room[:n])
	for i := range n {
		s.mean[i] += rho * s.room[n+i]
	}
}

// leastShare is what a precision may at least keep of itself in a step: less is likelier noise
// than so flat a density.
const leastShare = 0.05

// blend writes (1 − rho) I + rho·white to y.
func (s *place) blend(white []float64, rho float64) {
	n := len(s.mean)
	for i := range s.y {
		s.y[i] = rho * white[i]
	}
	for i := range n {
		s.y[i*n+i] += 1 - rho
	}
}

// retract writes I + M + ½M², M = rho (white − I), to y: positive definite whatever M is
// (Lin, Schmidt & Khan 2020, arXiv 2002.10060).
func (s *place) retract(white []float64, rho float64) {
	n := len(s.mean)
	s.blend(white, rho)
	for i := range n {
		s.y[i*n+i]--
	}
	for i := range n {
		for j := range n {
			s.z[i*n+j] = 0.5 * dot(s.y[i*n:(i+1)*n], s.y[j*n:(j+1)*n])
		}
	}
	for i := range s.y {
		s.y[i] += s.z[i]
	}
	for i := range n {
		s.y[i*n+i]++
	}
}
