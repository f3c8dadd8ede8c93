package model

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"cellvi/model/kernel"
)

// autoZI is what decides for each gene, or gene and batch or label, whether it has
// zero inflation (Clivio, Boyeau et al. 2019): delta ~ Beta(alpha, beta) is the
// probability that it has none, with alpha = sigmoid(alpha_posterior_logit) and beta
// likewise, each a number for each gene.
type autoZI[T kernel.Float] struct {
	alpha, beta *coded[T]  // logits
	prior       [2]float64 // alpha's and beta's
	floor       T          // least probability of dropout
}

func newAutoZI[T kernel.Float](s *slabs[T], cfg Config) *autoZI[T] {
	a := &autoZI[T]{alpha: newCoded(s, "alpha_posterior_logit", cfg, cfg.ZeroInflation),
		beta: newCoded(s, "beta_posterior_logit", cfg, cfg.ZeroInflation), floor: T(cfg.MinimalDropout)}
	a.prior = [2]float64{cfg.AlphaPrior, cfg.BetaPrior}
	if cfg.ZeroInflation == "gene" { // scvi-tools' prior beta is then alpha's, whatever is asked for
		a.prior[1] = cfg.AlphaPrior
	}
	return a
}

// autoPass is the numbers of a pass: delta (G, codes), drawn once a minibatch, and
// its derivatives.
type autoPass[T kernel.Float] struct {
	codes         codedPass[T]
	delta, ddelta []T // and dll/ddelta
	dalpha, dbeta []T // ddelta in alpha's and beta's logits
	// given gives X and Y of number i where they are not to be drawn; nil: they are.
	given func(i int, alpha, beta float64) [2]gammaDraw
}

// Beta samples are kept off 0 and 1, and gamma samples off 0, as in scvi-tools.
const (
	autoEps   = 1e-7
	gammaTiny = 1e-30
)

func (a *autoZI[T]) resize(p *autoPass[T], n int) {
	for _, x := range []*[]T{&p.delta, &p.ddelta, &p.dalpha, &p.dbeta} {
		*x = resize(*x, n)
	}
}

// still is the key of no draw.
const still = 0

// draw draws delta of genes lo … hi−1, each from a stream of its own that key names.
func (a *autoZI[T]) draw(key uint64, lo, hi int, p *autoPass[T]) {
	for i := lo * a.alpha.codes; i < hi*a.alpha.codes; i++ {
		alpha, beta := sigmoid(float64(a.alpha.p.w[i])), sigmoid(float64(a.beta.p.w[i]))
		switch {
		case p.given != nil:
			a.set(p, i, p.given(i, alpha, beta))
		case key == still: // the posterior's mean
			p.delta[i] = T(alpha / (alpha + beta))
		default:
			h := mix(key ^ uint64(i))
			src := rand.NewPCG(h, mix(h))
			a.set(p, i, [2]gammaDraw{drawGamma(alpha, src), drawGamma(beta, src)})
		}
	}
}

// set makes delta i of two gamma draws: delta = X/(X+Y) and, by how each moves with
// its shape at its present quantile, the derivatives.
func (a *autoZI[T]) set(p *autoPass[T], i int, of [2]gammaDraw) {
	x, y := of[0], of[1]
	alpha, beta := sigmoid(float64(a.alpha.p.w[i])), sigmoid(float64(a.beta.p.w[i]))
	share := sigmoid(x.log - y.log)
	slope := (1 - 2*autoEps) * share * (1 - share)
	p.delta[i] = T(autoEps + (1-2*autoEps)*share)
	p.dalpha[i] = T(slope * x.slope * alpha * (1 - alpha))
	p.dbeta[i] = T(-slope * y.slope * beta * (1 - beta))
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// gammaDraw is log(X + 1e-30) of X ~ Gamma(shape, 1) and its derivative in shape.
type gammaDraw struct{ log, slope float64 }

// drawGamma draws for a shape below 1 as X' U^(1/shape) with X' ~ Gamma(shape+1, 1),
// in logarithms, because X may be far below the smallest number.
func drawGamma(shape float64, src rand.Source) gammaDraw {
	u := rand.New(src).Float64()
	lx := math.Log(distuv.Gamma{Alpha: shape + 1, Beta: 1, Src: src}.Rand()) + math.Log1p(-u)/shape
	x := math.Exp(lx)
	return gammaDraw{log: math.Log(x + gammaTiny), slope: gammaSlope(shape, x, lx) * x / (x + gammaTiny)}
}

// gammaSlope is d log x/d shape at a fixed quantile of Gamma(shape, 1) (implicit
// reparameterization, Figurnov et al. 2018): −(∂ log P/∂ shape)·P/(x p). With
// P = x^a e^−x Σ xⁿ/Γ(a+n+1) (DLMF 8.7.1), and terms t_n = xⁿ/(a (a+1) … (a+n)),
// P/(x p) = Σ t_n and ∂ log P/∂a = log x − Σ t_n ψ(a+n+1)/Σ t_n.
func gammaSlope(a, x, lx float64) float64 {
	term, psi := 1/a, mathext.Digamma(a+1)
	sum, weighted := term, term*psi
	for n := 1.0; n < 1000; n++ {
		term *= x / (a + n)
		psi += 1 / (a + n)
		sum += term
		weighted += term * psi
		if term < 1e-17*sum {
			break
		}
	}
	return weighted - lx*sum
}

// slopes turns dll/ddelta of genes lo … hi−1, times by, into the gradients of the
// logits, the divergence from the prior's among them.
func (a *autoZI[T]) slopes(lo, hi int, by T, p *autoPass[T]) {
	for i := lo * a.alpha.codes; i < hi*a.alpha.codes; i++ {
		d := by * p.ddelta[i]
		da, db := a.divergenceSlopes(i)
		a.alpha.p.g[i], a.beta.p.g[i] = d*p.dalpha[i]+T(da), d*p.dbeta[i]+T(db)
	}
}

// divergence is KL(Beta(alpha, beta) ‖ prior) of number i.
func (a *autoZI[T]) divergence(i int) float64 {
	x, y := sigmoid(float64(a.alpha.p.w[i])), sigmoid(float64(a.beta.p.w[i]))
	x0, y0 := a.prior[0], a.prior[1]
	return mathext.Lbeta(x0, y0) - mathext.Lbeta(x, y) + (x-x0)*mathext.Digamma(x) + (y-y0)*mathext.Digamma(y) +
		(x0-x+y0-y)*mathext.Digamma(x+y)
}

// divergenceSlopes are its derivatives in the logits.
func (a *autoZI[T]) divergenceSlopes(i int) (dalpha, dbeta float64) {
	x, y := sigmoid(float64(a.alpha.p.w[i])), sigmoid(float64(a.beta.p.w[i]))
	x0, y0 := a.prior[0], a.prior[1]
	both := (x0 - x + y0 - y) * trigamma(x+y)
	return ((x-x0)*trigamma(x) + both) * x * (1 - x), ((y-y0)*trigamma(y) + both) * y * (1 - y)
}

// trigamma is ψ'(x) = ζ(2, x) (DLMF 25.11.12).
func trigamma(x float64) float64 { return mathext.Zeta(2, x) }

// total is the divergence of all genes' posteriors from the prior.
func (a *autoZI[T]) total() (kl float64) {
	for i := range a.alpha.p.w {
		kl += a.divergence(i)
	}
	return kl
}

// rescale turns the decoder's logits of dropout into those that keep its probability
// above the least: p' = m + (1−m)·sigmoid(pi), log(p'/(1−p'+1e-8)).
func (a *autoZI[T]) rescale(pi []T) {
	m := float64(a.floor)
	for i, x := range pi {
		p := m + (1-m)*sigmoid(float64(x))
		pi[i] = T(math.Log(p / (1 - p + 1e-8)))
	}
}
