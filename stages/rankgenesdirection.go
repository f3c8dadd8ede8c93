package stages

// direction is a group's way in the latent, from the reference's cells to its own.
//
// In every batch b that holds cells of both it is the difference of their mean z,
// v_b = m_1b − m_2b, and over batches their mean with the weights
//
//	w_b = n_1b n_2b/(n_1b + n_2b), to sum 1,
//
// which has the least variance where cells vary alike: what is left of differences
// between batches, and that groups are not spread alike over them, is not taken for a
// difference of groups. Where no batch holds both, it is that of all cells.
type direction struct {
	v         []float64 // (L)
	noise     []float64 // (L, L) covariance of v, of what the reference's cells leave open
	parts     []contrast
	unmatched bool // no batch holds both groups
	n1, n2    int  // cells
}

// contrast is a batch's part of a direction.
type contrast struct {
	batch          int // −1: all together
	n1, n2         int
	weight         float64
	m1, m2         []float64 // (L) mean z
	cov1, cov2     []float64 // (L, L) of one cell's draw
	share1, share2 float64   // of the group's and the reference's cells
}

// moment is mean of a set of cells' z, and covariance of one draw of another cell.
type moment struct {
	n         int
	mean, cov []float64
}

// pooled joins the strata of slots in a batch; −1: in all batches.
func (s *strata) pooled(slots []int, batch int) moment {
	m := moment{mean: make([]float64, s.l), cov: make([]float64, s.l*s.l)}
	list := s.some(slots, batch)
	for _, x := range list {
		m.n += x.cells
	}
	for _, x := range list {
		add(m.mean, x.mean, float64(x.cells)/float64(m.n))
	}
	for _, x := range list {
		by := float64(x.cells) / float64(m.n)
		for i := range s.l {
			for j := range s.l {
				m.cov[i*s.l+j] += by * unbiased(float64(m.n), float64(s.draws)) * (x.cov[i*s.l+j] + (x.mean[i]-m.mean[i])*(x.mean[j]-m.mean[j]))
			}
		}
	}
	return m
}

// some are the strata of slots in a batch; −1: in all batches.
func (s *strata) some(slots []int, batch int) (list []*stratum) {
	from, to := batch, batch+1
	if batch < 0 {
		from, to = 0, s.batches
	}
	for _, k := range slots {
		for b := from; b < to; b++ {
			if x := s.at(k, b); x != nil {
				list = append(list, x)
			}
		}
	}
	return list
}

// add is y += by x.
func add(y, x []float64, by float64) {
	for i, v := range x {
		y[i] += by * v
	}
}

// sides are the slots of a comparison's group and of its reference.
func (s *strata) sides(c comparison, named []int32) (one int, two []int) {
	for i, k := range named {
		switch {
		case k == c.one:
			one = i
		case c.two == rest || k == c.two:
			two = append(two, i)
		}
	}
	if c.two == rest {
		two = append(two, len(s.slots)-1)
	}
	return one, two
}

// direct finds the direction of a group.
func (s *strata) direct(one int, two []int) *direction {
	d := &direction{v: make([]float64, s.l), noise: make([]float64, s.l*s.l), n1: s.slots[one].cells}
	for _, k := range two {
		d.n2 += s.slots[k].cells
	}
	for b := range s.batches {
		d.contrast(b, s.pooled([]int{one}, b), s.pooled(two, b))
	}
	if len(d.parts) == 0 {
		d.unmatched = true
		d.contrast(-1, s.pooled([]int{one}, -1), s.pooled(two, -1))
	}
	total := 0.0
	for _, p := range d.parts {
		total += p.weight
	}
	for i := range d.parts {
		p := &d.parts[i]
		p.weight /= total
		add(d.v, p.m1, p.weight)
		add(d.v, p.m2, -p.weight)
		add(d.noise, p.cov2, p.weight*p.weight/float64(p.n2))
	}
	return d
}

// contrast adds a batch's part, where it holds both.
func (d *direction) contrast(batch int, one, two moment) {
	if one.n == 0 || two.n == 0 {
		return
	}
	n1, n2 := float64(one.n), float64(two.n)
	d.parts = append(d.parts, contrast{batch, one.n, two.n, n1 * n2 / (n1 + n2), one.mean, two.mean, one.cov, two.cov, n1 / float64(d.n1), n2 / float64(d.n2)})
}

// part is that of a batch; nil: the batch has none.
func (d *direction) part(batch int) *contrast {
	for i := range d.parts {
		if p := &d.parts[i]; p.batch == batch || p.batch < 0 {
			return p
		}
	}
	return nil
}

// influence writes what a cell of the group with mean draw z adds to n1 times the
// direction: n1 w_b/n_1b (z − m_1b), 0 in a batch that has no part.
func (d *direction) influence(batch int, z, out []float64) {
	p := d.part(batch)
	for i := range out {
		out[i] = 0
		if p != nil {
			out[i] = p.weight / p.share1 * (z[i] - p.m1[i])
		}
	}
}

// spread is the covariance (L, L) of influence over the group's cells, of single draws.
func (d *direction) spread() []float64 {
	out := make([]float64, len(d.noise))
	for _, p := range d.parts {
		add(out, p.cov1, p.share1*(p.weight/p.share1)*(p.weight/p.share1))
	}
	return out
}

// replicateCells is how many cells of both groups make a batch a replicate.
const replicateCells = 10

// replicates are the batches with cells enough of both.
func (d *direction) replicates() (parts []contrast) {
	for _, p := range d.parts {
		if p.batch >= 0 && p.n1 >= replicateCells && p.n2 >= replicateCells {
			parts = append(parts, p)
		}
	}
	return parts
}
