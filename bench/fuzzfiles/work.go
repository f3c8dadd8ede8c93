package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// tried is a mutation, without its bytes, which can be made again, and its outcome.
type tried struct {
	i       int
	sample  *sample
	kind    string
	outcome outcome
	why     string
	print   string
	stderr  string
	rss     int64
	seconds float64
}

// readAll has cellvi read all mutations, some at a time.
func readAll(ctx context.Context, o *options, c *corpus, scratch string, talk io.Writer) (all []tried, failures int, err error) {
	all = make([]tried, o.n)
	faults := make([]error, o.workers)
	var next, bad atomic.Int64
	var wait sync.WaitGroup
	for w := range o.workers {
		wait.Go(func() {
			dir := filepath.Join(scratch, fmt.Sprint("worker", w))
			for k := int(next.Add(1)) - 1; k < o.n && ctx.Err() == nil; k = int(next.Add(1)) - 1 {
				t, err := readOne(ctx, o, c, o.first+k, dir)
				if err == nil && t.outcome == failed {
					bad.Add(1)
					fmt.Fprintf(talk, "mutation %d of %s (%s): %s\n", t.i, t.sample.name, t.kind, t.why)
					err = t.keep(o, c)
				}
				if err != nil {
					faults[w] = err
					return
				}
				all[k] = *t
				if (k+1)%500 == 0 {
					fmt.Fprintf(talk, "%d of %d, %d failures\n", k+1, o.n, bad.Load())
				}
			}
		})
	}
	wait.Wait()
	for _, err := range faults {
		if err != nil {
			return nil, 0, err
		}
	}
	return all, int(bad.Load()), ctx.Err()
}

// readOne makes a mutation in dir and has cellvi read it.
func readOne(ctx context.Context, o *options, c *corpus, i int, dir string) (*tried, error) {
	m := c.mutation(o.seed, i)
	path, err := m.write(dir)
	if err != nil {
		return nil, err
	}
	t := readAs(ctx, o, path, m.sample.args)
	out := &tried{i: i, sample: m.sample, kind: m.kind, rss: t.rss, seconds: t.seconds, stderr: t.stderr, print: t.answer.print()}
	out.outcome, out.why = t.classify(m.sample.print, o.limits)
	return out, nil
}

// write makes the mutated input in dir, alone there.
func (m *mutation) write(dir string) (string, error) {
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	return m.sample.write(dir, m.part, m.data)
}

// keep makes the file of a failure again in the folder for them, with the command that
// reads it.
func (t *tried) keep(o *options, c *corpus) error {
	dir := filepath.Join(o.keep, fmt.Sprintf("seed%d-%d", o.seed, t.i))
	path, err := c.mutation(o.seed, t.i).write(dir)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s\n# %s, %s: %s\n%s", strings.Join(commandOf(path, t.sample.args), " "), t.sample.name, t.kind, t.why, t.stderr)
	return os.WriteFile(filepath.Join(dir, "command.txt"), []byte(text), 0o666)
}
