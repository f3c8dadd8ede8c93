package vi

import "slices"

// Fitted is one problem's answer.
type Fitted struct {
	Q           Approximation
	Before      float64 // the ELBO of the first q that was drawn from: the start, or where Newton's steps led
	After       float64 // Q's ELBO, estimated from the last steps' points; Assess measures it afresh
	Steps       int
	Evaluations int  // points at which log p was asked for
	Gradients   int  // of these, with the gradient
	Curvatures  int  // of these, with the curvature
	Converged   bool // the stopping rule was met, not MaxSteps
}

// solver fits one problem, step by step.
type solver interface {
	ask(b *batch)       // sets what is to be evaluated next, and writes the points
	take(b *batch) bool // takes the answers in; true: done
	fitted() Fitted     // the answer, once it is done; the counts are not its own
}

// batch is the points of one problem's step, and what the target says there.
type batch struct {
	n, dim              int
	gradient, curvature bool
	z                   []float64 // (n, L)
	v                   Values
}

// size makes room for n points.
func (b *batch) size(n int, gradient, curvature bool) {
	b.n, b.gradient, b.curvature = n, gradient, curvature
	b.z, b.v.LogP = resize(b.z, n*b.dim), resize(b.v.LogP, n)
	b.v.Grad, b.v.Curvature = b.v.Grad[:0], b.v.Curvature[:0]
	if gradient {
		b.v.Grad = resize(b.v.Grad, n*b.dim)
	}
	if curvature {
		b.v.Curvature = resize(b.v.Curvature, n*b.dim*b.dim)
	}
}

// count is what a problem's fit has cost.
type count struct{ steps, evaluations, gradients, curvatures int }

func (c *count) add(b *batch) {
	c.steps++
	c.evaluations += b.n
	if b.gradient {
		c.gradients += b.n
	}
	if b.curvature {
		c.curvatures += b.n
	}
}

// running is one problem's fit.
type running struct {
	problem int
	solver  solver
	batch   batch
	count   count
}

// Fit fits a q to every problem 0…len(start)−1 of t, from start. All problems go
// together: the points of a step of all that are still moving are evaluated together.
// What comes out for a problem depends on its key, start and
// log density alone. Panics on options that Validate refuses.
func Fit(t Target, start []Gaussian, o Options) []Fitted {
	if err := o.Validate(len(start)); err != nil {
		panic(err)
	}
	out := make([]Fitted, len(start))
	shared := newPlan(t, o)
	var active []*running
	for i, q := range start {
		r := &running{problem: i, solver: shared.solver(i, q, stream(o.Seed, fitting, key(o.Keys, i)))}
		r.batch.dim = t.Dim()
		active = append(active, r)
	}
	x := exchange{target: t}
	for len(active) > 0 {
		for _, r := range active {
			r.solver.ask(&r.batch)
		}
		x.evaluate(active)
		active = slices.DeleteFunc(active, func(r *running) bool {
			r.count.add(&r.batch)
			done := r.solver.take(&r.batch)
			if done {
				out[r.problem] = r.answer()
			}
			return done
		})
	}
	return out
}

func (r *running) answer() Fitted {
	f := r.solver.fitted()
	f.Steps, f.Evaluations, f.Gradients, f.Curvatures = r.count.steps, r.count.evaluations, r.count.gradients, r.count.curvatures
	return f
}
