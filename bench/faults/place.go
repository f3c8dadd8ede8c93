package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// place is where one case happens.
type place struct {
	*lab
	dir   string
	out   string // the run's folder
	trace string // strace's record
	said  strings.Builder
	after []func() // what the case has to undo
}

func newPlace(l *lab, name string) (*place, error) {
	p := &place{lab: l, dir: filepath.Join(l.scratch, name)}
	p.out, p.trace = filepath.Join(p.dir, "out"), filepath.Join(p.dir, "trace")
	return p, os.MkdirAll(p.dir, 0o777)
}

func (p *place) remove() error { return os.RemoveAll(p.dir) }

// undo takes back what the case did to the system.
func (p *place) undo() {
	for _, f := range p.after {
		f()
	}
}

// command is the usual run here.
func (p *place) command(more ...string) []string {
	return append([]string{p.bin}, p.runArgs(p.out, more...)...)
}

// run runs a command to its end, and keeps what it said for the report of a loss.
func (p *place) run(ctx context.Context, c call) (*ended, error) {
	started, err := p.start(ctx, c)
	if err != nil {
		return nil, err
	}
	return p.wait(ctx, started)
}

func (p *place) start(ctx context.Context, c call) (*process, error) {
	fmt.Fprintf(&p.said, "$ %s\n", strings.Join(append(c.env, c.argv...), " "))
	return start(ctx, c)
}

func (p *place) wait(ctx context.Context, started *process) (*ended, error) {
	e := started.wait()
	fmt.Fprintf(&p.said, "%s\n", e.how())
	return e, ctx.Err()
}

// again is the usual run without a fault: it must give all that an undisturbed one
// gave, and leave nothing else.
func (p *place) again(ctx context.Context, more ...string) error {
	_, err := p.wholeRun(ctx, p.whole, more...)
	return err
}

// wholeRun is a run that must give what is wanted.
func (p *place) wholeRun(ctx context.Context, want content, more ...string) (*ended, error) {
	e, err := p.run(ctx, call{argv: p.command(more...)})
	if err != nil {
		return e, err
	}
	if e.code != 0 {
		return e, fmt.Errorf("run again: %s", e.how())
	}
	return e, p.gave(want)
}

// gave checks what is in the run's folder.
func (p *place) gave(want content) error {
	got, err := contentOf(p.out)
	if err != nil {
		return err
	}
	if _, compared := want[warned]; !compared {
		got = got.without(warned)
	}
	if d := want.differ(got); d != "" {
		return errors.New("after the run: " + d)
	}
	return nil
}

// begin puts the results of the run with another seed here, if over.
func (p *place) begin(over bool) (before content, err error) {
	if !over {
		return content{}, nil
	}
	return p.old, copyTree(p.folder("old"), p.out)
}

// events are those of a run into what begin made.
func (l *lab) events(over bool) []event {
	if over {
		return l.over
	}
	return l.first
}

// inject runs the usual command with a fault at a point. Where the thread that does the
// work there has done fewer calls than strace waits for, it tries an earlier one, on the folder
// as begin makes it; hit is false where none is met.
func (p *place) inject(ctx context.Context, pt point, fault string, onward, over bool) (e *ended, hit bool, err error) {
	for at := pt.at; at > 0 && !hit; at /= 2 {
		if err := errors.Join(os.RemoveAll(p.out), os.RemoveAll(p.trace)); err != nil {
			return nil, false, err
		}
		if _, err := p.begin(over); err != nil {
			return nil, false, err
		}
		pt.at = at
		e, err = p.run(ctx, call{argv: append(injecting(p.trace, p.out, pt, fault, onward), p.command()...)})
		if err != nil {
			return e, false, err
		}
		hit = wasInjected(p.trace, fault)
	}
	return e, hit, nil
}
