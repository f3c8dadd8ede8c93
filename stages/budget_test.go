package stages

import (
	"testing"

	"github.com/rs/zerolog"

	"cellvi/model"
	"cellvi/pipeline"
)

// million is the size of a million cells × 2,000 genes at 300 nonzeros each,
// every eighth piece three times as deep.
func million() *model.Dataset {
	section := func(n int) model.Section {
		s := newSection(make([]int32, n))
		for k := range s.Pieces {
			s.Pieces[k] = model.Extent{Nonzeros: 64 * 240, Large: 64}
			if k%8 == 0 {
				s.Pieces[k] = model.Extent{Nonzeros: 64 * 720, Large: 640}
			}
		}
		return s
	}
	return &model.Dataset{Width: model.Width{Genes: 2000}, Train: section(900_000), Val: section(100_000)}
}

// What cells have beside counts is in the budget: a code or number each takes 4 bytes, in
// the prepared cells and again where they are held.
func TestBudgetCountsCovariates(t *testing.T) {
	data, cfg, opt := million(), model.DefaultConfig(), model.DefaultTrain(1_000_000)
	cfg.NInput = 2000
	bare, held := restBytes(data, cfg, opt), data.Bytes()
	cfg.NCatsPerCov, cfg.NContinuousCov, cfg.NLabels, cfg.UseObservedLibSize = []int{2, 3}, 3, 4, false
	data.Width = cfg.Width()
	before := model.TrainBytes(cfg, opt)
	cfg.NCatsPerCov, cfg.NContinuousCov, cfg.NLabels, cfg.UseObservedLibSize = nil, 0, 1, true
	more := before - model.TrainBytes(cfg, opt)
	cfg.NCatsPerCov, cfg.NContinuousCov, cfg.NLabels, cfg.UseObservedLibSize = []int{2, 3}, 3, 4, false
	if got := restBytes(data, cfg, opt) - bare - more; got != 1_000_000*(5*4+4+8) {
		t.Errorf("codes, labels and totals of a million cells take %d bytes", got)
	}
	if got := data.Bytes() - held; got != 1_000_000*5*4 {
		t.Errorf("covariates of a million cells in memory take %d bytes", got)
	}
}

// The window depends on the budget and the data, not on threads; what it takes,
// with the rest, is within the budget; and what cannot fit is refused.
func TestFitWindow(t *testing.T) {
	data := million()
	cfg := model.DefaultConfig()
	cfg.NInput, cfg.NBatch = 2000, 8
	fit := func(memory int64, threads int) (int, error) {
		opt := model.DefaultTrain(1_000_000)
		opt.Threads = threads
		job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), threads, memory)
		return fitWindow(job, data, cfg, opt)
	}
	for _, memory := range []int64{0, 4e9} {
		if w, err := fit(memory, 2); w != 0 || err != nil {
			t.Errorf("a budget of %d: a window of %d cells (%v), want all", memory, w, err)
		}
	}
	last := 0
	for _, memory := range []int64{300e6, 500e6, 1e9} {
		want, err := fit(memory, 1)
		check(t, err)
		if want <= last || want%128 != 0 || want < model.LeastWindow(128) {
			t.Errorf("a budget of %d: a window of %d cells", memory, want)
		}
		if need := data.WindowBytes()(want) + restBytes(data, cfg, model.DefaultTrain(1_000_000)); need > memory {
			t.Errorf("a budget of %d: %d bytes needed", memory, need)
		}
		if w, err := fit(memory, 4); w != want || err != nil {
			t.Errorf("a budget of %d: a window of %d cells with four threads, %d with one (%v)", memory, w, want, err)
		}
		last = want
	}
	_, err := fit(130e6, 1)
	wantError(t, err, pipeline.ExitOverMemory, "--memory", "130 MB")
	_, err = fit(300e6, 100)
	wantError(t, err, pipeline.ExitOverMemory, "--threads", "100 threads")
}
