package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// mostBytes is the size above which a file is left out: thousands of copies of it
// are written and read.
const mostBytes = 2 << 20

// mostMatrices is how many matrices of one file are read in turn.
const mostMatrices = 6

// corpus is what is mutated.
type corpus struct {
	samples []*sample
	left    []string // sentences: what was left out, and why
}

// gather finds the inputs and has cellvi read each as it is.
func gather(ctx context.Context, o *options, scratch string) (*corpus, error) {
	c := &corpus{}
	made, err := simulate(ctx, o.bin, scratch)
	if err != nil {
		return nil, err
	}
	for _, m := range made {
		c.tryAll(ctx, o, "made/"+filepath.Base(m), m)
	}
	ours, err := filepath.Glob("testdata/h5ad/*.h5ad")
	if err != nil {
		return nil, err
	}
	for _, f := range ours {
		c.tryAll(ctx, o, f, f)
	}
	if err := c.addFixtures(ctx, o); err != nil {
		return nil, err
	}
	if o.python != "" {
		family := filepath.Join(scratch, "family")
		if out, err := exec.CommandContext(ctx, o.python, "testdata/formats.py", family, "--seed", "1", "--annotations").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("testdata/formats.py: %w: %s", err, out)
		}
		if err := c.tryFolder(ctx, o, "formats.py/", family); err != nil {
			return nil, err
		}
	} else {
		c.left = append(c.left, "what testdata/formats.py makes, Parquet among them: no Python was named")
	}
	if o.extra != "" {
		if err := c.tryFolder(ctx, o, "", o.extra); err != nil {
			return nil, err
		}
	}
	if len(c.samples) == 0 {
		return nil, errors.New("no valid file was found: run it in the repository's root")
	}
	return c, nil
}

// simulate makes small files with cellvi itself: the same bytes at each run.
func simulate(ctx context.Context, bin, scratch string) ([]string, error) {
	var made []string
	for _, args := range [][]string{
		{"plain.h5ad", "--cells", "150", "--genes", "60"},
		{"gzip.h5ad", "--cells", "150", "--genes", "60", "--gzip", "4"},
		{"store", "--cells", "1100", "--genes", "30"},
	} {
		path := filepath.Join(scratch, args[0])
		out, err := exec.CommandContext(ctx, bin, append([]string{"simulate", "--seed", "3", "--output", path}, args[1:]...)...).CombinedOutput()
		if err != nil && strings.HasSuffix(path, ".h5ad") && strings.Contains(string(out), "HDF5") {
			continue // a build without it
		}
		if err != nil {
			return nil, fmt.Errorf("cellvi simulate: %w: %s", err, out)
		}
		made = append(made, path)
	}
	tables, err := writeTexts(scratch)
	return append(made, tables...), err
}

// addFixtures takes the files of expected.json, each with the flags of its variants.
func (c *corpus) addFixtures(ctx context.Context, o *options) error {
	text, err := os.ReadFile(filepath.Join(o.fixtures, "expected.json"))
	if errors.Is(err, os.ErrNotExist) {
		c.left = append(c.left, "the files of others: there is no "+o.fixtures)
		return nil
	}
	if err != nil {
		return err
	}
	var expected map[string]map[string]struct{ Fingerprint string }
	if err := json.Unmarshal(text, &expected); err != nil {
		return err
	}
	for _, file := range sortedKeys(expected) {
		for _, variant := range sortedKeys(expected[file]) {
			if expected[file][variant].Fingerprint == "" {
				continue // refused as it is
			}
			s, err := load(filepath.Join(o.fixtures, file), "fixtures/"+file, variantArgs(file, variant))
			c.try(ctx, o, s, err, expected[file][variant].Fingerprint)
		}
	}
	return nil
}

// variantArgs are inspect's flags for a variant of expected.json.
func variantArgs(file, variant string) []string {
	switch layer, isLayer := strings.CutPrefix(variant, "layers/"); {
	case isLayer:
		return []string{"--layer", layer}
	case variant == "raw/X":
		return []string{"--layer", variant}
	case strings.HasSuffix(file, ".h5") && variant != "matrix":
		return []string{"--genome", variant}
	}
	return nil
}

// tryFolder adds every file and folder of a folder.
func (c *corpus) tryFolder(ctx context.Context, o *options, prefix, dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		c.tryAll(ctx, o, prefix+e.Name(), filepath.Join(dir, e.Name()))
	}
	return err
}

// tryAll adds every matrix of a file that can be read.
func (c *corpus) tryAll(ctx context.Context, o *options, name, path string) {
	s, err := load(path, name, nil)
	if err != nil {
		c.try(ctx, o, s, err, "")
		return
	}
	t := readAs(ctx, o, path, nil)
	if len(t.answer.Matrices) == 0 {
		c.try(ctx, o, s, nil, "")
		return
	}
	for i, m := range t.answer.Matrices {
		if m.Problem == "" && i < mostMatrices {
			one, err := load(path, name, variantArgs(path, m.Name))
			c.try(ctx, o, one, err, "")
		}
	}
}

// try adds a sample that cellvi reads, with the fingerprint that is wanted if any.
func (c *corpus) try(ctx context.Context, o *options, s *sample, err error, want string) {
	if err != nil {
		c.left = append(c.left, err.Error())
		return
	}
	t := s.read(ctx, o)
	switch {
	case t.code != 0:
		c.left = append(c.left, fmt.Sprintf("%s: exit code %d as it is: %s", s.name, t.code, firstLine(t.stderr)))
	case want != "" && t.answer.print() != want:
		c.left = append(c.left, fmt.Sprintf("%s: cellvi reads another fingerprint than expected.json has", s.name))
	default:
		s.print = t.answer.print()
		c.samples = append(c.samples, s)
	}
}

// read has cellvi read the sample as it is.
func (s *sample) read(ctx context.Context, o *options) *trial {
	dir, err := os.MkdirTemp("", "cellvi-fuzz")
	if err != nil {
		return &trial{code: -1, stderr: err.Error()}
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left is in the system's own folder
	path, err := s.write(dir, 0, s.parts[0].data)
	if err != nil {
		return &trial{code: -1, stderr: err.Error()}
	}
	return readAs(ctx, o, path, s.args)
}
