package model

import (
	"errors"
	"fmt"

	"cellvi/model/kernel"
)

// VAE is the model: its parameters and layers. T is float32, or float64 where
// gradients are checked.
type VAE[T kernel.Float] struct {
	Config
	slabs[T]
	ops  kernel.Ops[T]
	enc  *encoder[T]
	dec  *decoder[T]
	head *head[T]
}

// New builds a VAE with zero parameters: call Initialize or Load next.
// It panics on a Config that Validate refuses.
func New[T kernel.Float](cfg Config) *VAE[T] {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	v := &VAE[T]{Config: cfg, ops: kernel.New[T]()}
	v.enc = newEncoder(&v.slabs, cfg)
	v.dec = newDecoder(&v.slabs, cfg)
	v.shared = v.params[len(v.params)-1].hi
	// What follows is cut by blocks of genes.
	h, g := cfg.NHidden, cfg.NInput
	v.enc.in = v.add("z_encoder.encoder.fc_layers.Layer 0.0.weight", true, h, g)
	v.head = &head[T]{bounds: kernel.Blocks(g), h: h}
	v.head.scale = v.add("decoder.px_scale_decoder.0.weight", false, g, h)
	v.head.bias = v.add("decoder.px_scale_decoder.0.bias", false, g)
	v.head.r = v.add("px_r", false, g)
	v.allot()
	for _, n := range v.norms() {
		for i := range n.gamma.w {
			n.gamma.w[i] = 1
		}
	}
	return v
}

// norms are all batch normalizations, encoder's first.
func (v *VAE[T]) norms() []*hidden[T] {
	return append(append([]*hidden[T]{}, v.enc.hiddens...), v.dec.hiddens...)
}

// Initialize draws the parameters as PyTorch initializes these layers: weights
// and biases from U(−1/sqrt(fan in), 1/sqrt(fan in)), r from N(0, 1).
func (v *VAE[T]) Initialize(seed uint64) {
	fan := map[string]int{}
	for _, p := range v.params {
		if len(p.shape) == 2 {
			fan[stem(p.name)] = p.shape[1]
		}
	}
	for i, p := range v.params {
		rng := Stream(seed, Initial, 0, uint64(i))
		if p == v.head.r {
			normal(rng, p.w)
		} else if in, ok := fan[stem(p.name)]; ok {
			uniform(rng, in, p.w)
		}
	}
}

// stem is a parameter's name without its last part: one layer's weight and bias share it.
func stem(name string) string {
	for i := len(name) - 1; i > 0; i-- {
		if name[i] == '.' {
			return name[:i]
		}
	}
	return name
}

// Tensors gives every parameter and running statistic under scvi-tools' name.
func (v *VAE[T]) Tensors() []Tensor {
	var out []Tensor
	for _, p := range v.params {
		out = append(out, p.export(p.w))
	}
	return append(out, v.buffers()...)
}

// Gradients gives the gradient of every parameter, after a backward pass.
func (v *VAE[T]) Gradients() []Tensor {
	var out []Tensor
	for _, p := range v.params {
		out = append(out, p.export(p.g))
	}
	return out
}

// buffers gives the running statistics.
func (v *VAE[T]) buffers() []Tensor {
	var out []Tensor
	for _, n := range v.norms() {
		for _, b := range []struct {
			name string
			x    []T
		}{{".running_mean", n.mean}, {".running_var", n.runvar}} {
			t := Tensor{Name: n.name + b.name, Shape: []int{len(b.x)}}
			for _, x := range b.x {
				t.Data = append(t.Data, float32(x))
			}
			out = append(out, t)
		}
	}
	return out
}

// Load sets every parameter and running statistic. Tensors that the model does
// not have are ignored; every one that is missing or misshapen is an error.
func (v *VAE[T]) Load(tensors []Tensor) error {
	byName := map[string]Tensor{}
	for _, t := range tensors {
		byName[t.Name] = t
	}
	var problems []error
	for _, p := range v.params {
		if t, ok := byName[p.name]; !ok {
			problems = append(problems, fmt.Errorf("tensor %s is missing", p.name))
		} else if err := p.load(t); err != nil {
			problems = append(problems, err)
		}
	}
	for _, n := range v.norms() {
		problems = append(problems, loadBuffer(byName, n.name+".running_mean", n.mean), loadBuffer(byName, n.name+".running_var", n.runvar))
	}
	return errors.Join(problems...)
}

func loadBuffer[T kernel.Float](byName map[string]Tensor, name string, x []T) error {
	t, ok := byName[name]
	if !ok || len(t.Data) != len(x) {
		return fmt.Errorf("tensor %s is missing or not of %d values", name, len(x))
	}
	for i, v := range t.Data {
		x[i] = T(v)
	}
	return nil
}

// Finite returns an error that names the first parameter or running statistic
// that is not a finite number; nil where all are.
func (v *VAE[T]) Finite() error {
	for _, p := range v.params {
		if !finite(p.w) {
			return fmt.Errorf("%s is not finite", p.name)
		}
	}
	for _, n := range v.norms() {
		if !finite(n.mean) || !finite(n.runvar) {
			return fmt.Errorf("the running statistics of %s are not finite", n.name)
		}
	}
	return nil
}

func finite[T kernel.Float](x []T) bool {
	for _, v := range x {
		if v-v != 0 { // NaN or infinite
			return false
		}
	}
	return true
}

// R gives log theta of each gene (G), theta the inverse dispersion: variance mu + mu²/theta.
func (v *VAE[T]) R() []float32 { return v.head.r.export(v.head.r.w).Data }
