package vi

// newton is the steps before the first frame, where the target has a curvature: from the
// start's mean towards the mode by Gauss-Newton, halving what falls.
type newton struct {
	from, grad, w []float64 // the best place so far, and what the target said there
	value, gain   float64
	scale         float64
	steps, failed int
}

const (
	newtonSteps = 4   // at most; frames do the rest
	newtonGain  = 1.0 // nats: the expected gain of a step from which on frames do better
)

func (x *newton) ask(s *natural, b *batch) {
	b.size(1, true, true)
	copy(b.z, s.mean)
}

// take takes the answer at s.mean in, and moves it; true: frames go on from there.
func (x *newton) take(s *natural, b *batch) bool {
	n := len(s.mean)
	x.steps++
	if x.from != nil && !(b.v.LogP[0] > x.value) {
		x.scale /= 4
		x.failed++
		copy(s.w, x.w)
		if x.failed > 2 || x.steps >= newtonSteps {
			copy(s.mean, x.from)
			return true
		}
		x.move(s)
		return false
	}
	if x.from == nil {
		x.from, x.grad, x.w = make([]float64, n), make([]float64, n), make([]float64, n*n)
		copy(x.w, s.w)
	}
	if factorBelow(s.y, b.v.Curvature, n, 1e-8) {
		invertLower(x.w, s.y, n)
	}
	copy(x.from, s.mean)
	copy(x.grad, b.v.Grad)
	copy(s.w, x.w)
	x.value, x.scale = b.v.LogP[0], 1
	timesUpper(s.room, x.w, x.grad)
	x.gain = 0.5 * dot(s.room[:n], s.room[:n])
	x.move(s)
	return x.gain < newtonGain || x.steps >= newtonSteps
}

// move sets s.mean to the step from the best place.
func (x *newton) move(s *natural) {
	n := len(s.mean)
	timesUpper(s.room, x.w, x.grad)
	timesLower(s.room[n:], x.w, s.room[:n])
	for i := range n {
		s.mean[i] = x.from[i] + x.scale*s.room[n+i]
	}
}
