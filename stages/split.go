package stages

import (
	"math"

	"gonum.org/v1/gonum/mathext/prng"

	"cellvi/pipeline"
)

// SplitOptions say how cells are divided into training and validation.
type SplitOptions struct {
	TrainSize      *float64 // share to train on; nil: 0.9, and see Split.Moved
	ValidationSize *float64 // share to validate on; nil: all that are not trained on
	BatchSize      int      // cells of a minibatch
	Seed           uint64   // below 2³²
	InOrder        bool     // cells are taken in their order, none is drawn
}

// Split divides the cells 0 … n−1 exactly as scvi-tools 1.4.2 does for the same
// seed (dataloaders/_data_splitting.py). Each set is in the order of the
// permutation that it is cut from.
type Split struct {
	Validation []uint32
	Train      []uint32
	Test       []uint32 // in neither: only where the two shares leave a rest
	// Moved is the number of cells, one or two, that would have been a last
	// minibatch too small for batch norm and went from Train to Validation (to
	// Test where there is no validation). Only where no train size is given.
	Moved int
	// Short is the number of cells in a last minibatch of one or two that stays
	// because a train size is given: worth a warning.
	Short int
}

// NewSplit splits n cells. Errors are the user's: shares out of range, or no
// cell left to train on.
func NewSplit(n int, o SplitOptions) (*Split, error) {
	if err := o.check(n); err != nil {
		return nil, err
	}
	train, validation := o.sizes(n)
	s := &Split{}
	if last := train % o.BatchSize; last > 0 && last < 3 {
		s.Short = last
	}
	if s.Short > 0 && o.TrainSize == nil {
		s.Moved, s.Short = s.Short, 0
		train -= s.Moved
		if validation > 0 {
			validation += s.Moved
		}
	}
	if train == 0 {
		return nil, pipeline.BadInput("%d cells leave none to train on: give more cells, or a larger --train-size", n)
	}
	order := o.order(n)
	s.Validation, s.Train, s.Test = order[:validation], order[validation:validation+train], order[validation+train:]
	return s, nil
}

// sizes are the numbers of cells before any is moved. The products are in
// float64, as Python's, so that they round alike.
func (o SplitOptions) sizes(n int) (train, validation int) {
	share := 0.9
	if o.TrainSize != nil {
		share = *o.TrainSize
	}
	train = int(math.Ceil(share * float64(n)))
	if o.ValidationSize != nil {
		return train, int(math.Floor(float64(n) * *o.ValidationSize))
	}
	return train, n - train
}

func (o SplitOptions) check(n int) error {
	train := 0.9
	if o.TrainSize != nil {
		train = *o.TrainSize
	}
	switch v := o.ValidationSize; {
	case n >= 1<<32:
		return pipeline.BadInput("%d cells are more than the split can number (4294967295): give --split", n)
	case o.Seed >= 1<<32:
		return pipeline.Usage("--seed is %d: it must be below 4294967296, as numpy's RandomState has it", o.Seed)
	case o.BatchSize < 1:
		return pipeline.Usage("--batch-size is %d: it must be at least 1", o.BatchSize)
	case !(train > 0 && train <= 1):
		return pipeline.Usage("--train-size is %v: it must be above 0 and at most 1", train)
	case v != nil && !(*v >= 0 && *v < 1):
		return pipeline.Usage("--validation-size is %v: it must be at least 0 and below 1", *v)
	case v != nil && train+*v > 1:
		return pipeline.Usage("--train-size %v and --validation-size %v are together above 1: give a smaller --train-size too", train, *v)
	}
	return nil
}

// order is the cells' numbers in the order in which they are taken.
func (o SplitOptions) order(n int) []uint32 {
	if !o.InOrder {
		return permutation(n, uint32(o.Seed))
	}
	order := make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	return order
}

// permutation is numpy.random.RandomState(seed).permutation(n), whose stream
// numpy has frozen (NEP 19): Mersenne Twister, and from the last place down an
// exchange with a place drawn among those up to it.
func permutation(n int, seed uint32) []uint32 {
	src := prng.NewMT19937()
	src.Seed(uint64(seed))
	p := make([]uint32, n)
	for i := range p {
		p[i] = uint32(i)
	}
	for i := n - 1; i > 0; i-- {
		j := upTo(src, uint32(i))
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// upTo draws from 0 … top: random bits under the smallest mask that covers top,
// drawn again until they do not exceed it (numpy's random_interval).
func upTo(src *prng.MT19937, top uint32) uint32 {
	mask := top
	for shift := 1; shift < 32; shift *= 2 {
		mask |= mask >> shift
	}
	for {
		if v := src.Uint32() & mask; v <= top {
			return v
		}
	}
}
