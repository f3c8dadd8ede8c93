package vi

import "math"

// schedule paces natural-gradient steps and ends them. Each step comes with the gain
// in ELBO that it is expected to bring, to second order, from the same points that it is
// made of. While that is large and falling, steps are whole: the search. When it is small or falls no longer,
// what moves q is noise, and steps of 1/k average: q is then the mean of k answers of one step, and what
// it misses is the noise of one over k (Polyak & Juditsky 1992). A fit is over when
//
//	mean gain of the k steps / k < Tolerance,
//
// and the ELBO, too, has stopped: its mean over the later half of the steps of averaging is not above the earlier half's by
// more than Tolerance and twice the difference's standard error.
type schedule struct {
	tolerance float64
	most      int
	rounds    int
	averaged  int // k; 0: searching
	last      float64
	gains     float64   // Σ of gains over the steps of averaging
	values    []float64 // their ELBOs
	before    float64
	missing   float64
	done      bool
}

const (
	smallGain = 0.5 // nats: a gain from which on steps are averaged
	noisyGain = 2.0 // nats: the largest that noise is taken for
	searches  = 12  // steps of the search at most
)

func newSchedule(o Options) schedule {
	return schedule{tolerance: o.Tolerance, most: o.MaxSteps, last: math.Inf(1), before: math.NaN()}
}

// begin counts a step, from a q with the ELBO value.
func (s *schedule) begin(value float64) {
	if s.rounds++; s.rounds == 1 {
		s.before = value
	}
}

// search looks whether the search is over; a whole step follows either way.
func (s *schedule) search(gain, value float64) {
	if gain < smallGain || gain > 0.5*s.last && gain < noisyGain || s.rounds >= searches {
		s.averaged, s.gains, s.missing = 1, gain, gain
		s.values = append(s.values[:0], value)
	}
	s.last = gain
}

// again goes back to the search.
func (s *schedule) again() { s.averaged, s.last, s.gains, s.values = 0, math.Inf(1), 0, s.values[:0] }

// average gives the rate of the next step of averaging.
func (s *schedule) average(gain, value float64) float64 {
	s.averaged++
	k := float64(s.averaged)
	s.gains, s.values = s.gains+gain, append(s.values, value)
	s.missing = s.gains / k / k
	s.done = s.missing < s.tolerance && s.still()
	return 1 / k
}

// still says whether the ELBO has stopped rising.
func (s *schedule) still() bool {
	half := len(s.values) / 2
	a, _ := meanVariance(s.values[:half])
	b, _ := meanVariance(s.values[len(s.values)-half:])
	_, variance := meanVariance(s.values)
	return b-a < s.tolerance+2*math.Sqrt(2*variance/float64(half))
}

// over says whether to stop.
func (s *schedule) over() bool { return s.done || s.rounds >= s.most }

// value is the ELBO as the later half of averaging saw it.
func (s *schedule) value() float64 {
	if len(s.values) == 0 {
		return s.before
	}
	m, _ := meanVariance(s.values[len(s.values)/2:])
	return m
}

// meanVariance is x's mean and variance, of one number 0.
func meanVariance(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / math.Max(1, float64(len(x)-1))
	}
	return mean, variance
}
