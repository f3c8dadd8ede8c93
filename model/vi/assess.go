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
	const most = 1 << 20 // log weights held at once
	each := min(together, max(1, most/draws))
	out := make([]Assessment, 0, len(q))
	for from := 0; from < len(q); from += each {
		w := newWeighing(t, q, from, min(from+each, len(q)), draws)
		for i := range w.rngs {
			w.rngs[i] = stream(seed, assessing, key(keys, from+i))
		}
		for s := range draws {
			w.draw(s)
		}
		for i := range w.rngs {
			out = append(out, Weigh(w.logW[i*draws:(i+1)*draws]))
		}
	}
	return out
}

// weighing is draws of problems from … that are evaluated together, one of each problem after another: what a target has
// at hand for these problems it then keeps, as in exchange.group.
type weighing struct {
	t        Target
	q        []Approximation
	problems []int
	rngs     []*rand.Rand
	z        []float64 // (problems, L)
	logP     []float64 // (problems)
	logW     []float64 // (problems, draws)
}

func newWeighing(t Target, q []Approximation, from, to, draws int) *weighing {
	n := to - from
	w := &weighing{t: t, q: q[from:to], rngs: make([]*rand.Rand, n), z: make([]float64, n*t.Dim()), logP: make([]float64, n), logW: make([]float64, n*draws)}
	for i := range n {
		w.problems = append(w.problems, from+i)
	}
	return w
}

// draw makes draw s of every problem, and weighs it.
func (w *weighing) draw(s int) {
	n, draws := w.t.Dim(), len(w.logW)/len(w.q)
	for i, q := range w.q {
		z := w.z[i*n : (i+1)*n]
		q.Draw(w.rngs[i], z)
		w.logW[i*draws+s] = -q.LogDensity(z)
	}
	w.t.Evaluate(w.problems, w.z, Values{LogP: w.logP})
	for i, p := range w.logP {
		w.logW[i*draws+s] += p
	}
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
