package model

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/model/kernel"
)

// TestGolden holds the model to numbers computed by scvi-tools itself: every
// case folder under CELLVI_SHARED/golden, sizes from its config.json and tensors.
// float64 runs the plain Go loops, float32 the C kernels; both are held to the
// reference's own float32.
func TestGolden(t *testing.T) {
	cases, _ := filepath.Glob(filepath.Join(shared(t), "golden", "*", "config.json"))
	if len(cases) == 0 {
		t.Skip("no golden cases: set CELLVI_SHARED to the folder that holds golden/")
	}
	for _, path := range cases {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			cfg := goldenConfig(t, path)
			t.Run("float32", func(t *testing.T) { goldenCase[float32](t, dir, cfg) })
			t.Run("float64", func(t *testing.T) { goldenCase[float64](t, dir, cfg) })
		})
	}
}

// goldenGamma makes AutoZI's draws those of the reference, where a case has them.
func goldenGamma[T kernel.Float](t *testing.T, dir string, p *Pass[T]) {
	mb := readTensors(t, dir, "minibatch")
	if _, ok := mb["gamma_x"]; !ok {
		return
	}
	p.head.auto.given = func(i int, alpha, beta float64) (d [2]gammaDraw) {
		for k, shape := range []float64{alpha, beta} {
			x := mb[[]string{"gamma_x", "gamma_y"}[k]].at(i)
			d[k] = gammaDraw{math.Log(x + gammaTiny), gammaSlope(shape, x, math.Log(x)) * x / (x + gammaTiny)}
		}
		return d
	}
}

func goldenCase[T kernel.Float](t *testing.T, dir string, g golden) {
	initial, v := readTensors(t, dir, "initial"), New[T](g.Config)
	mini := goldenMinibatch(t, dir, v)
	load := func() {
		if err := v.Load(public(initial)); err != nil {
			t.Fatal(err)
		}
	}
	load()
	goldenEval(t, dir, v, mini, readTensors(t, dir, "eval"))
	load()
	goldenTrain(t, dir, v, mini, g.KLWeight, readTensors(t, dir, "train"))
	load()
	goldenAdam(t, dir, v, mini, g.KLWeight, readTensors(t, dir, "adam"), readTensors(t, dir, "train"))
}

// near holds every value to rel of its own size plus abs.
func near[T kernel.Float](t *testing.T, name string, got []T, want []float32, rel, abs float64) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	worst, at := 0.0, 0
	for i, w := range want {
		if d := math.Abs(float64(got[i])-float64(w)) / (rel*math.Abs(float64(w)) + abs); !(d <= worst) {
			worst, at = d, i
		}
	}
	if !(worst <= 1) {
		t.Errorf("%s[%d] is %.9g, want %.9g: %.2g times the tolerance (%g relative + %g)", name, at, got[at], want[at], worst, rel, abs)
	}
}

// largest is the greatest magnitude, to which sums of many signed terms are held:
// float32 loses digits relative to the terms, not to what is left of them.
func largest(x []float32) float64 {
	m := 0.0
	for _, v := range x {
		m = math.Max(m, math.Abs(float64(v)))
	}
	return m
}

// goldenEval checks evaluation mode. Posterior and shares are sums of hundreds
// of signed float32 products in the reference: 1e-5 of themselves, plus 1e-6 of
// the largest. log_prob likewise 1e-5 of its size, plus 2e-6 for entries near 0.
func goldenEval[T kernel.Float](t *testing.T, dir string, v *VAE[T], m *Minibatch[T], want tensorMap) {
	p := newPass(v, serial{})
	goldenGamma(t, dir, p)
	p.encode(m, false, 0, nil)
	close := func(name string, got []T) {
		t.Helper()
		near(t, "eval "+name, got, want[name].F32, 1e-5, 1e-6*largest(want[name].F32))
	}
	close("qz_m", p.Mean)
	close("qz_v", p.Variance)
	close("z", p.Z)
	if v.lib != nil {
		close("ql_m", p.lib.mean)
		close("ql_v", p.lib.variance)
	}
	p.decode(false)
	d := &decoded[T]{}
	d.take(p)
	n := m.B * v.NInput
	rate, logp, rec := make([]T, n), make([]T, n), make([]float64, m.B)
	for i := range n {
		b, j := i/v.NInput, i%v.NInput
		rate[i] = d.scale[i] * p.Library[b]
		o := kernel.Observation{X: countOf(m, b, j), Mu: float64(rate[i])}
		if d.theta != nil {
			o.Theta = float64(d.theta[i])
		}
		if d.dropout != nil {
			o.Pi = float64(d.dropout[i])
		}
		kind := v.head.kind
		if kind == kernel.AutoZI { // the reference's px is the zero-inflated one
			kind = kernel.ZINB
		}
		ll := o.LogProb(kind)
		logp[i], rec[b] = T(ll), rec[b]-ll
	}
	close("px_scale", d.scale[:n])
	close("px_rate", rate)
	if d.theta != nil {
		close("px_r", d.theta[:n])
	}
	if d.dropout != nil {
		close("px_dropout", d.dropout[:n])
	}
	goldenLogProb(t, v.head.kind, d, m, rate, logp, want["log_prob"].F32)
	p.forward(m, false)
	near(t, "eval reconstruction_loss", p.Rec, want["reconstruction_loss"].F32, 1e-5, 0)
	near(t, "eval kl_z", p.KL, want["kl_z"].F32, 1e-5, 0)
	near(t, "eval kl_l", p.KLLibrary, want["kl_l"].F32, 1e-5, 1e-7)
	for b, r := range rec { // the fused kernel against the plain formula, cell by cell
		if v.head.auto == nil && math.Abs(p.Rec[b]-r) > 1e-5*math.Abs(r) {
			t.Errorf("cell %d: the kernel's R is %.9g, the formula's %.9g", b, p.Rec[b], r)
		}
	}
}

// goldenLogProb holds log-probabilities to 1e-5 of their size plus 2e-6 for entries
// near 0, plus what the reference's own float32 loses where theta is large: it takes
// differences of terms of the size of log Γ(theta), each rounded at 6e-8 of that. A
// normal's moves with its mean, whose rounding is 4e-6 of itself, times mu (x − mu)/theta².
func goldenLogProb[T kernel.Float](t *testing.T, kind kernel.Likelihood, d *decoded[T], m *Minibatch[T], mu, got []T, want []float32) {
	t.Helper()
	genes := len(want) / m.B
	for i, w := range want {
		tol := 1e-5*math.Abs(float64(w)) + 2e-6
		switch {
		case kind == kernel.Normal:
			x, rate, theta := countOf(m, i/genes, i%genes), float64(mu[i]), float64(d.theta[i])
			tol += 4e-6 * math.Abs(rate*(x-rate)) / (theta * theta)
		case d.theta != nil:
			size, _ := math.Lgamma(float64(d.theta[i]) + 1)
			tol += 2e-7 * math.Abs(size)
		}
		if math.Abs(float64(got[i])-float64(w)) > tol {
			t.Errorf("eval log_prob[%d] is %.9g, want %.9g within %.2g", i, got[i], w, tol)
		}
	}
}

func countOf[T kernel.Float](m *Minibatch[T], b, gene int) float64 {
	for i := m.Ptr[b]; i < m.Ptr[b+1]; i++ {
		if int(m.Idx[i]) == gene {
			return float64(m.Val[i])
		}
	}
	return 0
}

// goldenTrain checks loss, every gradient and every running statistic after one
// forward and backward in training. Gradients are sums over cells and genes of
// signed float32 terms: held to 1e-4 of themselves plus 1e-5 of the tensor's
// largest, plus 1e-6: a bias before batch normalization has gradient 0 (float64
// gives 1e-17), where the reference's own rounding leaves 1e-7.
func goldenTrain[T kernel.Float](t *testing.T, dir string, v *VAE[T], m *Minibatch[T], weight float64, want tensorMap) {
	p := newPass(v, serial{})
	goldenGamma(t, dir, p)
	p.forward(m, true)
	near(t, "train loss", []float64{p.loss(weight)}, want["loss"].F32, 1e-5, 0)
	p.backward(weight, func(lo, hi int) {}, nothing)
	checked := 0
	for _, g := range v.Gradients() {
		w, ok := want["grad."+g.Name]
		if !ok {
			t.Errorf("the reference has no gradient of %s", g.Name)
			continue
		}
		checked++
		near(t, "grad."+g.Name, g.Data, w.F32, 1e-4, gradientTolerance(want, g.Name))
	}
	for _, b := range v.buffers() {
		if strings.Contains(b.name, "running") {
			near(t, b.name, b.x, want["buffer."+b.name].F32, 1e-5, 1e-6)
		}
	}
	for name := range want {
		if strings.HasPrefix(name, "grad.") {
			checked--
		}
	}
	if checked != 0 {
		t.Errorf("%d gradients of the reference were not computed", -checked)
	}
}

// gradientTolerance is the absolute part of a gradient's: 1e-5 of the largest of its
// layer. A bias' own may be small beside its terms: before batch normalization it is 0
// (float64 gives 1e-17), and what float32 leaves of the sum is sized like the terms.
func gradientTolerance(want tensorMap, name string) float64 {
	return 1e-5*math.Max(largest(want["grad."+name].F32), largest(want["grad."+stem(name)+".weight"].F32)) + 1e-6
}

// goldenAdam checks parameters and losses after 1 and 10 steps on the same
// minibatch. A step moves a parameter by lr·g/(|g|+eps), at most about 1e-3: it is held
// to a thousandth of that, and to what the gradient's tolerance makes of it.
func goldenAdam[T kernel.Float](t *testing.T, dir string, v *VAE[T], m *Minibatch[T], weight float64, want, train tensorMap) {
	p := newPass(v, serial{})
	goldenGamma(t, dir, p)
	for step := 1; step <= 10; step++ {
		p.forward(m, true)
		near(t, fmt.Sprintf("loss.%d", step), []float64{p.loss(weight)}, want[fmt.Sprintf("loss.%d", step)].F32, 1e-5, 0)
		s := DefaultAdam().step(step, DefaultAdam().LR)
		p.backward(weight, func(lo, hi int) { v.update(lo, hi, s) }, nothing)
		holdEmbedding(v, want)
		if step == 1 || step == 10 {
			for _, x := range v.Tensors() {
				goldenStep(t, step, x, want[fmt.Sprintf("step%d.%s", step, x.Name)].F32, train)
			}
		}
	}
}

// holdEmbedding puts the batch's vectors back where the reference's optimizer did not hold
// them: scvi-tools' Embedding is another one after load_state_dict, and an optimizer
// made before it moves the old.
func holdEmbedding[T kernel.Float](v *VAE[T], want tensorMap) {
	if v.embed == nil {
		return
	}
	one, ten := want["step1."+v.embed.name].F32, want["step10."+v.embed.name].F32
	if !slices.Equal(one, ten) {
		return
	}
	for i, x := range one {
		v.embed.w[i] = T(x)
	}
}

func goldenStep(t *testing.T, step int, got Tensor, want []float32, train tensorMap) {
	t.Helper()
	if len(got.Data) != len(want) {
		t.Fatalf("step%d.%s: %d values, want %d", step, got.Name, len(got.Data), len(want))
	}
	const lr, eps = 1e-3, 0.01
	grad, loose := train["grad."+got.Name].F32, gradientTolerance(train, got.Name)
	// A unit whose input lies within rounding of 0 for some cell may be open here and
	// shut there: its weights then move otherwise.
	flipped := 0
	if len(got.Shape) == 2 {
		flipped = len(want) / got.Shape[0]
	}
	for i, w := range want {
		tol := 1e-6
		if grad != nil {
			g := math.Abs(float64(grad[i])) + eps
			tol += lr * eps / (g * g) * loose
		}
		tol = tol*float64(step) + 1e-5*math.Abs(float64(w))
		off := math.Abs(float64(got.Data[i] - w))
		if off > tol && off < 20*tol && flipped > 0 {
			flipped--
			continue
		}
		if !(off <= tol) {
			t.Errorf("step%d.%s[%d] is %.9g, want %.9g within %.2g", step, got.Name, i, got.Data[i], w, tol)
		}
	}
}
