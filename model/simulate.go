package model

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Simulator draws counts from the model itself: a decoder with random
// parameters, known latents, batches and labels. Several goroutines may use it
// at the same time, each with a Drawer of its own.
type Simulator struct {
	VAE     *VAE[float32]
	Labels  int
	Library float64 // median total counts of a cell
	Seed    uint64
	centres [][]float64 // (labels, L) of the labels in the latent
	theta   []float64   // (G) inverse dispersions
}

// NewSimulator draws the decoder's parameters and the labels' places. Gene
// shares vary over about three decades, inverse dispersions around 2.
func NewSimulator(cfg Config, labels int, library float64, seed uint64) *Simulator {
	s := &Simulator{VAE: New[float32](cfg), Labels: labels, Library: library, Seed: seed}
	s.VAE.Initialize(seed)
	rng := Stream(seed, Simulation, 0, 0)
	scaled := func(sd, mean float64, w []float32) {
		for i := range w {
			w[i] = float32(mean + sd*rng.NormFloat64())
		}
	}
	// Hidden units of the first layer are near unit variance for a latent of
	// spread two; each gene's log share then moves by about one between labels.
	for _, l := range s.VAE.dec.linears {
		scaled(1/math.Sqrt(float64(l.in)), 0, l.w.w)
	}
	scaled(1.2/math.Sqrt(float64(cfg.NHidden)), 0, s.VAE.head.scale.w.w)
	scaled(1.3, 0, s.VAE.head.scale.bias.w)
	scaled(0.5, math.Log(2), s.VAE.head.r.p.w)
	for _, r := range s.VAE.head.r.p.w {
		s.theta = append(s.theta, math.Exp(float64(r)))
	}
	for range labels {
		c := make([]float64, cfg.NLatent)
		for i := range c {
			c[i] = 1.5 * rng.NormFloat64()
		}
		s.centres = append(s.centres, c)
	}
	return s
}

// Drawing is the cells of one block, each a row, with their counts as CSR.
type Drawing struct {
	Label, Batch []int32
	Latent       []float32 // (n, L)
	Indptr       []int64   // (n+1) counts of cell i are Indptr[i] … Indptr[i+1]−1 of
	Genes        []uint32  // genes, ascending within a cell, and
	Counts       []float64 // counts, above 0
}

// Drawer draws blocks of cells. It is used by one goroutine at a time.
type Drawer struct {
	sim  *Simulator
	mini *Minibatch[float32]
	pass *Pass[float32]
	rngs []*rand.Rand // per cell
	nb   nbDrawer
}

// NewDrawer makes the workspace of one goroutine.
func (s *Simulator) NewDrawer() *Drawer {
	return &Drawer{
		sim: s, mini: &Minibatch[float32]{}, pass: newPass(s.VAE, serial{}),
		rngs: make([]*rand.Rand, DrawBlock),
	}
}

// DrawBlock is the number of cells that are drawn together.
const DrawBlock = evalBatch

// Draw makes the first n cells of block b, cells b·DrawBlock, b·DrawBlock+1, …,
// in d, replacing what it held. Cell i is a function of the seed and i alone: it
// has its own random numbers, and its own place in a matrix product that always
// has DrawBlock rows.
func (w *Drawer) Draw(b, n int, d *Drawing) {
	d.Label, d.Batch, d.Latent = d.Label[:0], d.Batch[:0], d.Latent[:0]
	d.Indptr, d.Genes, d.Counts = append(d.Indptr[:0], 0), d.Genes[:0], d.Counts[:0]
	for i := range n {
		w.rngs[i] = Stream(w.sim.Seed, Simulation, 1, uint64(b*DrawBlock+i))
		w.sim.place(d, w.rngs[i])
	}
	w.decode(d)
	rho, g := w.pass.Shares(), w.sim.VAE.NInput
	for i := range n {
		library := w.sim.Library * math.Exp(0.35*w.rngs[i].NormFloat64())
		d.Genes, d.Counts = w.nb.append(w.rngs[i], rho[i*g:(i+1)*g], library, w.sim.theta, d.Genes, d.Counts)
		d.Indptr = append(d.Indptr, int64(len(d.Genes)))
	}
}

// place adds a cell's label, batch and latent.
func (s *Simulator) place(d *Drawing, rng *rand.Rand) {
	label, batch := rng.IntN(s.Labels), rng.IntN(s.VAE.NBatch)
	d.Label, d.Batch = append(d.Label, int32(label)), append(d.Batch, int32(batch))
	for _, c := range s.centres[label] {
		d.Latent = append(d.Latent, float32(c+0.4*rng.NormFloat64()))
	}
}

// decode leaves the expected shares of the cells' genes in the pass.
func (w *Drawer) decode(d *Drawing) {
	nobodies := slices.Repeat([]int{nobody}, DrawBlock)
	w.mini.fill(nil, nobodies, w.sim.VAE.frame)
	for b, batch := range d.Batch {
		w.mini.fillCovariates(b, Covariates{Batch: batch}, w.sim.VAE.frame)
	}
	w.pass.resize(w.mini)
	clear(w.pass.Z[copy(w.pass.Z, d.Latent):])
	w.pass.decode(false)
}
