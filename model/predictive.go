package model

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Predictive draws counts from the likelihood of what was decoded. Each gene of each
// cell and draw has random numbers of its own, so a count is a function of the model,
// the cell, the seed, the draw and the gene alone. It is used by one goroutine.
type Predictive struct {
	likelihood string
	seed       uint64
	pcg        rand.PCG
	rng        *rand.Rand // of pcg
}

// NewPredictive draws for a model of cfg.
func NewPredictive(cfg Config, seed uint64) *Predictive {
	p := &Predictive{likelihood: cfg.GeneLikelihood, seed: seed}
	p.rng = rand.New(&p.pcg)
	return p
}

// mostRate is the largest mean of a Poisson draw, as in scvi-tools.
const mostRate = 1e8

// Draw writes a count for each of genes, of cell i of g, whose random streams are
// named by item. AutoZI's counts are drawn with zero inflation, as in scvi-tools.
func (p *Predictive) Draw(g *Generated, i int, item int64, genes []int, out []float32) {
	key := streamKey(p.seed, PredictiveNoise, uint64(g.Sample), uint64(item))
	width, library := len(g.Scale)/g.N, float64(g.Library[i])
	row := func(x []float32) []float32 {
		if x == nil {
			return nil
		}
		return x[i*width : (i+1)*width]
	}
	scale, theta, dropout := row(g.Scale), row(g.Theta), row(g.Dropout)
	for k, gene := range genes {
		p.name(key, gene)
		mu := float64(scale[gene]) * library
		var x float64
		switch p.likelihood {
		case "poisson":
			x = p.poisson(mu)
		case "normal":
			x = mu + float64(theta[gene])*p.rng.NormFloat64()
		default:
			x = p.negativeBinomial(mu, float64(theta[gene]))
		}
		if dropout != nil && x > 0 && p.rng.Float64() <= sigmoid(float64(dropout[gene])) {
			x = 0
		}
		out[k] = float32(x)
	}
}

// name begins a gene's random numbers.
func (p *Predictive) name(key uint64, gene int) {
	h := mix(key ^ uint64(gene))
	p.pcg.Seed(h, mix(h))
}

// manyJumps is the mean above which a count is drawn by a gamma draw rather than by
// its jumps.
const manyJumps = 16

// negativeBinomial draws from mean mu and inverse dispersion theta: the jumps of
// nbDrawer where they are few, most often none, which takes one exponential draw;
// otherwise Poisson(Gamma(shape theta, mean mu)).
func (p *Predictive) negativeBinomial(mu, theta float64) float64 {
	if mu > manyJumps {
		return p.poisson(p.gamma(mu, theta))
	}
	at := p.rng.ExpFloat64()
	if !(at < mu) { // before the logarithm, for theta·log(1 + mu/theta) ≤ mu
		return 0
	}
	ratio := mu / theta
	log, x := log1p(ratio), 0.0
	for end := theta * log; at < end; at += p.rng.ExpFloat64() {
		x += drawLogarithmic(p.rng, ratio, log)
	}
	return x
}

func (p *Predictive) poisson(mu float64) float64 {
	mu = min(mu, mostRate)
	if mu > manyJumps {
		return distuv.Poisson{Lambda: mu, Src: &p.pcg}.Rand()
	}
	n := 0.0
	for at := p.rng.ExpFloat64(); at < mu; at += p.rng.ExpFloat64() {
		n++
	}
	return n
}

// gamma draws from Gamma(shape theta, rate theta/mu), which has mean mu.
func (p *Predictive) gamma(mu, theta float64) float64 {
	if !(mu > 0) || !(theta > 0) {
		return 0
	}
	return distuv.Gamma{Alpha: theta, Beta: 1, Src: &p.pcg}.Rand() * (mu / theta)
}

// Denoised writes for one gene of cell i of g a draw of expression without counting
// noise: Gamma(shape theta, rate theta/mu) at a library size that is the same for all
// cells, mu = library·rho; the mean itself for poisson, whose theta is infinite.
func (p *Predictive) Denoised(g *Generated, i int, item int64, gene int, library float64) float32 {
	at := i*(len(g.Scale)/g.N) + gene
	mu := library * float64(g.Scale[at])
	if g.Theta == nil {
		return float32(mu)
	}
	p.name(streamKey(p.seed, DenoisedNoise, uint64(g.Sample), uint64(item)), gene)
	return float32(p.gamma(mu, float64(g.Theta[at])))
}
