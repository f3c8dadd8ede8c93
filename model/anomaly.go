package model

import (
	"math"

	"cellvi/model/tails"
)

// The purposes of a check of counts. They count on from 48, so that none is one of
// random.go's.
const (
	AnomalyDraw    Purpose = 48 + iota // a cell's draws of z, and of its library size
	AnomalyBetween                     // where between P(X < x) and P(X ≤ x) a count stands
)

// Between is a number above 0 and below 1 of a gene of the cell named by item: the share
// of P(X = x) that is counted below x. With it P(X < x) + v·P(X = x) is uniform where the
// model is right, which P(X ≤ x) of a count is not (Czado, Gneiting & Held, Biometrics 65,
// 2009, 1254).
func Between(seed, item uint64, gene int) float64 {
	return (float64(mix(streamKey(seed, AnomalyBetween, 0, item)^uint64(gene))>>12) + 0.5) / (1 << 52)
}

// Outlook is what is predicted of each of a cell's counts: the even mixture, over draws of
// the latent, of the model's likelihood. It is used by one goroutine.
type Outlook struct {
	Count    []float64    // (G) observed
	Mean     []float64    // (G) expected
	Tails    []tails.Both // (G) at Count; At is 0 of the normal
	Positive []float64    // (G) P(X > 0) where Count is above 0; the others are left open

	normal   bool
	genes    int
	d        *Decoded
	from, to int       // the cell's points of d
	library  []float64 // of these
}

// NewOutlook is for cells of a model of cfg.
func NewOutlook(cfg Config) *Outlook {
	g := cfg.NInput
	return &Outlook{Count: make([]float64, g), Mean: make([]float64, g), Tails: make([]tails.Both, g), Positive: make([]float64, g),
		normal: cfg.GeneLikelihood == "normal", genes: g}
}

// Take looks at a cell: its draws are points from … to−1 of d, whose library sizes are
// library; nil: those of d. Only genes lo … hi−1 of each stretch are looked at. d is needed
// until the next Take.
func (o *Outlook) Take(d *Decoded, from, to int, library []float64, stretches [][2]int) {
	o.d, o.from, o.to = d, from, to
	o.library = resize(o.library, to-from)
	for s := range o.library {
		o.library[s] = float64(d.Library[from+s])
		if library != nil {
			o.library[s] = library[s]
		}
	}
	clear(o.Count)
	for i := d.Ptr[from]; i < d.Ptr[from+1]; i++ {
		o.Count[d.Idx[i]] = float64(d.Val[i])
	}
	for _, r := range stretches {
		for g := r[0]; g < r[1]; g++ {
			o.take(g)
		}
	}
}

// take looks at one gene.
func (o *Outlook) take(g int) {
	x, n := o.Count[g], float64(o.to-o.from)
	mean, zero, sum := 0.0, 0.0, tails.Both{}
	for s := range o.to - o.from {
		p := o.point(s, g)
		mean += p.mu * (1 - p.dropout)
		switch {
		case o.normal:
			sum = sum.Plus(tails.Normal(x, p.mu, p.theta))
		case x == 0:
			sum.At += p.dropout + (1-p.dropout)*tails.Zero(p.mu, p.theta)
		default:
			sum = sum.Plus(tails.Count(x, p.mu, p.theta).Inflated(x, p.dropout))
			zero += (1 - p.dropout) * -math.Expm1(tails.LogZero(p.mu, p.theta))
		}
	}
	t := tails.Both{Below: sum.Below / n, At: sum.At / n, Above: sum.Above / n}
	if x == 0 && !o.normal {
		t.Above = max(0, 1-t.At)
	}
	o.Mean[g], o.Tails[g], o.Positive[g] = mean/n, t, zero/n
}

// point is the likelihood of gene g at the cell's draw s.
type point struct{ mu, theta, dropout float64 }

func (o *Outlook) point(s, g int) point {
	at := (o.from+s)*o.genes + g
	p := point{mu: o.library[s] * float64(o.d.Scale[at]), theta: math.Inf(1)}
	if o.d.Theta != nil {
		p.theta = float64(o.d.Theta[at])
	}
	if o.d.Dropout != nil {
		p.dropout = sigmoid(float64(o.d.Dropout[at]))
	}
	return p
}

// Quantile is the least count of gene g that is not below the mixture's quantile u; of the
// normal the quantile itself.
func (o *Outlook) Quantile(g int, u float64) float64 {
	upTo := func(x float64) float64 { // P(X ≤ x)
		sum := 0.0
		for s := range o.to - o.from {
			p := o.point(s, g)
			if o.normal {
				sum += tails.Normal(x, p.mu, p.theta).Below
				continue
			}
			t := tails.Count(x, p.mu, p.theta).Inflated(x, p.dropout)
			sum += t.Below + t.At
		}
		return sum / float64(o.to-o.from)
	}
	if o.normal {
		return o.normalQuantile(g, u, upTo)
	}
	if upTo(0) >= u {
		return 0
	}
	lo, hi := 0.0, 1.0 // P(X ≤ lo) < u
	for hi < mostRate && upTo(hi) < u {
		lo, hi = hi, 2*hi
	}
	for hi-lo > 1 {
		if mid := math.Floor((lo + hi) / 2); upTo(mid) < u {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// normalQuantile bisects between the farthest draws' bounds.
func (o *Outlook) normalQuantile(g int, u float64, upTo func(float64) float64) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for s := range o.to - o.from {
		p := o.point(s, g)
		lo, hi = min(lo, p.mu-40*p.theta), max(hi, p.mu+40*p.theta)
	}
	for range 60 {
		if mid := (lo + hi) / 2; upTo(mid) < u {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}
