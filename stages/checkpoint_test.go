package stages

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/pipeline"
)

// A checkpoint of other options is not taken up, and the log says which they are; one of
// the same options is, whatever the number of epochs.
func TestCheckpointOfOtherOptions(t *testing.T) {
	l := prepareTable(t, trainable(), DefaultPrepareOptions())
	o := quick()
	o.CheckpointEvery, o.Profile = 0, l.Store() // a folder, which fails after training
	if _, err := run(&Train{Layout: l, Options: o, Shared: DefaultShared()}); err == nil {
		t.Fatal("a profile was written over a folder")
	}
	text, err := os.ReadFile(l.Checkpoint())
	check(t, err)
	o.Profile, o.CheckpointEvery = "", 60
	other := o
	other.NHidden, other.LR = 9, 0.02
	job, err := run(&Train{Layout: l, Options: other, Shared: DefaultShared()})
	check(t, err)
	wantWarning(t, job, `is of other options, and not used: training starts from the beginning: n_hidden is 8 there, 9 is asked for; adam is {"optimizer":"Adam","lr":0.001`)
	check(t, os.WriteFile(l.Checkpoint(), text, 0o666))
	o.MaxEpochs++
	job, err = run(&Train{Layout: l, Options: o, Shared: DefaultShared()})
	check(t, err)
	if len(job.Warnings()) > 0 {
		t.Errorf("warns of %q", job.Warnings())
	}
}

// Who reads that a checkpoint is of other options and stops still has it, until the first
// that is due takes its place.
func TestCheckpointOfOtherOptionsStays(t *testing.T) {
	l := prepareTable(t, trainable(), DefaultPrepareOptions())
	o := quick()
	stop := func(o TrainOptions, steps int) error {
		ctx, cancel := context.WithCancel(t.Context())
		job := pipeline.NewJob(zerolog.Nop(), &cancelAfter{pipeline.NewLines(zerolog.Nop()), steps, cancel}, 1, 0)
		return (&Train{Layout: l, Options: o, Shared: Shared{BatchSize: 32}}).Run(ctx, job)
	}
	wantError(t, stop(o, 2), pipeline.ExitInterrupted, "run the same command again")
	before, err := os.ReadFile(l.Checkpoint())
	check(t, err)
	o.LR = 0.02
	wantError(t, stop(o, 2), pipeline.ExitInterrupted, "still that of other options")
	after, err := os.ReadFile(l.Checkpoint())
	check(t, err)
	if !bytes.Equal(before, after) {
		t.Error("it was replaced")
	}
	o.CheckpointEvery = 0
	wantError(t, stop(o, 2), pipeline.ExitInterrupted, "run the same command again")
	if after, err = os.ReadFile(l.Checkpoint()); err != nil || bytes.Equal(before, after) {
		t.Errorf("it was not replaced: %v", err)
	}
}

// A checkpoint of other counts is refused and stays; without it training begins anew.
// It is found in --checkpoint-dir.
func TestCheckpointOfOtherData(t *testing.T) {
	o := quick()
	o.CheckpointEvery, o.CheckpointDir = 0, t.TempDir()
	train := func(l Layout, profile string) error {
		o.Profile = profile
		_, err := run(&Train{Layout: l, Options: o, Shared: DefaultShared()})
		return err
	}
	before := prepareTable(t, trainable(), DefaultPrepareOptions())
	if train(before, before.Store()) == nil { // a folder, which fails after training
		t.Fatal("a profile was written over a folder")
	}
	path := (&Train{Layout: before, Options: o}).Checkpoint()
	text := fileBytes(t, path)

	changed := trainable()
	changed.rows[0][0]++
	after := prepareTable(t, changed, DefaultPrepareOptions())
	wantError(t, train(after, ""), pipeline.ExitBadInput, path+": is of other data than "+after.Prepared()+" now")
	if !bytes.Equal(fileBytes(t, path), text) {
		t.Error("the checkpoint was touched")
	}
	text[len(text)/2] ^= 4
	check(t, os.WriteFile(path, text, 0o666))
	wantError(t, train(before, ""), pipeline.ExitBadInput, path+": ")
	check(t, os.Remove(path))
	check(t, train(after, ""))
}
