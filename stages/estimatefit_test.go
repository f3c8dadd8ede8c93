package stages

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/model"
	"cellvi/pipeline"
)

// expectStage is a stage that tells what it takes.
type expectStage interface {
	pipeline.Stage
	pipeline.Expecter
}

// fitStages are the stages that try some of the real cells, of the cells in l, and what
// each says of its work.
func fitStages(l Layout) map[expectStage][]string {
	check := &Check{Layout: l, Options: DefaultCheckOptions()}
	check.Options.Samples, check.Options.MaxCells = 128, 20
	anomaly := &Anomaly{Layout: l, Options: DefaultAnomalyOptions()}
	anomaly.Options.Samples, anomaly.Options.Folds, anomaly.Options.Scores = 8, 2, true
	rank := &RankGenes{Layout: l, Options: DefaultRankGenesOptions()}
	rank.Options.GroupBy, rank.Options.Group1 = "type", []string{"T", "B"}
	return map[expectStage][]string{
		check: {"checks 20 of 60 validation cells, spread evenly (--max-cells) × 90 genes: 128 draws of each posterior", "fits a posterior (full) to each, to compare with"},
		&Embed{Layout: l, Options: EmbedOptions{Refine: "diag", RefineAssess: 100}}: {"embeds 607 cells in 4 dimensions", "fits a posterior (diag) to each"},
		anomaly: {"judges the counts of 607 cells × 90 genes, each by 8 draws", "fits a posterior (full) to each cell 2 times", "scores.parquet: 219 kB"},
		rank:    {"ranks 90 genes for 2 groups of 607 cells, by 5 draws"},
		&Factor{Layout: l, Options: factorSmall()}: {"4 factors of 607 cells × 90 genes", "coordinate ascent", "at most 8 passes"},
	}
}

// filesUnder lists what is there, with sizes and times.
func filesUnder(t *testing.T, dir string) (text string) {
	t.Helper()
	check(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			text += path + info.ModTime().String() + "\n"
		}
		return err
	}))
	return text
}

// TestExpectedFits: work and time of what is fitted to cells that are there, the memory that
// the work itself goes by, and no file.
func TestExpectedFits(t *testing.T) {
	l := fittedTable(t, plantedTable(), 2)
	before := filesUnder(t, l.Dir)
	for s, words := range fitStages(l) {
		e, work := expected(t, s, pipeline.Ahead{}, 0)
		for _, w := range words {
			if !strings.Contains(work, w) {
				t.Errorf("%s: no %q in %s", s.Name(), w, work)
			}
		}
		if !(e.Seconds > 0) || !strings.HasPrefix(e.TimeNote, measuredHere) {
			t.Errorf("%s takes no time: %+v", s.Name(), e)
		}
		if e.Memory < programBytes {
			t.Errorf("%s takes %d bytes", s.Name(), e.Memory)
		}
		refusedAlike(t, s, 61e6)
		if _, factor := s.(*Factor); !factor { // it needs no more than that without the cells
			refusedAlike(t, s, e.Memory-1)
		}
		if _, err := expect(t, s, pipeline.Ahead{}, e.Memory); err != nil {
			t.Errorf("%s: %v", s.Name(), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Expect(ctx, pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 2, 0), pipeline.Ahead{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: a cancelled estimate ends with %v", s.Name(), err)
		}
	}
	if now := filesUnder(t, l.Dir); now != before {
		t.Errorf("files changed:\n%s\nbefore:\n%s", now, before)
	}
}

// refusedAlike: what the work refuses, for memory, is refused beforehand in the same words.
func refusedAlike(t *testing.T, s expectStage, budget int64) {
	t.Helper()
	_, err := expect(t, s, pipeline.Ahead{}, budget)
	wantError(t, err, pipeline.ExitOverMemory, "--memory allows")
	real := s.Run(t.Context(), pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, budget))
	if real == nil || real.Error() != err.Error() {
		t.Errorf("%s: expected %v, it says %v", s.Name(), err, real)
	}
}

// TestExpectedFitsLater: what is yet to be made is not tried.
func TestExpectedFitsLater(t *testing.T) {
	l := Layout{t.TempDir()}
	for s := range fitStages(l) {
		ahead := pipeline.Ahead{l.Store(): nil, l.Prepared(): nil, l.Model(): nil}
		e, _ := expected(t, s, ahead, 0)
		if e.Memory != 0 || e.Seconds != 0 || e.TimeNote == "" {
			t.Errorf("%s: %+v", s.Name(), e)
		}
	}
	cfg := model.DefaultConfig()
	cfg.NInput = 300
	ahead := pipeline.Ahead{l.Store(): &shape{cells: 9000, genes: 400, nonzeros: -1}, l.Prepared(): &shape{cells: 9000, genes: 300, nonzeros: -1, train: 8100, validation: 900},
		l.Model(): &modelShape{cfg, 100}}
	e, work := expected(t, &Check{Layout: l, Options: DefaultCheckOptions()}, ahead, 0)
	if e.Memory < programBytes || e.Seconds != 0 || e.TimeNote != fitLater || !strings.Contains(work, "checks 900 validation cells × 300 genes") {
		t.Errorf("%s: %+v", work, e)
	}
	_, err := expect(t, &Check{Layout: l, Options: DefaultCheckOptions()}, ahead, 61e6)
	wantError(t, err, pipeline.ExitOverMemory, "putting 9000 cells × 300 genes")
}

// TestExpectedFitsGoOn: what an earlier run has left is not done again, and so takes no time.
func TestExpectedFitsGoOn(t *testing.T) {
	l := checkable(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := checkRun(ctx, l, 2, &stopAt{pipeline.NewLines(zerolog.Nop()), 50, cancel}, func(s *Check) {
		allCells(s)
		s.piece = 20
	})
	wantError(t, err, pipeline.ExitInterrupted, "60 of 90 cells")
	s := &Check{Layout: l, Options: DefaultCheckOptions()}
	s.Options.Samples, s.Options.Cells = 128, checkAll
	_, work := expected(t, s, pipeline.Ahead{}, 0)
	if !strings.Contains(work, "goes on from "+l.Checking()+", which has 60 of them") {
		t.Error(work)
	}
	if _, work := expected(t, s, pipeline.Ahead{l.Checking(): nil}, 0); strings.Contains(work, l.Checking()) {
		t.Errorf("--force: %s", work)
	}
	s.Options.Seed = 1
	if _, work := expected(t, s, pipeline.Ahead{}, 0); !strings.Contains(work, "begins anew: "+l.Checking()) {
		t.Errorf("another seed: %s", work)
	}
	s.Options.Seed = 0
	whole, err := os.ReadFile(l.Checking())
	check(t, err)
	check(t, os.WriteFile(l.Checking(), whole[:9], 0o666))
	if _, work := expected(t, s, pipeline.Ahead{}, 0); strings.Contains(work, l.Checking()) {
		t.Errorf("killed as it began: %s", work)
	}
	check(t, os.WriteFile(l.Checking(), whole, 0o666))
	_, err = checkRun(t.Context(), l, 2, &keepLog{pipeline.NewLines(zerolog.Nop()), t, l.Checking()}, allCells)
	check(t, err)
	check(t, os.Rename(l.Checking()+".kept", l.Checking()))
	e, _ := expected(t, s, pipeline.Ahead{}, 0)
	if e.Seconds != 0 || !strings.Contains(e.TimeNote, "what is left is to write them") {
		t.Errorf("of all cells: %+v", e)
	}
}

// keepLog links the log's file to another name, for it is removed in the end.
type keepLog struct {
	pipeline.Progress
	t   *testing.T
	log string
}

func (k *keepLog) Add(int64) {
	if kept := k.log + ".kept"; !exists(kept) {
		check(k.t, os.Link(k.log, kept))
	}
}

// TestExpectedFactorCheckpoint: whether the fit goes on from what is there.
func TestExpectedFactorCheckpoint(t *testing.T) {
	l := prepareTable(t, factorTable(), DefaultPrepareOptions())
	s := &Factor{Layout: l, Options: factorSmall()}
	s.Options.Tolerance = 0
	ctx, cancel := context.WithCancel(t.Context())
	job := pipeline.NewJob(zerolog.Nop(), &cancelAfter{pipeline.NewLines(zerolog.Nop()), 2, cancel}, 2, 0)
	wantError(t, s.Run(ctx, job), pipeline.ExitInterrupted, "run the same command again")
	if _, work := expected(t, s, pipeline.Ahead{}, 0); !strings.Contains(work, "goes on from the checkpoint "+s.Checkpoint()+", of pass 3") {
		t.Error(work)
	}
	if _, work := expected(t, s, pipeline.Ahead{s.Checkpoint(): nil}, 0); strings.Contains(work, s.Checkpoint()) {
		t.Errorf("--force: %s", work)
	}
	s.Options.Seed = 1
	if _, work := expected(t, s, pipeline.Ahead{}, 0); !strings.Contains(work, "begins anew: "+s.Checkpoint()+" is of other options: seed is 0 there, 1 is asked for") {
		t.Errorf("another seed: %s", work)
	}
	check(t, os.WriteFile(s.Checkpoint(), []byte("no state"), 0o666))
	_, err := expect(t, s, pipeline.Ahead{}, 0)
	wantError(t, err, pipeline.ExitBadInput, s.Checkpoint())
}

// TestTrialTurns: threads take whole minibatches in turns, and wait where a piece ends.
func TestTrialTurns(t *testing.T) {
	for _, c := range []struct {
		cells, piece, threads int
		want                  float64
	}{{1, 128, 1, 1}, {100, 256, 2, 100}, {256, 256, 2, 128}, {257, 256, 2, 256}, {1280, 256, 2, 640}, {2048 + 2048, 2048, 32, 256}, {4096, 4096, 32, 128}} {
		x := trial{rows: span(0, c.cells), piece: c.piece}
		if got := x.turns(c.threads); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
