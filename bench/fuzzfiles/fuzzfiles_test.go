package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var usual = limits{wall: time.Minute, memory: 1_100_000_000}

// TestShortRun is a mutation run of the real command, as `make fuzz-files` does it, of
// a few files: a longer one is in bench/results.
func TestShortRun(t *testing.T) {
	t.Chdir(filepath.Join("..", "..")) // the repository's root
	dir := t.TempDir()
	o := &options{n: 60, workers: 2, seed: 5, bin: filepath.Join(dir, "cellvi"), fixtures: "none", keep: dir, out: filepath.Join(dir, "page.md"), limits: usual}
	if out, err := exec.Command("go", "build", "-o", o.bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var talk bytes.Buffer
	failures, err := run(context.Background(), o, &talk)
	if err != nil || failures > 0 {
		t.Errorf("%d failures, %v\n%s", failures, err, talk.String())
	}
	page, err := os.ReadFile(o.out)
	if err != nil || !strings.Contains(string(page), "**0 failures.**") || !strings.Contains(string(page), "| **all** | 60 |") {
		t.Errorf("%v\n%s", err, page)
	}
}

// TestSameMutations: a mutation depends on its number, the seed and the inputs alone,
// and differs from its input.
func TestSameMutations(t *testing.T) {
	c := smallCorpus(t)
	before := string(c.samples[0].parts[0].data)
	kinds := map[string]bool{}
	for i := range 400 {
		one, again := c.mutation(7, i), c.mutation(7, i)
		if one.sample != again.sample || one.kind != again.kind || !bytes.Equal(one.data, again.data) {
			t.Fatalf("mutation %d is not the same again", i)
		}
		if bytes.Equal(one.data, one.sample.parts[one.part].data) {
			t.Errorf("mutation %d (%s) changes nothing", i, one.kind)
		}
		kinds[one.kind] = true
	}
	if string(c.samples[0].parts[0].data) != before {
		t.Error("the input itself was changed")
	}
	for _, k := range append(append(anyKinds, hdf5Kinds...), textKinds...) {
		if !kinds[k.name] {
			t.Errorf("no mutation was %q", k.name)
		}
	}
}

// smallCorpus is an HDF5 file and tables of text.
func smallCorpus(t *testing.T) *corpus {
	t.Helper()
	texts, err := writeTexts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &corpus{}
	for _, path := range append(texts, filepath.Join("..", "..", "testdata", "h5ad", "gzip.h5ad")) {
		s, err := load(path, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.samples = append(c.samples, s)
	}
	return c
}

// TestMetadata: what describes the data is found in files of both object headers.
func TestMetadata(t *testing.T) {
	for file, signature := range map[string]string{"legacy.h5ad": "SNOD", "latest.h5ad": "OHDR"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "h5ad", file))
		if err != nil {
			t.Fatal(err)
		}
		spots, found, headers := metadataOf(data), 0, 0
		for _, s := range spots {
			if s.from >= s.to || s.to > len(data) {
				t.Fatalf("%s: span %v of %d bytes", file, s, len(data))
			}
			if bytes.HasPrefix(data[s.from:], []byte(signature)) {
				found++
			}
			if data[s.from] == 1 && data[s.from+1] == 0 {
				headers++ // of version 1
			}
		}
		if found < 3 || (headers > 3) != (signature == "SNOD") {
			t.Errorf("%s: %d of %s, %d old object headers", file, found, signature, headers)
		}
	}
	for _, damaged := range []string{"", "text", "\x89HDF", "\x89HDF SNOD", "\x89HDF SNOD\x01\x00\xff\xff"} {
		metadataOf([]byte(damaged)) // a mutant is never mutated again, but other files may be odd
	}
}

func TestClassify(t *testing.T) {
	print, other := "aa", "bb"
	line := "cellvi: x.h5ad: /X: is missing: write it again\n"
	for name, c := range map[string]struct {
		trial trial
		want  outcome
		why   string
	}{
		"right":           {trial{answer: answer{Fingerprint: &print}}, right, ""},
		"another answer":  {trial{answer: answer{Fingerprint: &other}}, another, ""},
		"refused":         {trial{code: 65, stderr: line}, refused, ""},
		"unreadable":      {trial{code: 66, stderr: line}, unreadable, ""},
		"over memory":     {trial{code: 137, stderr: line}, overMemory, ""},
		"usage":           {trial{code: 64, stderr: line}, failed, "exit code 64"},
		"a bug":           {trial{code: 70, stderr: "cellvi: this is a bug in cellvi: index out of range\n"}, failed, "a panic"},
		"a panic":         {trial{code: 2, stderr: "panic: index out of range\n\ngoroutine 1"}, failed, "a panic"},
		"a signal":        {trial{code: -1, signal: syscall.SIGSEGV}, failed, "segmentation fault"},
		"late":            {trial{code: -1, signal: syscall.SIGKILL, late: true}, failed, "no answer after 1m0s"},
		"two lines":       {trial{code: 65, stderr: line + line}, failed, "2 lines"},
		"not a line":      {trial{code: 65, stderr: "HDF5-DIAG: error\n"}, failed, "1 lines"},
		"no answer":       {trial{noise: true}, failed, "without a fingerprint"},
		"silent":          {trial{code: 65}, failed, "0 lines"},
		"much memory":     {trial{answer: answer{Fingerprint: &print}, rss: 2_000_000_000}, failed, "2000 MB"},
		"refused, yet 0?": {trial{answer: answer{Fingerprint: &print, Refuse: &line}}, failed, "without a fingerprint"},
	} {
		got, why := c.trial.classify(print, usual)
		if got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %s (%s), want %s (%s)", name, got, why, c.want, c.why)
		}
	}
}

// TestWatch: a program that does not end is ended with its children, and the memory of
// both is seen.
func TestWatch(t *testing.T) {
	script := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nsleep 100 & sleep 100; echo\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	o := &options{bin: script, limits: limits{wall: 300 * time.Millisecond, memory: 1 << 40}}
	began := time.Now()
	got := readAs(context.Background(), o, "file", nil)
	if !got.late || got.signal != syscall.SIGKILL || got.rss < 1<<20 || time.Since(began) > 10*time.Second {
		t.Errorf("%+v after %v", got, time.Since(began))
	}
}
