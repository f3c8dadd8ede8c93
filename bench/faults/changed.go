package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// writeTable writes an input as text, of which one count can be changed.
func (l *lab) writeTable() error {
	r := rand.New(rand.NewPCG(4, 4))
	var counts, obs strings.Builder
	counts.WriteString("cell")
	for g := range 40 {
		fmt.Fprintf(&counts, ",gene%d", g)
	}
	obs.WriteString("cell,batch,label\n")
	for c := range 300 {
		fmt.Fprintf(&counts, "\ncell%d", c)
		fmt.Fprintf(&obs, "cell%d,batch%d,type%d\n", c, c%2, c%3)
		for range 40 {
			fmt.Fprintf(&counts, ",%d", max(0, r.IntN(12)-4+c%3))
		}
	}
	counts.WriteByte('\n')
	l.table, l.obs = filepath.Join(l.scratch, "table.csv"), filepath.Join(l.scratch, "obs.csv")
	return errors.Join(os.WriteFile(l.table, []byte(counts.String()), 0o666), os.WriteFile(l.obs, []byte(obs.String()), 0o666))
}

// changedCases go on after something else than cellvi was changed.
func changedCases(context.Context, *lab, int, *rand.Rand) ([]trial, error) {
	return []trial{
		{"a count of the input", changedCount},
		{"a batch of the input", changedBatch},
		{"--seed, of which the split comes", changedSeed},
		{"--lr", changedOption("--lr", "0.01")},
		{"--n-latent", changedOption("--n-latent", "5")},
	}, nil
}

// readTable makes the place's input the table, which changed can change.
func (p *place) readTable(changed func(table, obs string) (string, string)) error {
	table, err1 := os.ReadFile(p.table)
	obs, err2 := os.ReadFile(p.obs)
	t, o := string(table), string(obs)
	if changed != nil {
		t, o = changed(t, o)
	}
	copied := *p.lab
	copied.input = filepath.Join(p.dir, "table.csv")
	p.lab = &copied
	return errors.Join(err1, err2, os.WriteFile(copied.input, []byte(t), 0o666), os.WriteFile(p.obsHere(), []byte(o), 0o666))
}

func (p *place) obsHere() string { return filepath.Join(p.dir, "obs.csv") }

func changedCount(ctx context.Context, p *place) (string, error) {
	return changedInput(ctx, p, func(table, obs string) (string, string) {
		at := strings.LastIndex(table, ",")
		return table[:at] + ",7" + table[at+2:], obs
	})
}

func changedBatch(ctx context.Context, p *place) (string, error) {
	return changedInput(ctx, p, func(table, obs string) (string, string) {
		return table, strings.Replace(obs, "cell3,batch1", "cell3,batch0", 1)
	})
}

// changedInput kills a run in training, changes its input, and runs again: refused, until
// told to begin again.
func changedInput(ctx context.Context, p *place, change func(table, obs string) (string, string)) (string, error) {
	if err := p.readTable(change); err != nil {
		return "", err
	}
	more := []string{"--obs", p.obsHere()}
	if e, err := p.run(ctx, call{argv: p.command(more...)}); err != nil || e.code != 0 {
		return "", fmt.Errorf("the changed input: %s (%w)", e.how(), err)
	}
	want, err := contentOf(p.out)
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.RemoveAll(p.out), p.readTable(nil)); err != nil {
		return "", err
	}
	if err := p.trainTo(ctx, 5, more...); err != nil {
		return "", err
	}
	if err := p.readTable(change); err != nil {
		return "", err
	}
	return p.refusesCheckpoint(ctx, want, more...)
}

// changedSeed is another option that changes the cells which are trained on.
func changedSeed(ctx context.Context, p *place) (string, error) {
	if err := p.trainTo(ctx, 5); err != nil {
		return "", err
	}
	return p.refusesCheckpoint(ctx, p.old, "--seed", seedOfOld)
}

// refusesCheckpoint runs where a checkpoint of other cells is, and then with --force.
func (p *place) refusesCheckpoint(ctx context.Context, want content, more ...string) (string, error) {
	e, err := p.run(ctx, call{argv: p.command(more...)})
	if err != nil {
		return "", err
	}
	if err := errors.Join(e.refused(65), e.says(checkpointFile, "--force")); err != nil {
		return "", err
	}
	_, err = p.wholeRun(ctx, want, append(more, "--force")...)
	return "refused, 65; with --force right from the start", err
}

// changedOption kills a run in training and runs again with another option.
func changedOption(option ...string) func(ctx context.Context, p *place) (string, error) {
	return func(ctx context.Context, p *place) (string, error) {
		if e, err := p.run(ctx, call{argv: p.command(option...)}); err != nil || e.code != 0 {
			return "", fmt.Errorf("with %v: %s (%w)", option, e.how(), err)
		}
		want, err := contentOf(p.out)
		if err != nil {
			return "", err
		}
		if err := os.RemoveAll(p.out); err != nil {
			return "", err
		}
		if err := p.trainTo(ctx, 5); err != nil {
			return "", err
		}
		e, err := p.wholeRun(ctx, want.without(warned), append(option, "--log-level", "warn")...)
		if err != nil {
			return "", err
		}
		return "a warning, right from the start", e.says(checkpointFile, "from the beginning")
	}
}
