package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"
)

// missed is the outcome of a case whose fault did not come about.
const missed = "- not met"

// killCases kill the run at system calls, from an empty folder and over an earlier run's
// results in turn.
func killCases(_ context.Context, l *lab, n int, r *rand.Rand) ([]trial, error) {
	var all []trial
	for _, over := range []bool{false, true} {
		for _, pt := range spread(onlyOutputs(l.events(over)), (n+1)/2, r) {
			all = append(all, trial{overName(pt.String(), over), func(ctx context.Context, p *place) (string, error) {
				return killAt(ctx, p, pt, over)
			}})
		}
	}
	return all, nil
}

// onlyOutputs leaves the events at inputs out.
func onlyOutputs(events []event) []event {
	var all []event
	for _, e := range events {
		if !strings.HasPrefix(e.path, "/") {
			all = append(all, e)
		}
	}
	return all
}

func overName(name string, over bool) string {
	if over {
		return name + ", over an earlier run"
	}
	return name
}

// killAt kills at a point.
func killAt(ctx context.Context, p *place, pt point, over bool) (string, error) {
	e, hit, err := p.inject(ctx, pt, "signal=KILL", false, over)
	if err != nil || !hit {
		return missed, err
	}
	if e.signal != syscall.SIGKILL {
		return "", fmt.Errorf("was to be killed: %s", e.how())
	}
	return "killed, then the same bytes", p.survived(ctx, over)
}

// survived checks a folder after a kill, and runs again.
func (p *place) survived(ctx context.Context, over bool) error {
	before := content{}
	if over {
		before = p.old
	}
	if err := standing(p.out, before, p.whole); err != nil {
		return errors.Join(errors.New("after the kill"), err)
	}
	return p.again(ctx)
}

// killTimeCases kill at random times.
func killTimeCases(_ context.Context, l *lab, n int, r *rand.Rand) ([]trial, error) {
	var all []trial
	for i := range n {
		after, over := time.Duration(r.Float64()*float64(l.took)), i%2 == 1
		all = append(all, trial{overName(fmt.Sprintf("after %v", after.Round(time.Microsecond)), over), func(ctx context.Context, p *place) (string, error) {
			if _, err := p.begin(over); err != nil {
				return "", err
			}
			run, err := p.start(ctx, call{argv: p.command()})
			if err != nil {
				return "", err
			}
			time.Sleep(after)
			_ = syscall.Kill(-run.cmd.Process.Pid, syscall.SIGKILL) // it may be over
			e, err := p.wait(ctx, run)
			if err != nil || e.signal != syscall.SIGKILL {
				return missed, err
			}
			return "killed, then the same bytes", p.survived(ctx, over)
		}})
	}
	return all, nil
}

// killReaderCases kill the child that reads the input, at its reads and at random times.
func killReaderCases(_ context.Context, l *lab, n int, r *rand.Rand) ([]trial, error) {
	var all []trial
	for _, pt := range spread(callsOf(onlyInput(l.first, l.input), "pread64"), n/2, r) {
		all = append(all, trial{pt.String(), func(ctx context.Context, p *place) (string, error) {
			e, hit, err := p.inject(ctx, pt, "signal=KILL", false, false)
			if err != nil || !hit {
				return missed, err
			}
			return p.readerDied(ctx, e)
		}})
	}
	for len(all) < n {
		after := time.Duration(r.Float64() * float64(8*time.Millisecond))
		all = append(all, trial{fmt.Sprintf("%v after its start", after.Round(time.Microsecond)), func(ctx context.Context, p *place) (string, error) {
			return killReader(ctx, p, after)
		}})
	}
	return all, nil
}

func onlyInput(events []event, input string) []event {
	var all []event
	for _, e := range events {
		if e.path == input {
			all = append(all, e)
		}
	}
	return all
}

// killReader kills the child some time after it began to be this program.
func killReader(ctx context.Context, p *place, after time.Duration) (string, error) {
	run, err := p.start(ctx, call{argv: p.command()})
	if err != nil {
		return "", err
	}
	for begun := time.Now(); time.Since(begun) < 2*time.Second; time.Sleep(200 * time.Microsecond) {
		child := readerOf(run.cmd.Process.Pid)
		if child == 0 {
			continue
		}
		time.Sleep(after)
		_ = syscall.Kill(child, syscall.SIGKILL) // it may be over
		break
	}
	e, err := p.wait(ctx, run)
	if err != nil || e.code == 0 {
		return missed, err
	}
	return p.readerDied(ctx, e)
}

// readerOf is the child that reads, once there is one.
func readerOf(pid int) int {
	for _, child := range children(pid) {
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child)); err == nil && strings.Contains(string(text), "cellvi\x00read\x00") {
			return child
		}
	}
	return 0
}

// readerDied checks what the parent says of it. That it was the memory it can only guess.
func (p *place) readerDied(ctx context.Context, e *ended) (string, error) {
	err := e.refused(65, 74, 137)
	if err == nil {
		err = e.says(p.input)
	}
	if err == nil {
		err = leftovers(p.out)
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("refused, %d, then the same bytes", e.code), p.survived(ctx, false)
}
