package stages

import (
	"context"

	"cellvi/model"
)

// stratum is the cells of one group in one batch. Sums are over cells, of each the mean
// over its draws; f is log2 of the shares, see model.Responses.
type stratum struct {
	cells    int
	mean     []float64 // (L) of z
	cov      []float64 // (L, L) of single draws of z, about mean; biased
	log      []float64 // (G) sum of f
	response []float64 // (G) sum of the response
}

// slotSums is the cells of one group, or of all that no comparison names: sums over
// them, where the group's genes are ranked.
type slotSums struct {
	cells      int
	square     []float64 // (G) of the response's square, of single draws
	start, end []float64 // (L, G) of the gradients
	cross      []float64 // (L, G) of the response times the cell's part in the direction
}

// strata are the cells of comparisons by group and batch.
type strata struct {
	l, genes, batches int
	draws             int // of z, of each cell
	slots             []slotSums
	of                []int32    // of each kept cell its slot; noGroup: it is not needed
	place             []int32    // (slots, batches) of each, its stratum; noGroup: no cells
	list              []*stratum // in the order of slots and batches
	rows              []int32    // the kept cells that are needed, ascending
	batch             []int32    // of each kept cell
}

// newStrata finds the cells that the comparisons need. Groups that they name have slots
// of their own, in the order of namedGroups; the last slot has everybody else, where some
// comparison is with the rest.
func newStrata(g *grouping, list []comparison, batch []int32, batches int) *strata {
	named := namedGroups(list)
	slots := make([]int32, len(g.levels))
	others := int32(noGroup)
	if list[0].two == rest {
		others = int32(len(named))
	}
	for k := range slots {
		slots[k] = others
	}
	for i, k := range named {
		slots[k] = int32(i)
	}
	s := &strata{slots: make([]slotSums, len(named)+1), of: make([]int32, len(g.of)), batches: batches, batch: batch}
	counted := make([]int, len(s.slots)*batches)
	for i, k := range g.of {
		at := others
		if k != noGroup {
			at = slots[k]
		}
		if s.of[i] = at; at == noGroup {
			continue
		}
		s.rows = append(s.rows, int32(i))
		s.slots[at].cells++
		counted[int(at)*batches+int(batch[i])]++
	}
	s.place = make([]int32, len(counted))
	for i, n := range counted {
		if s.place[i] = noGroup; n > 0 {
			s.place[i] = int32(len(s.list))
			s.list = append(s.list, &stratum{cells: n})
		}
	}
	return s
}

// at is the stratum of a slot and batch; nil: it has no cells.
func (s *strata) at(slot, batch int) *stratum {
	if i := s.place[slot*s.batches+batch]; i != noGroup {
		return s.list[i]
	}
	return nil
}

// cell is the stratum of a kept cell.
func (s *strata) cell(row int32) *stratum { return s.at(int(s.of[row]), int(s.batch[row])) }

// bytes is what the sums of a model take.
func (s *strata) bytes(cfg model.Config) int64 {
	g, l := int64(cfg.NInput), int64(cfg.NLatent)
	return 8 * (int64(len(s.list)+s.batches)*(2*g+l*l+l) + int64(len(s.slots)+1)*(1+3*l)*g)
}

// begin makes room for the sums.
func (s *strata) begin(cfg model.Config) {
	g, l := cfg.NInput, cfg.NLatent
	s.l, s.genes = l, g
	for _, x := range s.list {
		x.mean, x.cov, x.log, x.response = make([]float64, l), make([]float64, l*l), make([]float64, g), make([]float64, g)
	}
	for i := range s.slots {
		if s.slots[i].cells > 0 {
			s.slots[i] = slotSums{s.slots[i].cells, make([]float64, g), make([]float64, l*g), make([]float64, l*g), make([]float64, l*g)}
		}
	}
}

// momentCells is the cells whose draws of z are in memory together: whole minibatches.
const momentCells = 64 * evalCells

// moments finds mean and covariance of z in each stratum, from the draws that the
// responses are of. latent is how draws are made.
func (s *strata) moments(ctx context.Context, e *model.Evaluator, source *cellSource, latent model.Generation, simplex bool, done func(n int64)) error {
	l := s.l
	s.draws, latent.Latent, latent.Batch = latent.Samples, true, -1
	z := make([]float32, min(momentCells, len(s.rows))*latent.Samples*l)
	for from := 0; from < len(s.rows); from += momentCells {
		rows := s.rows[from:min(from+momentCells, len(s.rows))]
		err := e.Generate(ctx, source, rows, latent, func(x *model.Generated) error {
			for i := range x.N {
				copy(z[((x.First+i)*latent.Samples+x.Sample)*l:], x.Z[i*l:(i+1)*l])
			}
			return nil
		})
		if err != nil {
			return err
		}
		if simplex {
			model.Coordinates(l, z[:len(rows)*latent.Samples*l])
		}
		for i, row := range rows {
			s.cell(row).addDraws(z[i*latent.Samples*l:(i+1)*latent.Samples*l], l)
		}
		done(int64(len(rows)))
	}
	for _, x := range s.list {
		x.settle(float64(latent.Samples), l)
	}
	return nil
}

// addDraws adds a cell's draws (draws, l).
func (x *stratum) addDraws(z []float32, l int) {
	for at := 0; at < len(z); at += l {
		for i, a := range z[at : at+l] {
			x.mean[i] += float64(a)
			for j, b := range z[at : at+i+1] {
				x.cov[i*l+j] += float64(a) * float64(b)
			}
		}
	}
}

// settle turns sums into moments, those of the cells that there are.
func (x *stratum) settle(draws float64, l int) {
	n := float64(x.cells)
	for i := range l {
		x.mean[i] /= n * draws
		for j := range i + 1 {
			c := x.cov[i*l+j]/(n*draws) - x.mean[i]*x.mean[j]
			x.cov[i*l+j], x.cov[j*l+i] = c, c
		}
	}
}

// unbiased is what a variance over n cells' draws is to be multiplied by.
func unbiased(n, draws float64) float64 {
	if n > 1 {
		return n / (n - 1)
	}
	return draws / (draws - 1) // one cell's: what its posterior leaves open
}
