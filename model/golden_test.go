package model

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/io/safetensors"
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

func shared(t testing.TB) string {
	dir := os.Getenv("CELLVI_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no shared folder (%v): set CELLVI_SHARED", err)
	}
	return dir
}

// golden is what config.json says of a case. A field that a variant sets and
// that is not built yet makes the case skip by name.
type golden struct {
	Config
	Model       string         `json:"model"`
	Setup       map[string]any `json:"setup"`
	KLWeight    float64        `json:"kl_weight_train"`
	ObservedLib *bool          `json:"use_observed_lib_size"`
	Encode      bool           `json:"encode_covariates"`
	Latent      string         `json:"latent_distribution"`
	BatchNorm   string         `json:"use_batch_norm"`
	LayerNorm   string         `json:"use_layer_norm"`
}

func goldenConfig(t *testing.T, path string) golden {
	g := golden{Config: DefaultConfig(), BatchNorm: "both", LayerNorm: "none", Latent: "normal"}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	missing := []string{}
	need := func(ok bool, what string) {
		if !ok {
			missing = append(missing, what)
		}
	}
	need(g.Model == "SCVI", g.Model)
	need(g.Config.Validate() == nil, fmt.Sprint(g.Config.Validate()))
	need(g.ObservedLib == nil || *g.ObservedLib, "latent library")
	need(!g.Encode, "encoded covariates")
	need(g.Latent == "normal", "latent "+g.Latent)
	need(g.BatchNorm == "both" && g.LayerNorm == "none", "normalization "+g.BatchNorm+"/"+g.LayerNorm)
	for key := range g.Setup {
		need(key == "batch_key" || key == "labels_key", key)
	}
	if len(missing) > 0 {
		t.Skip("not built yet: " + strings.Join(missing, ", "))
	}
	return g
}

type tensorMap map[string]safetensors.Tensor

func readTensors(t *testing.T, dir, name string) tensorMap {
	list, _, err := safetensors.Read(filepath.Join(dir, name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	m := tensorMap{}
	for _, x := range list {
		m[x.Name] = x
	}
	return m
}

func goldenCase[T kernel.Float](t *testing.T, dir string, g golden) {
	initial, mini := readTensors(t, dir, "initial"), goldenMinibatch[T](t, dir, g.Config)
	v := New[T](g.Config)
	load := func() {
		if err := v.Load(public(initial)); err != nil {
			t.Fatal(err)
		}
	}
	load()
	goldenEval(t, v, mini, readTensors(t, dir, "eval"))
	load()
	goldenTrain(t, v, mini, g.KLWeight, readTensors(t, dir, "train"))
	load()
	goldenAdam(t, v, mini, g.KLWeight, readTensors(t, dir, "adam"))
}

func public(m tensorMap) []Tensor {
	var out []Tensor
	for name, x := range m {
		out = append(out, Tensor{Name: name, Shape: x.Shape, Data: x.F32})
	}
	return out
}

// goldenMinibatch turns the dense counts into a Minibatch with the frozen noise.
func goldenMinibatch[T kernel.Float](t *testing.T, dir string, cfg Config) *Minibatch[T] {
	mb := readTensors(t, dir, "minibatch")
	x, batch := mb["x"], mb["batch_index"].I64
	n := x.Shape[0]
	cells := NewCells(x.Shape[1], n, Extent{})
	rows := make([]int, n)
	for i := range n {
		var genes []int32
		var counts []float32
		for g := range cells.NGenes {
			if c := x.F32[i*cells.NGenes+g]; c != 0 {
				genes, counts = append(genes, int32(g)), append(counts, c)
			}
		}
		cells.Append(genes, counts, int32(batch[i]), int64(i))
		rows[i] = i
	}
	if err := cells.Check(cfg); err != nil {
		t.Fatal(err)
	}
	m := &Minibatch[T]{}
	m.fill(cells, rows, kernel.Blocks(cells.NGenes))
	for _, e := range mb["eps_z"].F32 {
		m.Noise = append(m.Noise, T(e))
	}
	return m
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
func goldenEval[T kernel.Float](t *testing.T, v *VAE[T], m *Minibatch[T], want tensorMap) {
	p := newPass(v, serial{})
	p.encode(m, false, 0, nil)
	close := func(name string, got []T) {
		t.Helper()
		near(t, "eval "+name, got, want[name].F32, 1e-5, 1e-6*largest(want[name].F32))
	}
	close("qz_m", p.Mean)
	close("qz_v", p.Variance)
	close("z", p.Z)
	p.decode(false)
	g := v.NInput
	scale := p.Shares()
	rate, theta, logp := make([]T, m.B*g), make([]T, m.B*g), make([]T, m.B*g)
	rec := make([]float64, m.B)
	for b := range m.B {
		x := make([]float64, g)
		for i := m.Ptr[b]; i < m.Ptr[b+1]; i++ {
			x[m.Idx[i]] = float64(m.Val[i])
		}
		for j := range g {
			at := b*g + j
			rate[at] = scale[at] * m.Library[b]
			theta[at] = T(math.Exp(float64(v.head.r.w[j])))
			ll, _, _ := kernel.NB(x[j], float64(rate[at]), float64(theta[at]))
			logp[at] = T(ll)
			rec[b] -= ll
		}
	}
	close("px_scale", scale)
	close("px_rate", rate)
	close("px_r", theta)
	near(t, "eval log_prob", logp, want["log_prob"].F32, 1e-5, 2e-6)
	p.forward(m, false)
	near(t, "eval reconstruction_loss", p.Rec, want["reconstruction_loss"].F32, 1e-5, 0)
	near(t, "eval kl_z", p.KL, want["kl_z"].F32, 1e-5, 0)
	for b, r := range rec { // the fused kernel against the plain formula, cell by cell
		if math.Abs(p.Rec[b]-r) > 1e-5*math.Abs(r) {
			t.Errorf("cell %d: the kernel's R is %.9g, the formula's %.9g", b, p.Rec[b], r)
		}
	}
}

// goldenTrain checks loss, every gradient and every running statistic after one
// forward and backward in training. Gradients are sums over cells and genes of
// signed float32 terms: held to 1e-4 of themselves plus 1e-5 of the tensor's
// largest, plus 1e-6: a bias before batch normalization has gradient 0 (float64
// gives 1e-17), where the reference's own rounding leaves 1e-7.
func goldenTrain[T kernel.Float](t *testing.T, v *VAE[T], m *Minibatch[T], weight float64, want tensorMap) {
	p := newPass(v, serial{})
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
		near(t, "grad."+g.Name, g.Data, w.F32, 1e-4, 1e-5*largest(w.F32)+1e-6)
	}
	for _, b := range v.buffers() {
		near(t, b.Name, b.Data, want["buffer."+b.Name].F32, 1e-5, 1e-6)
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

// goldenAdam checks parameters and losses after 1 and 10 steps on the same
// minibatch. A step moves a parameter by at most about 1e-3; 1e-6 absolute is a
// thousandth of it, 1e-5 after ten.
func goldenAdam[T kernel.Float](t *testing.T, v *VAE[T], m *Minibatch[T], weight float64, want tensorMap) {
	p := newPass(v, serial{})
	for step := 1; step <= 10; step++ {
		p.forward(m, true)
		near(t, fmt.Sprintf("loss.%d", step), []float64{p.loss(weight)}, want[fmt.Sprintf("loss.%d", step)].F32, 1e-5, 0)
		s := DefaultAdam().step(step)
		p.backward(weight, func(lo, hi int) { v.update(lo, hi, s) }, nothing)
		if step == 1 || step == 10 {
			for _, x := range v.Tensors() {
				near(t, fmt.Sprintf("step%d.%s", step, x.Name), x.Data, want[fmt.Sprintf("step%d.%s", step, x.Name)].F32, 1e-5, 1e-6*float64(step))
			}
		}
	}
}
