package model

import (
	"fmt"
	"hash/fnv"
	"math"

	"cellvi/model/kernel"
)

// VAE is the model: its parameters and layers. T is float32, or float64 where
// gradients are checked.
type VAE[T kernel.Float] struct {
	Config
	slabs[T]
	frame    frame
	ops      kernel.Ops[T]
	embed    *param[T] // (NBatch, dim) the batch's vectors; nil: one-hot
	enc      *encoder[T]
	lib      *encoder[T] // of the latent library size; nil: it is observed
	libPrior libraryPrior[T]
	dec      *decoder[T]
	head     *head[T]
	moves    []span // what training may change, ascending; nil: everything. See Freeze
}

// New builds a VAE with zero parameters: call Initialize or Load next.
// It panics on a Config that Validate refuses.
func New[T kernel.Float](cfg Config) *VAE[T] {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	v := &VAE[T]{Config: cfg, ops: kernel.New[T](), frame: newFrame(cfg)}
	if cfg.embeds() {
		v.embed = v.add("_embeddings_dict.batch.weight", false, cfg.NBatch, cfg.BatchEmbeddingDim)
		v.embed.gauss = true
	}
	v.enc = newEncoder(&v.slabs, cfg, "z_encoder", cfg.NLayers, cfg.NLatent)
	v.enc.addMore(&v.slabs, cfg)
	if !cfg.observed() {
		v.lib = newEncoder(&v.slabs, cfg, "l_encoder", 1, 1)
		v.libPrior = newLibraryPrior[T](cfg.NBatch)
	}
	v.dec = newDecoder(&v.slabs, cfg)
	v.shared = v.params[len(v.params)-1].hi
	// What follows is cut by blocks of genes.
	v.enc.addInput(&v.slabs)
	if v.lib != nil {
		v.lib.addInput(&v.slabs)
	}
	v.head = newHead(&v.slabs, cfg, v.dec.width())
	v.allot()
	return v
}

// encoders are z's, and the library's where there is one.
func (v *VAE[T]) encoders() []*encoder[T] {
	if v.lib == nil {
		return []*encoder[T]{v.enc}
	}
	return []*encoder[T]{v.enc, v.lib}
}

// norms are all batch normalizations, encoders' first.
func (v *VAE[T]) norms() (list []*batchNorm[T]) {
	var layers []*hidden[T]
	for _, e := range v.encoders() {
		layers = append(layers, e.hiddens...)
	}
	for _, n := range append(layers, v.dec.hiddens...) {
		if n.norm != nil {
			list = append(list, n.norm)
		}
	}
	for _, p := range v.head.projections() {
		if p.norm != nil {
			list = append(list, p.norm)
		}
	}
	return list
}

// Initialize draws the parameters as PyTorch initializes these layers: weights
// and biases from U(−1/sqrt(fan in), 1/sqrt(fan in)), r, AutoZI's logits and the
// batch's vectors from N(0, 1). A parameter's numbers are a function of the seed,
// its name and size.
func (v *VAE[T]) Initialize(seed uint64) {
	for _, p := range v.params {
		name := fnv.New64a()
		_, _ = name.Write([]byte(p.name)) // a hash takes every write
		rng := Stream(seed, Initial, 0, name.Sum64())
		switch {
		case p.gauss:
			normal(rng, p.w)
		case p.fan > 0:
			uniform(rng, p.fan, p.w)
		}
	}
}

// Tensors gives every parameter and running statistic under scvi-tools' name.
func (v *VAE[T]) Tensors() []Tensor {
	var out []Tensor
	for _, p := range v.params {
		out = append(out, p.export(p.w))
	}
	for _, b := range v.buffers() {
		out = append(out, b.tensor())
	}
	return out
}

// Gradients gives the gradient of every parameter, after a backward pass.
func (v *VAE[T]) Gradients() []Tensor {
	var out []Tensor
	for _, p := range v.params {
		out = append(out, p.export(p.g))
	}
	return out
}

// buffer is numbers of the model that no gradient moves.
type buffer[T kernel.Float] struct {
	name  string
	shape []int
	x     []T
}

func (b buffer[T]) tensor() Tensor {
	t := Tensor{Name: b.name, Shape: b.shape}
	for _, x := range b.x {
		t.Data = append(t.Data, float32(x))
	}
	return t
}

// buffers gives the running statistics, and the priors.
func (v *VAE[T]) buffers() []buffer[T] {
	var out []buffer[T]
	for _, n := range v.norms() {
		out = append(out, buffer[T]{n.name + ".running_mean", []int{len(n.mean)}, n.mean},
			buffer[T]{n.name + ".running_var", []int{len(n.runvar)}, n.runvar})
	}
	if v.lib != nil {
		out = append(out, buffer[T]{"library_log_means", []int{1, v.NBatch}, v.libPrior.mean},
			buffer[T]{"library_log_vars", []int{1, v.NBatch}, v.libPrior.variance})
	}
	return out
}

// Load sets every parameter and running statistic. Tensors that the model does
// not have are ignored; where any is missing or misshapen, the error is one line, which
// names the first and counts the others.
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
	for _, b := range v.buffers() {
		if err := b.load(byName); err != nil {
			problems = append(problems, err)
		}
	}
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return problems[0]
	}
	return fmt.Errorf("%w, and %d more tensors are not as the model needs them", problems[0], len(problems)-1)
}

func (b buffer[T]) load(byName map[string]Tensor) error {
	t, ok := byName[b.name]
	if !ok || len(t.Data) != len(b.x) {
		return fmt.Errorf("tensor %s is missing or not of %d values", b.name, len(b.x))
	}
	for i, v := range t.Data {
		b.x[i] = T(v)
	}
	return nil
}

// Finite returns an error that names the first parameter or running statistic
// that is not a finite number; nil where all are.
func (v *VAE[T]) Finite() error {
	if name := v.notFinite(); name != "" {
		return fmt.Errorf("%s is not finite", name)
	}
	return nil
}

// notFinite names that parameter or running statistic; "" where there is none.
func (v *VAE[T]) notFinite() string {
	if name := v.brokenParameter(); name != "" {
		return name
	}
	for _, b := range v.buffers() {
		if !finite(b.x) {
			return b.name
		}
	}
	return ""
}

func (v *VAE[T]) brokenParameter() string {
	for _, p := range v.params {
		if !finite(p.w) {
			return p.name
		}
	}
	return ""
}

func finite[T kernel.Float](x []T) bool {
	for _, v := range x {
		if v-v != 0 { // NaN or infinite
			return false
		}
	}
	return true
}

// R gives r = log theta of each gene and batch or label, (G, codes) row-major; theta is
// the inverse dispersion, variance mu + mu²/theta, or the normal's standard deviation.
// It is nil where theta is an output of the decoder, or there is none.
func (v *VAE[T]) R() (r []float32, codes int) {
	if v.head.r == nil {
		return nil, 0
	}
	return v.head.r.p.export(v.head.r.p.w).Data, v.head.r.codes
}

// Loadings gives a linear decoder's weights (G, L), row-major: how the logit of each
// gene's share moves with each dimension of the latent, batch normalization at its
// running statistics included. It is nil where the decoder is not linear.
func (v *VAE[T]) Loadings() []float32 {
	if v.Model != LinearSCVI {
		return nil
	}
	out, p := make([]float32, v.NInput*v.NLatent), v.head.scale
	for g := range v.NInput {
		by := 1.0
		if n := p.norm; n != nil {
			by = float64(n.gamma.w[g]) / math.Sqrt(float64(n.runvar[g]+n.eps))
		}
		for l := range v.NLatent {
			out[g*v.NLatent+l] = float32(by * float64(p.w.w[g*p.k+l]))
		}
	}
	return out
}

// ZeroInflation gives AutoZI's posterior: alpha and beta of Beta(alpha, beta), the
// distribution of the probability that a gene has no zero inflation, (G, codes)
// row-major; nil for other models.
func (v *VAE[T]) ZeroInflation() (alpha, beta []float32, codes int) {
	a := v.head.auto
	if a == nil {
		return nil, nil, 0
	}
	for i := range a.alpha.p.w {
		alpha = append(alpha, float32(sigmoid(float64(a.alpha.p.w[i]))))
		beta = append(beta, float32(sigmoid(float64(a.beta.p.w[i]))))
	}
	return alpha, beta, a.alpha.codes
}
