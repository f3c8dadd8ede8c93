package vi

// together is the points of one call of Evaluate: as many as model.Conditional decodes
// at once.
const together = 128

// exchange carries points of many problems to the target and its answers back.
type exchange struct {
	target   Target
	problems []int
	from     []origin
	z        []float64
	v        Values
}

// origin is point j of a problem's batch.
type origin struct {
	r *running
	j int
}

// evaluate answers every problem's batch.
func (x *exchange) evaluate(active []*running) {
	for _, what := range [...]struct{ gradient, curvature bool }{{false, false}, {true, false}, {true, true}} {
		var some []*running
		for _, r := range active {
			if r.batch.gradient == what.gradient && r.batch.curvature == what.curvature {
				some = append(some, r)
			}
		}
		for lo := 0; lo < len(some); lo += together {
			x.group(some[lo:min(lo+together, len(some))], what.gradient, what.curvature)
		}
	}
}

// group evaluates the points of at most 128 problems, one point of every problem after
// another: calls then hold the same problems in the same order, which a target may make use of
// (model.Conditional keeps their counts in place). Where that leaves calls too empty
// they are filled up.
func (x *exchange) group(some []*running, gradient, curvature bool) {
	most := 0
	for _, r := range some {
		most = max(most, r.batch.n)
	}
	whole := together / len(some) * len(some)
	if 4*whole < 3*together {
		whole = together
	}
	for j := range most {
		for _, r := range some {
			if j < r.batch.n {
				x.add(r, j)
			}
			if len(x.from) == whole {
				x.flush(gradient, curvature)
			}
		}
	}
	x.flush(gradient, curvature)
}

func (x *exchange) add(r *running, j int) {
	n := r.batch.dim
	x.from = append(x.from, origin{r, j})
	x.problems = append(x.problems, r.problem)
	x.z = append(x.z, r.batch.z[j*n:(j+1)*n]...)
}

// flush evaluates what was added.
func (x *exchange) flush(gradient, curvature bool) {
	m, n := len(x.from), x.target.Dim()
	if m == 0 {
		return
	}
	x.v.LogP = resize(x.v.LogP, m)
	v := Values{LogP: x.v.LogP}
	if gradient {
		x.v.Grad = resize(x.v.Grad, m*n)
		v.Grad = x.v.Grad
	}
	if curvature {
		x.v.Curvature = resize(x.v.Curvature, m*n*n)
		v.Curvature = x.v.Curvature
	}
	x.target.Evaluate(x.problems, x.z, v)
	for i, p := range x.from {
		to := &p.r.batch.v
		to.LogP[p.j] = v.LogP[i]
		if gradient {
			copy(to.Grad[p.j*n:], v.Grad[i*n:(i+1)*n])
		}
		if curvature {
			copy(to.Curvature[p.j*n*n:], v.Curvature[i*n*n:(i+1)*n*n])
		}
	}
	x.from, x.problems, x.z = x.from[:0], x.problems[:0], x.z[:0]
}

// resize gives x the length n, with new memory where its own is too small.
func resize(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}
