package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const checkpointFile = "checkpoint.safetensors"

// signalCases interrupt runs at random times, half of them in training, and once and again.
func signalCases(_ context.Context, l *lab, n int, r *rand.Rand) ([]trial, error) {
	var all []trial
	for i := range n {
		s := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[i%2]
		switch i % 4 {
		case 0, 1:
			after := time.Duration(r.Float64() * float64(l.took))
			all = append(all, trial{fmt.Sprintf("%v after %v", s, after.Round(time.Microsecond)), func(ctx context.Context, p *place) (string, error) {
				return interrupt(ctx, p, s, after, false)
			}})
		default:
			after := time.Duration(r.Float64() * float64(30*time.Millisecond))
			all = append(all, trial{fmt.Sprintf("%v %v after the first checkpoint", s, after.Round(time.Microsecond)), func(ctx context.Context, p *place) (string, error) {
				return interrupt(ctx, p, s, after, true)
			}})
		}
	}
	return append(all, trial{"SIGTERM twice while a checkpoint is slow", interruptTwice}), nil
}

// interrupt sends a signal some time after the start, or after the first checkpoint is there.
func interrupt(ctx context.Context, p *place, s syscall.Signal, after time.Duration, training bool) (string, error) {
	run, err := p.start(ctx, call{argv: p.command()})
	if err != nil {
		return "", err
	}
	if training && !p.awaits(checkpointFile) {
		_, err := p.wait(ctx, run)
		return missed, err
	}
	time.Sleep(after)
	run.signal(s)
	sent := time.Now()
	e, err := p.wait(ctx, run)
	if err != nil {
		return "", err
	}
	if d := time.Since(sent); d > 10*time.Second {
		return "", fmt.Errorf("ended only %v after the signal", d)
	}
	return p.interrupted(ctx, e, s)
}

// interrupted checks what became of an interrupted run.
func (p *place) interrupted(ctx context.Context, e *ended, s syscall.Signal) (string, error) {
	switch _, err := os.Stat(p.out); {
	case e.code == 0:
		return "- was done before", p.gave(p.whole)
	case e.signal == s && errors.Is(err, os.ErrNotExist):
		return "ended before anything was begun", p.again(ctx)
	}
	if err := errors.Join(e.refused(75), standing(p.out, nil, p.whole), leftovers(p.out)); err != nil {
		return "", err
	}
	outcome := "exit 75, then the same bytes"
	if strings.Contains(e.stderr, "in epoch") {
		outcome = "exit 75 with a checkpoint, then the same bytes"
		if _, err := os.Stat(filepath.Join(p.out, checkpointFile)); err != nil {
			return "", fmt.Errorf("%w, though it says: %s", err, e.how())
		}
	}
	return outcome, p.again(ctx)
}

// awaits waits for a file of the run.
func (p *place) awaits(name string) bool {
	for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(time.Millisecond) {
		if p.has(name) {
			return true
		}
	}
	return false
}

// has tells whether a file of the run is there with something in it: the lock's is empty
// until the lock is held.
func (p *place) has(name string) bool {
	info, err := os.Lstat(filepath.Join(p.out, name))
	return err == nil && info.Size() > 0
}

// interruptTwice has a checkpoint take long, so that the first signal does not end the run at once.
func interruptTwice(ctx context.Context, p *place) (string, error) {
	pt := point{event{call: "fsync", path: "." + checkpointFile + ".cellvi-part"}, 2}
	run, err := p.start(ctx, call{argv: append(injecting(p.trace, p.out, pt, "delay_enter=4000000", true), p.command()...)})
	if err != nil {
		return "", err
	}
	if !p.awaits(checkpointFile) {
		_, err := p.wait(ctx, run)
		return missed, err
	}
	time.Sleep(200 * time.Millisecond) // to be in the slow call
	began, pids := time.Now(), children(run.cmd.Process.Pid)
	for range 2 {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGTERM) // it may be over
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, pid := range pids {
		for !isOver(pid) && time.Since(began) < 3*time.Second {
			time.Sleep(time.Millisecond)
		}
	}
	d := time.Since(began)
	e, err := p.wait(ctx, run)
	if err != nil {
		return "", err
	}
	if d > time.Second || e.signal != syscall.SIGTERM {
		return "", fmt.Errorf("%v after the first signal: %s", d, e.how())
	}
	return "the second ended it at once, then the same bytes", p.survived(ctx, false)
}

// isOver tells whether a process has ended, though strace may not have looked yet.
func isOver(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(text), ") ")
	return err != nil || strings.HasPrefix(state, "Z")
}
