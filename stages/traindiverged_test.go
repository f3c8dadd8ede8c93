package stages

import (
	"os"
	"strings"
	"testing"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// A training that diverges says where, in which tensor and in which cells, and keeps the
// last good checkpoint.
func TestTrainDiverges(t *testing.T) {
	l := prepareTable(t, trainable(), DefaultPrepareOptions())
	o, shared := quick(), DefaultShared()
	o.LR, o.MaxEpochs, shared.BatchSize = 1e30, 5, 32
	_, err := run(&Train{Layout: l, Options: o, Shared: shared})
	wantError(t, err, pipeline.ExitDiverged, "training diverged: epoch 1, minibatch ", " is not finite ", ": c", "lower --lr", "no checkpoint had been saved yet")
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than a line: %v", err)
	}

	o.CheckpointEvery = 0 // after the first step, which is finite still
	_, err = run(&Train{Layout: l, Options: o, Shared: shared})
	wantError(t, err, pipeline.ExitDiverged, "epoch 1, minibatch 2: ", "the last good state is kept in "+l.Checkpoint())
	if _, err := os.Stat(l.Model()); err == nil {
		t.Error("a model was published")
	}
	o.LR, o.CheckpointEvery = 2e30, 60 // the state of other options is no state of this training
	_, err = run(&Train{Layout: l, Options: o, Shared: shared})
	wantError(t, err, pipeline.ExitDiverged, "no checkpoint had been saved yet")
	o.LR = 1e-3
	job, err := run(&Train{Layout: l, Options: o, Shared: shared})
	check(t, err)
	wantWarning(t, job, "is of other options")
}

// The cells of a step that broke a parameter are told as such.
func TestDivergedNames(t *testing.T) {
	f, err := store.Open(writeStore(t, trainable()).Store())
	check(t, err)
	defer f.Close()
	err = diverged(&model.Divergence{Epoch: 3, Minibatch: 4, Tensor: "px_r", Parameter: true, Items: []int64{7, 3, 2, 5, 1, 0}, Of: 6}, f, &checkpoint{path: "nowhere"})
	const want = "training diverged: epoch 3, minibatch 4: px_r is not finite after the step on these 6 cells, the most counts have c7, c3, c2, c5, c1, …: lower --lr, or look for extreme values in these cells; no checkpoint had been saved yet"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}
