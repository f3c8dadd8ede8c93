package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/pipeline"
)

// What auto means is settled by the epochs trained, and recorded in the model and in the
// history's weights; the weight reaches its end before training does.
func TestAutoWarmup(t *testing.T) {
	l, o := prepareTable(t, trainable(), withCovariates()), quick()
	o.MaxEpochs, o.NEpochsKLWarmup = 8, AutoWarmup
	fitAll(t, l, o, 1)
	card, err := readCard(l.Model())
	check(t, err)
	const want = 4
	if card.Options.KL.Epochs != want {
		t.Errorf("model.json says %d epochs of warm-up, want %d", card.Options.KL.Epochs, want)
	}
	explicit := prepareTable(t, trainable(), withCovariates())
	o.NEpochsKLWarmup = want
	fitAll(t, explicit, o, 1)
	wantSame(t, "auto, and the number that it stands for", outputs(t, l), outputs(t, explicit))
}

// Of the default's epochs, auto takes its share of those that the heuristic gives.
func TestAutoWarmupOfHeuristic(t *testing.T) {
	o := DefaultTrainOptions()
	o.NEpochsKLWarmup = AutoWarmup
	few, many := o.training(1000, DefaultShared(), 1), o.training(8_000_000, DefaultShared(), 1)
	if few.MaxEpochs != 400 || few.KL.Epochs != 200 || few.KL.Steps != 0 || many.MaxEpochs != 1 {
		t.Errorf("%+v of %d epochs, %+v of %d", few.KL, few.MaxEpochs, many.KL, many.MaxEpochs)
	}
	if w := few.KL.Weight(399, 0); w != 1 {
		t.Errorf("the last epoch's weight is %g", w)
	}
}

// A training of a single epoch warms up too, and not for all of it: its first half.
func TestAutoWarmupOfOneEpoch(t *testing.T) {
	o := DefaultTrainOptions()
	o.MaxEpochs, o.NEpochsKLWarmup, o.NStepsKLWarmup = 1, AutoWarmup, 7
	k := o.training(128_000, DefaultShared(), 1).KL
	if first, quarter, half := k.Weight(0, 0), k.Weight(0, 250), k.Weight(0, 500); first != 0 || quarter != 0.5 || half != 1 {
		t.Errorf("of 1000 minibatches the weights at the first, 250 and 500 are %g, %g, %g", first, quarter, half)
	}
}

// A number stays a number in what run.json and a checkpoint compare; auto is a word.
func TestWarmupText(t *testing.T) {
	for text, wants := range map[string]string{"400": "400", "0": "0", "auto": `"auto"`, "-3": "-3"} {
		var w WarmupEpochs
		check(t, w.UnmarshalText([]byte(text)))
		if got, err := json.Marshal(w); err != nil || string(got) != wants {
			t.Errorf("%s becomes %s", text, got)
		}
	}
	for _, text := range []string{"Auto", "", "1.5", "quarter", fmt.Sprint(int(AutoWarmup)), "99999999999"} {
		var w WarmupEpochs
		if err := w.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "nor auto") {
			t.Errorf("%q is taken: %v", text, err)
		}
	}
}

// A checkpoint of another number of epochs has another warm-up by auto: it is another training.
func TestAutoWarmupCheckpoint(t *testing.T) {
	l, o := prepareTable(t, trainable(), withCovariates()), quick()
	o.MaxEpochs, o.NEpochsKLWarmup = 8, AutoWarmup
	s := &Train{Layout: l, Options: o, Shared: Shared{BatchSize: 32}}
	wantError(t, interruptedAfter(t, s, 4), pipeline.ExitInterrupted, "run the same command again")
	s.Options.MaxEpochs = 40
	job, err := run(s)
	check(t, err)
	if warnings := strings.Join(job.Warnings(), "\n"); !strings.Contains(warnings, `is of other options`) || !strings.Contains(warnings, "n_epochs_kl_warmup") {
		t.Errorf("%s: warned %q", filepath.Base(s.Checkpoint()), warnings)
	}
}

// interruptedAfter runs a stage until it has done so many steps.
func interruptedAfter(t *testing.T, s pipeline.Stage, steps int) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	return s.Run(ctx, pipeline.NewJob(zerolog.Nop(), &cancelAfter{pipeline.NewLines(zerolog.Nop()), steps, cancel}, 1, 0))
}
