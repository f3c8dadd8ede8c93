package model

import (
	"sync/atomic"
	"time"
)

// Part is a part of a training step, by what the time goes to.
type Part int

// The parts. Every moment of every thread in a step belongs to one of them.
const (
	Loading      Part = iota // filling minibatches from cells, noise, dropout masks
	EncoderInput             // sparse × dense products of the encoder's first layer, both ways
	SmallLayers              // the other layers, latent, KL
	HeadProducts             // matrix products of the decoder's output layer, both ways
	Softmax                  // of the output layer, both ways
	Nonzeros                 // the likelihood's terms that only nonzero counts have
	Likelihood               // its terms that every count has, zeros included
	Adam                     // the optimizer
	Waiting                  // threads that have nothing to do
	parts
)

// String is the part's name in a profile.
func (p Part) String() string {
	return [...]string{"loading", "encoder input", "small layers", "head products", "softmax",
		"likelihood nonzeros", "likelihood every count", "adam", "waiting"}[p]
}

// Profile is where the time of training steps went.
type Profile struct {
	Steps   int // minibatches
	Cells   int // of these minibatches
	Threads int
	Wall    time.Duration        // of the steps, validation apart
	Parts   [parts]time.Duration // summed over threads
}

// Sum is the parts' sum over all threads; it should be Threads times Wall.
func (p Profile) Sum() time.Duration {
	sum := time.Duration(0)
	for _, d := range p.Parts {
		sum += d
	}
	return sum
}

// Measure begins to time the parts of steps, for Profile.
func (t *Trainer) Measure() {
	t.clock = &clock{}
	t.pass.clock = t.clock
	t.workers.clock.Store(t.clock)
}

// Profile is where time went since Measure.
func (t *Trainer) Profile() Profile {
	p := t.profile
	p.Threads = t.workers.threads()
	for i := range p.Parts {
		p.Parts[i] = time.Duration(t.clock.spent[i].Load())
	}
	return p
}

// count adds a step that began then.
func (t *Trainer) count(began time.Time) {
	if t.clock != nil {
		t.clock.ended = time.Now()
		t.profile.Steps++
		t.profile.Cells += t.mini.B
		t.profile.Wall += t.clock.ended.Sub(began)
	}
}

// clock adds up what threads spend on each part. A nil clock measures nothing.
type clock struct {
	spent [parts]atomic.Int64
	step  atomic.Pointer[step]
	ended time.Time // the last step
}

// step is when a step began, and when the one before it had ended.
type step struct{ began, before time.Time }

// begin begins a step.
func (c *clock) begin() (t time.Time) {
	if c != nil {
		t = time.Now()
		c.step.Store(&step{began: t, before: c.ended})
	}
	return t
}

// waited ends a wait that began at start. It may have begun in the step before;
// what lies between the steps is of neither.
func (c *clock) waited(start time.Time) {
	if c == nil {
		return
	}
	if step := c.step.Load(); step != nil && start.Before(step.began) {
		if d := step.before.Sub(start); d > 0 {
			c.spent[Waiting].Add(int64(d))
		}
		start = step.began
	}
	c.lap(Waiting, start)
}

// now begins a lap.
func (c *clock) now() (t time.Time) {
	if c != nil {
		t = time.Now()
	}
	return t
}

// lap gives part the time since start and begins the next lap.
func (c *clock) lap(part Part, start time.Time) time.Time {
	if c == nil {
		return start
	}
	end := time.Now()
	c.spent[part].Add(int64(end.Sub(start)))
	return end
}
