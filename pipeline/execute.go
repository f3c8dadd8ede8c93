package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Runner holds what every stage of a run has in common.
type Runner struct {
	Log      zerolog.Logger
	Progress Progress
	Threads  int
	Memory   int64    // budget in bytes; 0: none
	Means    string   // what that is, in words: told when the first stage that is not done begins
	Version  string   // of cellvi: another version's results do not stand
	Command  []string // for run.json
	Force    bool     // do every stage again
}

// Execute runs the stages in a row over the folder outdir and records each in
// outdir/run.json. A stage is skipped where run.json tells that it was done by
// the same version with the same Args on inputs of the same content, and its
// outputs are still what it wrote. Another run in the same folder is refused.
// Where an input that no stage before makes is missing, or an output's folder cannot
// be written to, nothing is begun.
func (r *Runner) Execute(ctx context.Context, outdir string, stages ...Stage) (err error) {
	if err := checkInputs(stages); err != nil {
		return err
	}
	unlock, err := lockAll(outdir, stages)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := checkOutputs(stages); err != nil {
		return err
	}
	run, err := ReadRun(outdir)
	if err != nil {
		return err
	}
	hashes := newHasher(outdir)
	for i, stage := range stages {
		if err := r.step(ctx, outdir, run, hashes, stage, stages[i+1:]); err != nil {
			return err
		}
	}
	return nil
}

// Alone runs a stage that belongs to no run's folder, and records nothing.
func (r *Runner) Alone(ctx context.Context, stage Stage) error {
	if err := checkFolders(stage.Plan()); err != nil {
		return err
	}
	return stage.Run(ctx, r.job(stage))
}

// job is what stage is given.
func (r *Runner) job(stage Stage) *Job {
	log := r.Log.With().Str("stage", stage.Name()).Logger()
	return NewJob(log, r.Progress, r.Threads, r.Memory)
}

// step runs one stage, or skips it, and records it. coming are the stages after
// it.
func (r *Runner) step(ctx context.Context, outdir string, run *Run, hashes *hasher, stage Stage, coming []Stage) error {
	plan := stage.Plan()
	entry, err := r.entry(ctx, hashes, stage, plan)
	if err != nil {
		return err
	}
	job := r.job(stage)
	if before := run.Stage(stage.Name()); !r.Force && before != nil && stands(ctx, hashes, before, entry, plan) {
		job.Note("already done: %s", paths(before.Outputs))
		return nil
	}
	if err := checkFolders(plan); err != nil {
		return err
	}
	if err := r.forget(plan); err != nil {
		return err
	}
	if r.Means != "" {
		r.Log.Info().Msg(r.Means)
		r.Means = ""
	}
	ResetPeakMemory()
	if err := stage.Run(ctx, job); err != nil {
		return err
	}
	if err := hashes.trust(slices.Collect(maps.Keys(plan.Folders))); err != nil {
		return missingOutput(stage, err)
	}
	if entry.Outputs, err = hashes.artifacts(ctx, plan.Outputs); err != nil {
		return missingOutput(stage, err)
	}
	entry.Warnings, entry.Counts = job.notes.snapshot()
	entry.Seconds = math.Round(time.Since(entry.Started).Seconds()*1000) / 1000
	entry.PeakMemory = PeakMemory()
	run.put(entry)
	for _, old := range run.dropStale(entry, coming) {
		job.Log.Warn().Msgf("%s is of an earlier run: its inputs have changed since: run cellvi %s again, or remove it", paths(old.Outputs), old.Name)
	}
	if err := run.write(outdir); err != nil {
		return err
	}
	job.Note("done in %v: %s", time.Since(entry.Started).Round(time.Millisecond), paths(entry.Outputs))
	return nil
}

// forget removes what a killed run left to go on from, where all is to be done
// again.
func (r *Runner) forget(plan Plan) error {
	for _, path := range plan.Partial {
		if !r.Force {
			break
		}
		if err := os.RemoveAll(path); err != nil {
			return createError(path, err)
		}
	}
	return nil
}

// entry is the stage's record as far as it is known before it runs.
func (r *Runner) entry(ctx context.Context, hashes *hasher, stage Stage, plan Plan) (*StageRun, error) {
	args, err := json.Marshal(plan.Args)
	if err != nil {
		return nil, err
	}
	inputs, err := hashes.verified(ctx, plan.Inputs)
	if err != nil {
		return nil, Explain(err)
	}
	return &StageRun{
		Name: stage.Name(), Version: r.Version, Command: r.Command, Args: args, Seed: plan.Seed,
		Inputs: inputs, Started: time.Now().UTC(),
	}, nil
}

// stands tells whether the result recorded in before is what running again
// would give.
func stands(ctx context.Context, hashes *hasher, before, now *StageRun, plan Plan) bool {
	if before.Version != now.Version || !sameJSON(before.Args, now.Args) || !sameContents(before.Inputs, now.Inputs) {
		return false
	}
	outputs, err := hashes.artifacts(ctx, plan.Outputs)
	return err == nil && sameContents(before.Outputs, outputs)
}

// sameJSON compares without white space, which run.json's indentation adds.
func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// missingOutput is a bug: the stage said that it was done.
func missingOutput(stage Stage, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return coded(ExitBug, "%s did not write what it planned: %w", []any{stage.Name(), err})
	}
	return err
}

// paths lists outputs for a log line, folders rather than their files.
func paths(artifacts []Artifact) string {
	var names []string
	for _, a := range artifacts {
		name := a.Path
		if dir := filepath.Dir(name); dir != "." && !filepath.IsAbs(name) {
			name = dir + "/"
		}
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
