package stages

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"cellvi/model"
	"cellvi/model/vi"
)

// What BenchmarkRefineAgainstAdam compares: at most so many cells, each judged by so many draws.
const (
	comparedCells = 400
	comparedDraws = 512
)

// BenchmarkRefineAgainstAdam holds --refine's posteriors to 400 steps of Adam with four draws each, on the validation
// cells of the run that CELLVI_REFINE_RUN names, and prints a table in Markdown:
//
//	CELLVI_REFINE_RUN=FOLDER go test ./stages -run xxx -bench RefineAgainstAdam -benchtime 1x
//
// Bounds and k-hat are of 512 draws. Evaluations are points at which the likelihood was asked for with its gradient; one
// with a curvature counts as many as it took the time of. Time is one thread's processor time of the fit.
func BenchmarkRefineAgainstAdam(b *testing.B) {
	dir := os.Getenv("CELLVI_REFINE_RUN")
	if dir == "" {
		b.Skip("CELLVI_REFINE_RUN names no run's folder")
	}
	l := Layout{dir}
	f, err := openFitted(l.Store(), l.Prepared(), l.Model())
	check(b, err)
	defer f.st.Close()
	rows := f.p.rows(toValidate)
	rows = rows[:min(comparedCells, len(rows))]
	if len(rows) == 0 {
		b.Fatal("the run has no validation cells")
	}
	for b.Loop() {
		var text string
		var adam *againstAdam
		for _, with := range contenders() {
			found := holdToAdam(b, f, rows, with.options)
			if with.reference {
				adam = found
			}
			text += with.name + found.row(adam)
		}
		fmt.Printf("| posterior of %d validation cells | ELBO | IW%d | k-hat < 0.7 | median k-hat | ELBO minus Adam's | converged | evaluations per cell | ms per cell |\n"+
			"|---|---|---|---|---|---|---|---|---|\n%s", len(rows), comparedDraws, text)
	}
}

// contender is a way to a posterior.
type contender struct {
	name      string
	options   *vi.Options // nil: the encoder's
	reference bool        // what follows is held to it
}

// contenders are the table's rows. Adam's rate is the best of 0.01, 0.03 and 0.05 for a full covariance.
func contenders() []contender {
	adam := func(family vi.Family) *vi.Options {
		o := vi.DefaultOptions(family)
		o.Optimizer, o.Samples, o.MaxSteps, o.Tolerance, o.Widen, o.Rate = vi.Adam, 4, 400, 1e-9, 1, 0.03
		return &o
	}
	natural := func(family vi.Family) *vi.Options {
		o := RefineOptions{}.fit(string(family), 0)
		return &o
	}
	narrow := natural(vi.Full)
	narrow.Widen = 1
	return []contender{
		{"| encoder's", nil, false},
		{"| diag, Adam 400 × 4", adam(vi.Diag), true},
		{"| diag", natural(vi.Diag), false},
		{"| full, Adam 400 × 4", adam(vi.Full), true},
		{"| full", natural(vi.Full), false},
		{"| full, not widened", narrow, false},
		{"| mixture", natural(vi.Mixture), false},
		{"| flow", natural(vi.Flow), false},
	}
}

// againstAdam is what came of the cells' posteriors, and what that cost.
type againstAdam struct {
	elbo, bound, khat []float64
	converged         int
	seconds           time.Duration
	cost              *timedConditional
}

// holdToAdam fits posteriors to the cells, and judges them.
func holdToAdam(t testing.TB, f *fitted, rows []int32, o *vi.Options) *againstAdam {
	t.Helper()
	x := &againstAdam{cost: &timedConditional{}}
	check(t, model.NewEvaluator(f.vae, 1).Conditionals(context.Background(), f.source(), rows, func(c *model.Conditional) error {
		q, start := approximations(c.Encoded()), processorTime(t)
		if o != nil {
			with := *o
			with.Keys = c.Keys()
			x.cost.Conditional, x.cost.t = c, t
			fits := vi.Fit(x.cost, c.Encoded(), with)
			q = fittedOf(fits)
			for _, fit := range fits {
				x.converged += int(truth(fit.Converged))
			}
		}
		x.seconds += processorTime(t) - start
		for _, a := range vi.Assess(c, q, comparedDraws, 1, c.Keys()) {
			x.elbo, x.bound, x.khat = append(x.elbo, a.ELBO), append(x.bound, a.Bound), append(x.khat, a.KHat)
		}
		return nil
	}))
	return x
}

// row is the table's row after the name. Differences are of the same cells and streams; ± their standard error.
func (x *againstAdam) row(adam *againstAdam) string {
	cells := float64(len(x.elbo))
	trusted := 0.0
	for _, k := range x.khat {
		if k < 0.7 {
			trusted++
		}
	}
	elbo, _ := meanAndError(x.elbo)
	bound, _ := meanAndError(x.bound)
	less := "–"
	if adam != nil && adam != x {
		difference := slices.Clone(x.elbo)
		for i, v := range adam.elbo {
			difference[i] -= v
		}
		mean, spread := meanAndError(difference)
		less = fmt.Sprintf("%+.3f ± %.3f", mean, spread)
	}
	text := fmt.Sprintf(" | %.2f | %.2f | %.1f%% | %.2f | %s", elbo, bound, 100*trusted/cells, median(x.khat), less)
	if x.cost.points == [2]int{} {
		return text + " | – | – | – |\n"
	}
	ended := "–" // Adam's steps are fixed here
	if x != adam {
		ended = fmt.Sprintf("%.1f%%", 100*float64(x.converged)/cells)
	}
	return text + fmt.Sprintf(" | %s | %.0f | %.2f |\n", ended, x.cost.evaluations()/cells, 1000*x.seconds.Seconds()/cells)
}

// timedConditional counts what a fit asks of cells' log density, and times it: with the gradient alone, and with the curvature.
type timedConditional struct {
	*model.Conditional
	t       testing.TB
	points  [2]int
	seconds [2]float64
}

func (x *timedConditional) Evaluate(problems []int, u []float64, v vi.Values) {
	start, kind := processorTime(x.t), 0
	if v.Curvature != nil {
		kind = 1
	}
	x.Conditional.Evaluate(problems, u, v)
	x.points[kind] += len(problems)
	x.seconds[kind] += (processorTime(x.t) - start).Seconds()
}

// evaluations are the points, with a curvature's worth in those without.
func (x *timedConditional) evaluations() float64 {
	if x.points[1] == 0 {
		return float64(x.points[0])
	}
	return float64(x.points[0]) * (1 + x.seconds[1]/x.seconds[0])
}

// processorTime is what the process has used of processors.
func processorTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	check(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// meanAndError are the mean of x and its standard error.
func meanAndError(x []float64) (mean, spread float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		spread += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(spread / math.Max(1, n-1) / n)
}

func median(x []float64) float64 {
	y := slices.Clone(x)
	slices.Sort(y)
	return 0.5 * (y[(len(y)-1)/2] + y[len(y)/2])
}
