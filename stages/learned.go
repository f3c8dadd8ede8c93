package stages

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"

	"cellvi/io/results"
	"cellvi/model"
)

// learned is prepared's genes with what the model learned of each selected gene, NaN
// for the others:
//
//	dispersion, or one column dispersion_LEVEL for each batch or label: theta, an inverse
//	dispersion (variance mu + mu²/theta), or the standard deviation of a normal likelihood
//	loadings_0 …: the weights of a linear decoder
//	alpha_posterior, beta_posterior: of the beta distribution of AUTOZI's probability
//	delta that the gene has no zero inflation, and zero_inflation_probability, that of
//	delta < 0.5; each by level where so
func learned(p *prepared, pick picker, vae *model.VAE[float32]) []results.Column {
	l := &learning{p: p, pick: pick, columns: append([]results.Column{}, p.Genes.Columns...)}
	if r, codes := vae.R(); r != nil {
		l.add("dispersion", l.levels(vae.Dispersion), codes, r, func(r float32) float32 { return float32(math.Exp(float64(r))) })
	}
	if loadings := vae.Loadings(); loadings != nil {
		names := make([]string, vae.NLatent)
		for k := range names {
			names[k] = fmt.Sprint(k)
		}
		l.add("loadings", names, vae.NLatent, loadings, same)
	}
	if alpha, beta, codes := vae.ZeroInflation(); alpha != nil {
		levels := l.levels(vae.Config.ZeroInflation)
		l.add("alpha_posterior", levels, codes, alpha, same)
		l.add("beta_posterior", levels, codes, beta, same)
		inflated := make([]float32, len(alpha))
		for i := range inflated {
			inflated[i] = float32(mathext.RegIncBeta(float64(alpha[i]), float64(beta[i]), 0.5))
		}
		l.add("zero_inflation_probability", levels, codes, inflated, same)
	}
	return l.columns
}

func same(x float32) float32 { return x }

// learning makes columns of numbers per gene.
type learning struct {
	p       *prepared
	pick    picker // the model's genes among the store's
	columns []results.Column
}

// levels names what a parameter has one of, for gene-batch and gene-label; nil for gene.
func (l *learning) levels(of string) []string {
	switch of {
	case "gene-batch":
		return l.p.BatchLevels
	case "gene-label":
		return l.p.LabelLevels
	}
	return nil
}

// add adds values (selected genes, codes), a column a code: stem alone where levels is
// nil.
func (l *learning) add(stem string, levels []string, codes int, values []float32, turn func(float32) float32) {
	for code := range codes {
		c := results.Column{Name: stem}
		if levels != nil {
			c.Name += "_" + levels[code]
		}
		for _, k := range l.pick.index {
			v := float32(math.NaN())
			if k >= 0 {
				v = turn(values[int(k)*codes+code])
			}
			c.Float32 = append(c.Float32, v)
		}
		l.columns = append(l.columns, c)
	}
}

// picked names the selected genes.
func (p *prepared) picked() (names []string) {
	for i, g := range p.GeneID {
		if p.Picked[i] {
			names = append(names, g)
		}
	}
	return names
}
