package stages

import (
	"os"
	"testing"
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
