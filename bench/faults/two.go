package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const lockFile = ".cellvi.lock" // of a run, in its --outdir

// twoCases let two runs meet in one folder. The first is stopped meanwhile, and then goes on.
func twoCases(context.Context, *lab, int, *rand.Rand) ([]trial, error) {
	return []trial{
		{"one --outdir", func(ctx context.Context, p *place) (string, error) {
			return meet(ctx, p, filepath.Join(p.out, lockFile), p.command(), p.command())
		}},
		{"one --outdir, another stage", func(ctx context.Context, p *place) (string, error) {
			return meet(ctx, p, filepath.Join(p.out, lockFile), p.command(), []string{p.bin, "ingest", "-i", p.input, "-o", p.out, "--log-level", "error"})
		}},
		{"one --checkpoint-dir, two --outdir", func(ctx context.Context, p *place) (string, error) {
			second := append([]string{p.bin}, p.runArgs(filepath.Join(p.dir, "second"), checkpointDir(p)...)...)
			return meet(ctx, p, filepath.Join(p.checkpoints(), checkpointFile), p.command(checkpointDir(p)...), second)
		}},
		{"twelve at once", twelve},
	}, nil
}

// meet starts the first, stops it once the file sign is there and the first holds its
// folder, and has the second refused.
func meet(ctx context.Context, p *place, sign string, first, second []string) (string, error) {
	run, err := p.start(ctx, call{argv: first})
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(p.out, sign)
	if err != nil {
		return "", err
	}
	there := p.awaits(rel)
	run.signal(syscall.SIGSTOP)
	there = there && p.has(lockFile) // on a crowded machine the first may be through by now
	var refusal *ended
	if there {
		refusal, err = p.run(ctx, call{argv: second})
	}
	run.signal(syscall.SIGCONT)
	e, waited := p.wait(ctx, run)
	if err := errors.Join(err, waited); err != nil || !there {
		return missed, err
	}
	if e.code != 0 {
		return "", fmt.Errorf("the first: %s", e.how())
	}
	if err := errors.Join(refusal.refused(73), refusal.says(strconv.Itoa(run.cmd.Process.Pid))); err != nil {
		return "", fmt.Errorf("the second: %w", err)
	}
	return "the second was refused, 73, the first not disturbed", p.gave(p.whole)
}

// twelve start at once: one does the work, or each after the other, and nothing is lost.
func twelve(ctx context.Context, p *place) (string, error) {
	var runs []*process
	for range 12 {
		run, err := p.start(ctx, call{argv: p.command()})
		if err != nil {
			return "", err
		}
		runs = append(runs, run)
		time.Sleep(5 * time.Millisecond)
	}
	var codes []int
	var faults []error
	for _, run := range runs {
		e, err := p.wait(ctx, run)
		if err != nil {
			return "", err
		}
		codes = append(codes, e.code)
		if e.code != 0 {
			faults = append(faults, e.refused(73))
		}
	}
	if !slices.Contains(codes, 0) {
		faults = append(faults, errors.New("none did the work"))
	}
	if err := errors.Join(faults...); err != nil {
		return "", err
	}
	return "one did the work, the others were refused, 73", p.gave(p.whole)
}
