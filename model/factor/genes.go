package factor

// Genes are q of every gene's v = (c, B), c = mu + b: D = K+1 numbers; and its noise.
type Genes struct {
	Mean   []float64 // (G, D)
	Cov    []float64 // (G, D, D)
	LogDet []float64 // (G) log|precision|
	Tau    []float64 // (G) 1 / noise variance
}

// Priors are the variances of the priors, and mu.
type Priors struct {
	Mu       float64   `json:"mu"`
	Cell     float64   `json:"variance_cell_effect"`
	Gene     float64   `json:"variance_gene_effect"`
	Loadings []float64 `json:"variance_loadings"` // (K)
}

// size is what shapes everything.
type size struct{ genes, k, d, m int }

func newSize(genes, k int) size { return size{genes, k, k + 1, k + 2} }

// place is where v's element r stands in w = (c, 1, B).
func place(r int) int {
	if r == 0 {
		return 0
	}
	return r + 1
}

// w makes out E[w] of gene j: (c, 1, B).
func (g *Genes) w(j int, s size, out []float64) {
	v := g.Mean[j*s.d : (j+1)*s.d]
	out[0], out[1] = v[0], 1
	copy(out[2:], v[1:])
}

// ww makes out, (M, M), E[w wᵀ] of gene j, with w its E[w].
func (g *Genes) ww(j int, s size, w, out []float64) {
	for a, v := range w {
		for b, u := range w {
			out[a*s.m+b] = v * u
		}
	}
	cov := g.Cov[j*s.d*s.d:]
	for r := range s.d {
		for q := range s.d {
			out[place(r)*s.m+place(q)] += cov[r*s.d+q]
		}
	}
}

// geneRange is how many genes a worker takes at a time.
const geneRange = 64

// eachGene calls do for every gene, ranges of them on several threads, each with
// scratch of a worker's own.
func (f *Fit) eachGene(do func(j int, x *geneScratch)) {
	f.eachRange(func(_, from, to int, x *geneScratch) {
		for j := from; j < to; j++ {
			do(j, x)
		}
	})
}

func (f *Fit) eachRange(do func(r, from, to int, x *geneScratch)) {
	parallel(f.o.Threads, (f.s.genes+geneRange-1)/geneRange, func(r int) {
		x := f.scratch.Get().(*geneScratch)
		defer f.scratch.Put(x)
		do(r, r*geneRange, min((r+1)*geneRange, f.s.genes), x)
	})
}

// geneScratch is room for one gene's matrices.
type geneScratch struct {
	w, h, x, y []float64 // (M)
	ww, s, p   []float64 // (M, M)
}

func newGeneScratch(m int) *geneScratch {
	v := func(n int) []float64 { return make([]float64, n) }
	return &geneScratch{v(m), v(m), v(m), v(m), v(m * m), v(m * m), v(m * m)}
}
