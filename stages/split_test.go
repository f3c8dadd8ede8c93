package stages

import (
	"fmt"
	"slices"
	"testing"

	"cellvi/pipeline"
)

// The numbers are numpy 2's: RandomState(seed).permutation(n).tolist().
func TestPermutationIsNumpys(t *testing.T) {
	for _, c := range []struct {
		seed uint32
		want []uint32
	}{
		{0, []uint32{0}},
		{0, []uint32{1, 0}},
		{0, []uint32{2, 8, 4, 9, 1, 6, 7, 3, 0, 5}},
		{1, []uint32{2, 9, 6, 4, 0, 3, 1, 7, 8, 5}},
		{5489, []uint32{4, 9, 0, 7, 8, 3, 2, 1, 5, 6}},
		{4294967295, []uint32{6, 9, 5, 1, 8, 0, 7, 4, 2, 3}},
	} {
		t.Run(fmt.Sprintf("seed %d of %d", c.seed, len(c.want)), func(t *testing.T) {
			if got := permutation(len(c.want), c.seed); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// Long enough to wrap the twister's state many times and to reject draws:
// p[:5] and p[-5:] of RandomState(0).permutation(100000).
func TestLongPermutationIsNumpys(t *testing.T) {
	p := permutation(100000, 0)
	if got, want := p[:5], []uint32{3582, 60498, 53227, 21333, 3885}; !slices.Equal(got, want) {
		t.Errorf("starts %v, want %v", got, want)
	}
	if got, want := p[len(p)-5:], []uint32{21243, 45891, 42613, 43567, 68268}; !slices.Equal(got, want) {
		t.Errorf("ends %v, want %v", got, want)
	}
}

func TestSplitSizes(t *testing.T) {
	share := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		n                    int
		train, validation    *float64
		wantTrain, wantVal   int
		wantMoved, wantShort int
	}{
		{n: 1000, wantTrain: 900, wantVal: 100},
		{n: 1281, wantTrain: 1152, wantVal: 129, wantMoved: 1},
		{n: 4409, wantTrain: 3968, wantVal: 441, wantMoved: 1},
		{n: 1281, train: share(0.9), wantTrain: 1153, wantVal: 128, wantShort: 1},
		{n: 130, train: share(1), wantTrain: 130, wantVal: 0, wantShort: 2},
		{n: 5, wantTrain: 5, wantVal: 0},
		{n: 10, train: share(0.5), validation: share(0.25), wantTrain: 5, wantVal: 2},
		{n: 10, validation: share(0), wantTrain: 9, wantVal: 0},
		{n: 144, validation: share(0), wantTrain: 128, wantVal: 0, wantMoved: 2},
	} {
		s, err := NewSplit(c.n, SplitOptions{TrainSize: c.train, ValidationSize: c.validation, BatchSize: 128})
		if err != nil {
			t.Fatalf("%d cells: %v", c.n, err)
		}
		got := []int{len(s.Train), len(s.Validation), s.Moved, s.Short, len(s.Train) + len(s.Validation) + len(s.Test)}
		want := []int{c.wantTrain, c.wantVal, c.wantMoved, c.wantShort, c.n}
		if !slices.Equal(got, want) {
			t.Errorf("%d cells: train, validation, moved, short, all are %v, want %v", c.n, got, want)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	share := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		name string
		n    int
		o    SplitOptions
		code int
	}{
		{"no cells", 0, SplitOptions{BatchSize: 128}, pipeline.ExitBadInput},
		{"two cells", 2, SplitOptions{BatchSize: 128}, pipeline.ExitBadInput},
		{"train size 0", 9, SplitOptions{BatchSize: 128, TrainSize: share(0)}, pipeline.ExitUsage},
		{"train size above 1", 9, SplitOptions{BatchSize: 128, TrainSize: share(1.1)}, pipeline.ExitUsage},
		{"validation size 1", 9, SplitOptions{BatchSize: 128, ValidationSize: share(1)}, pipeline.ExitUsage},
		{"together above 1", 9, SplitOptions{BatchSize: 128, ValidationSize: share(0.2)}, pipeline.ExitUsage},
		{"a seed numpy refuses", 9, SplitOptions{BatchSize: 128, Seed: 1 << 32}, pipeline.ExitUsage},
		{"no minibatch", 9, SplitOptions{}, pipeline.ExitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := NewSplit(c.n, c.o)
			if err == nil {
				t.Fatalf("no error, %d cells to train on", len(s.Train))
			}
			if got := pipeline.ExitCode(err); got != c.code {
				t.Errorf("exit %d (%v), want %d", got, err, c.code)
			}
		})
	}
}
