package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// tried is a case and what came of it.
type tried struct {
	kind, name, outcome string
	err                 error // the loss
	said                string
}

// results are those of all cases.
type results struct {
	options *options
	lab     *lab
	began   time.Time
	took    map[string]time.Duration // by kind
	tried   []tried
}

// lost is the number of losses.
func (r *results) lost() (n int) {
	for _, t := range r.tried {
		if t.err != nil {
			n++
		}
	}
	return n
}

// tryAll tries all kinds that are wanted, one after the other.
func (r *results) tryAll(ctx context.Context, talk io.Writer) error {
	r.began, r.took = time.Now(), map[string]time.Duration{}
	for _, k := range kinds() {
		if len(r.options.kinds) > 0 && !slices.Contains(r.options.kinds, k.name) {
			continue
		}
		began := time.Now()
		tries, err := r.tryKind(ctx, k, talk)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		r.tried = append(r.tried, tries...)
		r.took[k.name] = time.Since(began)
		fmt.Fprintf(talk, "%-12s %s (%.0f s)\n", k.name, summary(tries), r.took[k.name].Seconds())
	}
	return nil
}

// tryKind tries the cases of a kind, some at a time.
func (r *results) tryKind(ctx context.Context, k kind, talk io.Writer) ([]tried, error) {
	n := k.points
	if n > 0 {
		n = max(2, int(float64(n)*r.options.scale))
	}
	cases, err := k.cases(ctx, r.lab, n, stream(r.options.seed, k.name))
	if err != nil {
		return nil, err
	}
	cases = slices.DeleteFunc(cases, func(t trial) bool { return !strings.Contains(t.name, r.options.only) })
	all := make([]tried, len(cases))
	faults := make([]error, r.options.workers)
	var next atomic.Int64
	var wait sync.WaitGroup
	for w := range r.options.workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(cases) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				all[i], faults[w] = r.tryOne(ctx, k, i, cases[i])
				if faults[w] != nil {
					return
				}
				if t := all[i]; t.err != nil {
					fmt.Fprintf(talk, "LOST: %s: %s: %s\n", t.kind, t.name, oneLineOf(t.err))
				}
			}
		})
	}
	wait.Wait()
	return all, errors.Join(append(faults, ctx.Err())...)
}

// stream is a kind's own randomness, so that kinds can be chosen without changing others.
func stream(seed uint64, kind string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(kind)) // a hash takes every write
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// tryOne tries a case in a place of its own. What a loss leaves is kept.
func (r *results) tryOne(ctx context.Context, k kind, i int, c trial) (tried, error) {
	p, err := newPlace(r.lab, fmt.Sprintf("%s-%d", k.name, i))
	if err != nil {
		return tried{}, err
	}
	t := tried{kind: k.name, name: c.name}
	t.outcome, t.err = c.try(ctx, p)
	p.undo()
	t.said = p.said.String()
	if ctx.Err() == nil && t.err != nil {
		t.outcome = "LOST"
		if err := r.keep(p, t, i); err != nil {
			return t, err
		}
	}
	return t, p.remove()
}

// keep copies what a loss left, and says what it was.
func (r *results) keep(p *place, t tried, i int) error {
	dir := filepath.Join(r.options.keep, fmt.Sprintf("%s-%d", t.kind, i))
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	_ = copyTree(p.dir, filepath.Join(dir, "place")) // as far as it can be: links and odd things stay out
	text := fmt.Sprintf("%s: %s\n%v\n\n%s", t.kind, t.name, t.err, t.said)
	return os.WriteFile(filepath.Join(dir, "what.txt"), []byte(text), 0o666)
}

// oneLineOf is an error in a line.
func oneLineOf(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// summary counts outcomes.
func summary(all []tried) string {
	counts := map[string]int{}
	points := 0
	for _, t := range all {
		counts[t.outcome]++
		if !strings.HasPrefix(t.outcome, "-") {
			points++
		}
	}
	var parts []string
	for _, o := range sortedKeys(counts) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[o], strings.TrimPrefix(o, "- ")))
	}
	return fmt.Sprintf("%d points: %s", points, strings.Join(parts, "; "))
}
