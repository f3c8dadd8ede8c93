package stages

import (
	"context"

	"cellvi/model"
	"cellvi/pipeline"
)

// ranker is what all groups of a ranking share.
type ranker struct {
	options    RankGenesOptions
	batches    []int // to decode as; nil: each cell as its own
	groups     *grouping
	list       []comparison
	strata     *strata
	directions []*direction // of each comparison
	ones       []int        // of each comparison, its group's slot
	twos       [][]int      // and its reference's
	raw        *rawStats
}

// measure puts the cells through the model: once for their place in the latent, once for
// their responses.
func (r *ranker) measure(ctx context.Context, job *pipeline.Job, f *fitted) error {
	e, source := model.NewEvaluator(f.vae, job.Threads), f.source()
	s := r.strata
	s.begin(f.vae.Config)
	job.Progress.Begin("ranking genes", "cells", 2*int64(len(s.rows)))
	defer job.Progress.End()
	simplex := f.vae.LatentDistribution == "ln"
	err := s.moments(ctx, e, source, model.Generation{Samples: r.options.NSamples, Seed: r.options.Seed}, simplex, job.Progress.Add)
	if err != nil {
		return err
	}
	named, of := namedGroups(r.list), make([]int, len(s.slots))
	for i := range of {
		of[i] = noGroup
	}
	for i, c := range r.list {
		one, two := s.sides(c, named)
		r.ones, r.twos, of[one] = append(r.ones, one), append(r.twos, two), i
		r.directions = append(r.directions, s.direct(one, two))
	}
	ask := model.Asking{Samples: r.options.NSamples, Seed: r.options.Seed, Batches: r.batches, Pseudocount: r.options.Pseudocount,
		Direction: r.ways(of)}
	y := make([]float64, s.l)
	return e.Respond(ctx, source, s.rows, ask, func(x *model.Responses) error {
		for i := range x.N {
			row := s.rows[x.First+i]
			var d *direction
			if c := of[s.of[row]]; c != noGroup {
				d = r.directions[c]
				d.influence(int(s.batch[row]), x.Z[i*s.l:(i+1)*s.l], y)
			}
			s.addCell(row, x, i, d != nil, y)
		}
		job.Progress.Add(int64(x.N))
		return nil
	})
}

// ways gives each cell its group's direction, of the comparison of its slot.
func (r *ranker) ways(of []int) func(i int) []float32 {
	v := make([][]float32, len(r.directions))
	for c, d := range r.directions {
		for _, x := range d.v {
			v[c] = append(v[c], float32(x))
		}
	}
	return func(i int) []float32 {
		if c := of[r.strata.of[r.strata.rows[i]]]; c != noGroup {
			return v[c]
		}
		return nil
	}
}

// addCell adds cell i of x; y is its influence on its group's direction, where that is
// ranked.
func (s *strata) addCell(row int32, x *model.Responses, i int, ranked bool, y []float64) {
	g := s.genes
	at, to := s.cell(row), &s.slots[s.of[row]]
	add(at.log, x.Log[i*g:(i+1)*g], 1)
	if !ranked {
		return
	}
	for k := range s.l {
		from := (k*x.N + i) * g
		addSingle(to.start[k*g:(k+1)*g], x.Start[from:from+g])
		addSingle(to.end[k*g:(k+1)*g], x.End[from:from+g])
	}
	response := x.Response[i*g : (i+1)*g]
	add(at.response, response, 1)
	add(to.square, x.Square[i*g:(i+1)*g], 1)
	for k, by := range y {
		add(to.cross[k*g:(k+1)*g], response, by)
	}
}

// addSingle is y += x.
func addSingle(y []float64, x []float32) {
	for i, v := range x {
		y[i] += float64(v)
	}
}
