package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// checkpointsOfRun is how many an undisturbed run saves: three minibatches in three epochs.
const checkpointsOfRun = 9

// trainTo runs and kills until the checkpoint of that number stands, 0: none. One run is killed
// before its first checkpoint gets its name, each of the others, which go on from there,
// when its first has it. more are further arguments.
func (p *place) trainTo(ctx context.Context, number int, more ...string) error {
	dir := p.out
	if len(more) > 1 && more[0] == "--checkpoint-dir" {
		dir = more[1]
	}
	file := filepath.Join(dir, checkpointFile)
	pt := point{event{call: "renameat", path: filepath.Join(dir, "."+checkpointFile+".cellvi-part")}, 1}
	for at := range number + 1 {
		before, _ := os.ReadFile(file) // none at first
		e, err := p.run(ctx, call{argv: append(injecting(p.trace, p.out, pt, "signal=KILL", false), p.command(more...)...)})
		if err == nil && e.signal != syscall.SIGKILL {
			err = fmt.Errorf("was to be killed after checkpoint %d: %s", at, e.how())
		}
		if err == nil && at > 0 {
			err = wholeTensors(file)
		}
		if after, _ := os.ReadFile(file); err == nil && at > 0 && bytes.Equal(after, before) {
			err = fmt.Errorf("killed after checkpoint %d, and it is still the one before", at)
		}
		if err != nil {
			return err
		}
		pt = point{event{call: "fsync", path: dir}, 1}
	}
	return nil
}

// stoppedAt is a folder of a run that was killed when it had so many checkpoints.
func (l *lab) stoppedAt(number int) string { return l.folder(fmt.Sprint("stopped", number)) }

// stopEverywhere makes these folders.
func (l *lab) stopEverywhere(ctx context.Context) error {
	if _, err := os.Stat(l.stoppedAt(checkpointsOfRun)); err == nil {
		return nil
	}
	p, err := newPlace(l, "stopping")
	if err != nil {
		return err
	}
	if err := p.trainTo(ctx, 0); err != nil {
		return err
	}
	for number := range checkpointsOfRun + 1 {
		if number > 0 {
			pt := point{event{call: "fsync", path: p.out}, 1}
			e, err := p.run(ctx, call{argv: append(injecting(p.trace, p.out, pt, "signal=KILL", false), p.command()...)})
			if err != nil || e.signal != syscall.SIGKILL {
				return fmt.Errorf("was to be killed after checkpoint %d: %s (%w)", number, e.how(), err)
			}
		}
		if err := copyTree(p.out, l.stoppedAt(number)); err != nil {
			return err
		}
	}
	return p.remove()
}

// resumeCases go on from every checkpoint, within epochs and at their ends. The later ones
// are of runs that were killed at each checkpoint before.
func resumeCases(ctx context.Context, l *lab, _ int, _ *rand.Rand) ([]trial, error) {
	if err := l.stopEverywhere(ctx); err != nil {
		return nil, err
	}
	var all []trial
	for number := range checkpointsOfRun + 1 {
		for _, threads := range []string{"1", "2"} {
			all = append(all, trial{fmt.Sprintf("from checkpoint %d, --threads %s", number, threads), func(ctx context.Context, p *place) (string, error) {
				if err := copyTree(p.stoppedAt(number), p.out); err != nil {
					return "", err
				}
				if number == 0 {
					return "began anew, same bytes", p.again(ctx, "--threads", threads)
				}
				return "went on, same bytes", p.goesOn(ctx, p.whole, "--threads", threads)
			}})
		}
	}
	return all, nil
}

// goesOn runs again, and looks whether it went on from the checkpoint.
func (p *place) goesOn(ctx context.Context, want content, more ...string) error {
	e, err := p.wholeRun(ctx, want, append([]string{"--log-level", "info"}, more...)...)
	if err != nil {
		return err
	}
	return e.says("going on from")
}

// elsewhereCases go on in another folder, as workflow engines do when they try again.
func elsewhereCases(context.Context, *lab, int, *rand.Rand) ([]trial, error) {
	var all []trial
	for _, number := range []int{1, 5, 9} {
		all = append(all, trial{fmt.Sprintf("from checkpoint %d", number), func(ctx context.Context, p *place) (string, error) {
			if err := p.trainTo(ctx, number, checkpointDir(p)...); err != nil {
				return "", err
			}
			p.out = filepath.Join(p.dir, "second")
			if err := p.goesOn(ctx, p.whole, checkpointDir(p)...); err != nil {
				return "", err
			}
			left, err := contentOf(p.checkpoints())
			if err == nil && len(left) > 0 {
				err = errors.New("left in --checkpoint-dir: " + strings.Join(sortedKeys(left), ", "))
			}
			return "went on, same bytes", err
		}})
	}
	return append(all, trial{"without a checkpoint", func(ctx context.Context, p *place) (string, error) {
		return "same bytes", p.again(ctx, checkpointDir(p)...)
	}}), nil
}

// divergeCases train at a rate that leads to numbers that are not finite.
func divergeCases(context.Context, *lab, int, *rand.Rand) ([]trial, error) {
	var all []trial
	for _, lr := range []string{"1e30", "1e10", "1e5"} {
		all = append(all, trial{"--lr " + lr, func(ctx context.Context, p *place) (string, error) {
			return diverge(ctx, p, "--lr", lr)
		}})
	}
	return all, nil
}

// diverge checks what a diverged run says and leaves, and that it ends so again.
func diverge(ctx context.Context, p *place, more ...string) (string, error) {
	var said string
	for range 2 {
		e, err := p.run(ctx, call{argv: p.command(more...)})
		if err != nil {
			return "", err
		}
		if err := errors.Join(e.refused(76), e.says("epoch 1, minibatch ", " is not finite ", " cells: cell_"), leftovers(p.out), standing(p.out, nil, p.whole)); err != nil {
			return "", err
		}
		if _, err := os.Stat(filepath.Join(p.out, checkpointFile)); err != nil && e.says("minibatch 1:") != nil {
			return "", fmt.Errorf("the last good checkpoint is gone: %s", e.how())
		}
		for _, output := range []string{"model", "history.parquet", "genes.parquet", "latent.parquet"} {
			if _, err := os.Lstat(filepath.Join(p.out, output)); err == nil {
				return "", fmt.Errorf("%s was published", output)
			}
		}
		if said != "" && said != e.stderr {
			return "", fmt.Errorf("said %q at first, then %q", said, e.stderr)
		}
		said = e.stderr
	}
	_, err := p.wholeRun(ctx, p.whole.without(warned)) // a checkpoint there is of other options
	return "refused, 76, no model; then with another --lr the right bytes", err
}
