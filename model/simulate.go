package model

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Simulator draws counts from the model itself: a decoder with random
// parameters, known latents, batches and labels.
type Simulator struct {
	VAE     *VAE[float32]
	Labels  int
	Library float64 // median total counts of a cell
	Seed    uint64
	centres [][]float64 // (labels, L) of the labels in the latent
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
	scaled(1.2/math.Sqrt(float64(cfg.NHidden)), 0, s.VAE.head.scale.w)
	scaled(1.3, 0, s.VAE.head.bias.w)
	scaled(0.5, math.Log(2), s.VAE.head.r.w)
	for range labels {
		c := make([]float64, cfg.NLatent)
		for i := range c {
			c[i] = 1.5 * rng.NormFloat64()
		}
		s.centres = append(s.centres, c)
	}
	return s
}

// Cell is one simulated cell.
type Cell struct {
	Label, Batch int
	Latent       []float32 // (L)
	Genes        []uint32  // with a count above 0, ascending
	Counts       []float64
}

// Draw makes cell i, a function of the seed and i alone. p is reused between
// calls; see NewPass.
func (s *Simulator) Draw(i int, p *Pass[float32]) Cell {
	rng := Stream(s.Seed, Simulation, 1, uint64(i))
	c := Cell{Label: rng.IntN(s.Labels), Batch: rng.IntN(s.VAE.NBatch), Latent: make([]float32, s.VAE.NLatent)}
	for k := range c.Latent {
		c.Latent[k] = float32(s.centres[c.Label][k] + 0.4*rng.NormFloat64())
	}
	library := s.Library * math.Exp(0.35*rng.NormFloat64())
	rho := s.decode(p, c)
	for g, share := range rho {
		theta := math.Exp(float64(s.VAE.head.r.w[g]))
		if x := drawNB(rng, float64(share)*library, theta); x > 0 {
			c.Genes, c.Counts = append(c.Genes, uint32(g)), append(c.Counts, x)
		}
	}
	return c
}

// NewPass makes the workspace of one goroutine's draws.
func (s *Simulator) NewPass() *Pass[float32] { return newPass(s.VAE, serial{}) }

// decode gives the expected shares of genes of a cell.
func (s *Simulator) decode(p *Pass[float32], c Cell) []float32 {
	p.resize(&Minibatch[float32]{B: 1, Batch: []int32{int32(c.Batch)}})
	copy(p.Z, c.Latent)
	p.decode(false)
	rho := make([]float32, s.VAE.NInput)
	p.Shares(0, rho)
	return rho
}

// drawNB draws a negative binomial count with mean mu and inverse dispersion
// theta: by inversion of its distribution function where mu is small, else as
// the Poisson of a gamma.
func drawNB(rng *rand.Rand, mu, theta float64) float64 {
	if mu > 30 {
		rate := distuv.Gamma{Alpha: theta, Beta: theta / mu, Src: rng}.Rand()
		return distuv.Poisson{Lambda: rate, Src: rng}.Rand()
	}
	u, q := rng.Float64(), mu/(theta+mu)
	p := math.Exp(-theta * math.Log1p(mu/theta)) // of 0
	x := 0.0
	for cum := p; u > cum && p > 1e-300; cum += p {
		p *= (theta + x) / (x + 1) * q // of x+1, from that of x
		x++
	}
	return x
}
