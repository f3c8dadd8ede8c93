package vi

import (
	"math"
	"math/rand/v2"
)

// Assessment is how well a q approximates its posterior, by draws of it with
// log weights log w = log p(x, z) − log q(z). All in nats but ESS and KHat.
type Assessment struct {
	ELBO    float64 // mean of log w: log p(x) − KL(q‖p)
	ELBOSE  float64 // its standard error
	Bound   float64 // log of the mean of w, the importance-weighted bound (Burda et al. 2016)
	BoundSE float64 // its standard error, by the delta method: not to be trusted where KHat is above 0.7
	KHat    float64 // Pareto shape of the weights' tail
	ESS     float64 // (Σw)²/Σw², from 1 to Draws (Kong 1992)
	Draws   int
}

// Assess draws from each q (problem i's is q[i]) and weighs the draws. Problem i's draws depend on seed
// and keys[i] alone (nil: on i).
func Assess(t Target, q []Approximation, draws int, seed uint64, keys []uint64) []Assessment {
	const points = 1024 // at once, or one problem's
	n := t.Dim()
	each := max(1, points/draws)
	out := make([]Assessment, len(q))
	problems := make([]int, each*draws)
	z := make([]float64, len(problems)*n)
	logP, logQ := make([]float64, len(problems)), make([]float64, len(problems))
	for from := 0; from < len(q); from += each {
		to := min(from+each, len(q))
		at := 0
		for i := from; i < to; i++ {
			rng := stream(seed, assessing, key(keys, i))
			for range draws {
				zi := z[at*n : at*n+n]
				q[i].Draw(rng, zi)
				problems[at], logQ[at] = i, q[i].LogDensity(zi)
				at++
			}
		}
		t.Evaluate(problems[:at], z[:at*n], Values{LogP: logP[:at]})
		for j := range at {
			logP[j] -= logQ[j]
		}
		for i := from; i < to; i++ {
			out[i] = Weigh(logP[(i-from)*draws : (i-from+1)*draws])
		}
	}
	return out
}

// Weigh is the assessment that log weights of independent draws give.
func Weigh(logW []float64) Assessment {
	s := float64(len(logW))
	top, sum := math.Inf(-1), 0.0
	for _, v := range logW {
		top, sum = max(top, v), sum+v
	}
	a := Assessment{ELBO: sum / s, KHat: KHat(logW), Draws: len(logW)}
	w, squares, spread := 0.0, 0.0, 0.0
	for _, v := range logW {
		e := math.Exp(v - top)
		w, squares, spread = w+e, squares+e*e, spread+(v-a.ELBO)*(v-a.ELBO)
	}
	a.ELBOSE = math.Sqrt(spread / (s - 1) / s)
	a.Bound = top + math.Log(w/s)
	a.ESS = w * w / squares
	a.BoundSE = math.Sqrt(max(0, (1/a.ESS-1/s)*s/(s-1)))
	return a
}

// The uses of randomness; each has streams of its own.
const (
	fitting uint64 = 1 + iota
	assessing
	measuring
)

// stream is the random numbers of one (seed, use, key).
func stream(seed, use, key uint64) *rand.Rand {
	h := mix(mix(mix(seed)^use) ^ key)
	return rand.New(rand.NewPCG(h, mix(h)))
}

// mix is the finalizer of SplitMix64 (Steele, Lea & Flood 2014) after its increment.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
