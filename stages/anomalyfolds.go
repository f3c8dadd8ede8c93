package stages

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"cellvi/model"
	"cellvi/model/vi"
)

// folds are the parts of the genes, each predicted from the others.
type folds struct {
	stretches [][][2]int // of each fold: genes from … to−1
	of        []int      // the fold of each gene
}

// cut deals the stripes of genes that can be left out to k folds in turn, or to as many
// as there are stripes.
func (f *folds) cut(c *model.Conditional, genes, k int) {
	if f.of != nil {
		return
	}
	first := append(c.Stripes(), genes)
	k = min(k, len(first)-1)
	f.of, f.stretches = make([]int, genes), make([][][2]int, k)
	for i := range len(first) - 1 {
		at := i % k
		f.stretches[at] = append(f.stretches[at], [2]int{first[i], first[i+1]})
		for g := first[i]; g < first[i+1]; g++ {
			f.of[g] = at
		}
	}
}

// kept is what the counts of the genes that are not in a fold say of a cell.
type kept struct {
	total float64 // counts
	share float64 // expected share of the cell's counts, of a point in the latent
}

// minibatch judges the cells of a minibatch, fold after fold.
func (w *judging) minibatch(c *model.Conditional) error {
	w.folds.cut(c, w.vae.NInput, w.options.folds())
	k := len(w.folds.stretches)
	own := !w.vae.Config.UseObservedLibSize || w.vae.Config.UseSizeFactor // the library size is no sum of counts
	var rest [][]kept
	if k > 1 && !own {
		var err error
		if rest, err = w.rest(c, k); err != nil {
			return err
		}
	}
	for at := range k {
		var sizes []kept
		if rest != nil {
			sizes = rest[at]
		}
		if err := w.fold(c, at, k, sizes); err != nil {
			return err
		}
	}
	c.SetLibraries(nil)
	return nil
}

// rest are, for each fold and cell, the counts that are not in it.
func (w *judging) rest(c *model.Conditional, k int) ([][]kept, error) {
	out := make([][]kept, k)
	for at := range out {
		out[at] = make([]kept, c.N)
	}
	n, problems := c.Dim(), make([]int, c.N)
	u := make([]float64, c.N*n)
	for i, q := range c.Encoded() {
		problems[i] = i
		copy(u[i*n:], q.Mean)
	}
	err := c.Decode(problems, u, func(d *model.Decoded) error {
		for i := range d.N {
			for at := range out {
				out[at][d.First+i] = w.keptOf(d, i, at)
			}
		}
		return nil
	})
	return out, err
}

// keptOf is that of point i of d.
func (w *judging) keptOf(d *model.Decoded, i, fold int) kept {
	r := kept{share: 1 - w.expected(d, i, w.folds.stretches[fold])/w.expected(d, i, [][2]int{{0, w.vae.NInput}})}
	for at := d.Ptr[i]; at < d.Ptr[i+1]; at++ {
		if w.folds.of[d.Idx[at]] != fold {
			r.total += float64(d.Val[at])
		}
	}
	r.share = max(r.share, leastShare)
	return r
}

// expected is the sum of the shares of genes of stretches at point i of d, without what
// is lost to zero inflation: the library size is the total of what is left.
func (w *judging) expected(d *model.Decoded, i int, stretches [][2]int) (sum float64) {
	for _, s := range stretches {
		for at := i*w.vae.NInput + s[0]; at < i*w.vae.NInput+s[1]; at++ {
			share := float64(d.Scale[at])
			if d.Dropout != nil { // its logits
				share /= 1 + math.Exp(float64(d.Dropout[at]))
			}
			sum += share
		}
	}
	return sum
}

// leastShare of a cell's counts is expected of the genes that a fold leaves.
const leastShare = 1e-3

// fold judges the counts of a fold.
func (w *judging) fold(c *model.Conditional, at, k int, rest []kept) error {
	if k > 1 {
		c.LeaveOut(func(gene int) bool { return w.folds.of[gene] == at })
		defer c.LeaveOut(nil)
	}
	c.SetLibraries(nil)
	if rest != nil {
		sizes := make([]float32, c.N)
		for i, r := range rest {
			sizes[i] = float32((r.total + 0.5) / r.share)
		}
		c.SetLibraries(sizes)
	}
	posteriors := w.posteriors(c)
	n, s := c.Dim(), w.options.Samples
	most := mostAnomalyDraws / s // cells of a pass
	for lo := 0; lo < c.N; lo += most {
		hi := min(lo+most, c.N)
		problems, u, streams := make([]int, (hi-lo)*s), make([]float64, (hi-lo)*s*n), make([]*rand.Rand, (hi-lo)*s)
		for i := range problems {
			problems[i] = lo + i/s
			streams[i] = model.Stream(w.options.Seed, model.AnomalyDraw, uint64(i%s), c.Keys()[lo+i/s])
			posteriors[lo+i/s].Draw(streams[i], u[i*n:(i+1)*n])
		}
		err := c.Decode(problems, u, func(d *model.Decoded) error {
			for i := lo; i < hi; i++ {
				from := (i - lo) * s
				w.look.Take(d, from, from+s, w.sizes(d, from, from+s, at, rest, streams), w.folds.stretches[at])
				w.cell(i, w.folds.stretches[at])
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sizes draws library sizes for a fold's counts from those of the other genes: of total
// counts T, Poisson around l·share, Jeffreys' prior of l leaves Gamma(T + 1/2, share). A
// cell's own total would know of the count that is judged. nil: those that the points have.
func (w *judging) sizes(d *model.Decoded, from, to, fold int, rest []kept, streams []*rand.Rand) []float64 {
	if rest == nil {
		return nil
	}
	out := make([]float64, to-from)
	for i := range out {
		r := w.keptOf(d, from+i, fold)
		out[i] = distuv.Gamma{Alpha: r.total + 0.5, Beta: r.share, Src: streams[from+i]}.Rand()
	}
	return out
}

// posteriors are the cells': the encoder's, or fitted to the genes that are not left out.
func (w *judging) posteriors(c *model.Conditional) []vi.Approximation {
	family, fitted := w.options.refine()
	if !fitted {
		return approximations(c.Encoded())
	}
	o := vi.DefaultOptions(family)
	o.Seed, o.Keys = w.options.Seed, c.Keys()
	return fittedOf(vi.Fit(c, c.Encoded(), o))
}
