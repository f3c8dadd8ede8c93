package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// lab is what all cases share: the program, the input, and what undisturbed runs gave.
type lab struct {
	options *options
	scratch string
	bin     string // a copy of the program, which every user can reach
	input   string
	table   string // the counts of another input as text, and its annotations
	obs     string

	whole content       // of an undisturbed run
	took  time.Duration // and its time
	old   content       // of a run with another seed
	first []event       // of a run into an empty folder
	over  []event       // of a run over that of another seed
}

// Options of every run. All cells in three minibatches, a checkpoint after each.
var usual = []string{"--batch-key", "batch", "--labels-key", "label", "--n-hidden", "32", "--max-epochs", "3",
	"--checkpoint-every", "0", "--seed", "1", "--log-level", "error"}

// seedOfOld is what the run had whose results are there before.
const seedOfOld = "2"

func newLab(ctx context.Context, o *options, talk io.Writer) (*lab, error) {
	scratch, err := os.MkdirTemp("", "cellvi-faults")
	if err == nil {
		scratch, err = filepath.EvalSymlinks(scratch) // strace compares paths with the system's
	}
	if err != nil {
		return nil, err
	}
	l := &lab{options: o, scratch: scratch, bin: filepath.Join(scratch, "cellvi"), input: filepath.Join(scratch, "cells.h5ad")}
	if err := l.prepare(ctx, talk); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) close() { _ = os.RemoveAll(l.scratch) } // what is left is in the system's own folder

// prepare copies the program, draws the input and does the undisturbed runs.
func (l *lab) prepare(ctx context.Context, talk io.Writer) error {
	if err := os.Chmod(l.scratch, 0o755); err != nil { // for the unprivileged
		return err
	}
	program, err := os.ReadFile(l.options.bin)
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.bin, program, 0o755); err != nil {
		return err
	}
	if e, err := l.call(ctx, "simulate", "--cells", "300", "--genes", "50", "--seed", "3", "--output", l.input); err != nil || e.code != 0 {
		return fmt.Errorf("cellvi simulate: %w: %s", err, e.how())
	}
	if err := l.writeTable(); err != nil {
		return err
	}
	if l.whole, l.took, err = l.undisturbed(ctx, "whole"); err != nil {
		return err
	}
	var took time.Duration
	if l.old, took, err = l.undisturbed(ctx, "old", "--seed", seedOfOld); err != nil {
		return err
	}
	l.took = min(l.took, took) // the first one reads the program from the disk
	if err := l.record(ctx); err != nil {
		return err
	}
	fmt.Fprintf(talk, "an undisturbed run takes %.2f s and has %d system calls at %d places\n", l.took.Seconds(), occurrences(l.first), len(l.first))
	return nil
}

func occurrences(events []event) (n int) {
	for _, e := range events {
		n += e.times
	}
	return n
}

// call runs cellvi.
func (l *lab) call(ctx context.Context, args ...string) (*ended, error) {
	p, err := start(ctx, call{argv: append([]string{l.bin}, args...)})
	if err != nil {
		return &ended{code: -1, stderr: err.Error()}, err
	}
	return p.wait(), nil
}

// runArgs are cellvi's arguments for the usual run into out.
func (l *lab) runArgs(out string, more ...string) []string {
	return slices.Concat([]string{"run", "-i", l.input, "-o", out}, usual, more)
}

// folder is where an undisturbed run's results are.
func (l *lab) folder(name string) string { return filepath.Join(l.scratch, name) }

// undisturbed is a run and what it gave, which must be all that it should.
func (l *lab) undisturbed(ctx context.Context, name string, more ...string) (content, time.Duration, error) {
	out := l.folder(name)
	e, err := l.call(ctx, l.runArgs(out, more...)...)
	if err == nil && e.code != 0 {
		err = errors.New(e.how())
	}
	if err != nil {
		return nil, 0, err
	}
	c, err := contentOf(out)
	for _, output := range []string{"store", "prepared", "model", "latent.parquet", "reconstruction", "history.parquet", "genes.parquet", "report.html", "run.json"} {
		if _, there := c[output]; !there && err == nil {
			err = fmt.Errorf("%s was not written by an undisturbed run: %s", output, strings.Join(sortedKeys(c), ", "))
		}
	}
	for _, dir := range []string{"store", "prepared", "model", "reconstruction"} {
		err = errors.Join(err, checkSums(filepath.Join(out, dir)))
	}
	return c, e.took, err
}

// record finds the system calls of undisturbed runs.
func (l *lab) record(ctx context.Context) error {
	for _, before := range []string{"", "old"} {
		p, err := newPlace(l, fmt.Sprintf("record%s", before))
		if err != nil {
			return err
		}
		if before != "" {
			err = copyTree(l.folder(before), p.out)
		}
		if err != nil {
			return err
		}
		e, err := p.run(ctx, call{argv: append(tracing(p.trace, "-e", "trace="+watched), p.command()...)})
		if err == nil && e.code != 0 {
			err = fmt.Errorf("strace of a run: %s", e.how())
		}
		if err != nil {
			return err
		}
		events, err := eventsOf(p.trace, p.out, l.input)
		if err != nil {
			return err
		}
		if len(events) < 50 {
			return fmt.Errorf("strace told of %d places only", len(events))
		}
		if before == "" {
			l.first = events
		} else {
			l.over = events
		}
		if err := p.remove(); err != nil {
			return err
		}
	}
	return nil
}
