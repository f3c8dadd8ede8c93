package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scattered is a workflow's work folder: every process has a folder of its own, and
// reads those of others, in which nothing can be written.
type scattered struct {
	t     *testing.T
	root  string
	state map[string]string // of every finished folder, as it was left
}

func (s *scattered) at(name ...string) string {
	return filepath.Join(append([]string{s.root}, name...)...)
}

// process runs a command with a new outdir, which is closed when it is done.
func (s *scattered) process(name string, args ...string) {
	s.t.Helper()
	cellvi(s.t, 0, append(args, "--outdir", s.at(name))...)
	s.state[name] = listing(s.t, s.at(name))
	s.chmod(name, 0o555, 0o444)
}

func (s *scattered) chmod(name string, dirs, files fs.FileMode) {
	_ = filepath.WalkDir(s.at(name), func(path string, d fs.DirEntry, err error) error {
		mode := files
		if err == nil && d.IsDir() {
			mode = dirs
		}
		return os.Chmod(path, mode)
	})
}

// unchanged fails where a folder is not as its process left it: root may write anywhere.
func (s *scattered) unchanged() {
	for name, was := range s.state {
		if is := listing(s.t, s.at(name)); is != was {
			s.t.Errorf("%s was written to by a process that reads it:\n%s\nwas\n%s", name, is, was)
		}
		s.chmod(name, 0o777, 0o666)
	}
}

// listing is every file under dir with its size and time.
func listing(t *testing.T, dir string) string {
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		fmt.Fprintln(&text, path, info.Size(), info.ModTime())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// samples draws files of counts.
func (s *scattered) samples(names ...string) (files []string) {
	for i, name := range names {
		path := s.at(name + filepath.Ext(simulatedName))
		cellvi(s.t, 0, "simulate", "--output", path, "--cells", fmt.Sprint(300-60*i), "--genes", "150", "--seed", fmt.Sprint(i), "--n-batches", "2")
		files = append(files, path)
	}
	return files
}

// TestScatterAndGather: a workflow whose every process has an outdir of its own, that
// ingests samples side by side and embeds and reconstructs in parts, gives the bytes
// of one `cellvi run`.
func TestScatterAndGather(t *testing.T) {
	s := &scattered{t: t, root: t.TempDir(), state: map[string]string{}}
	defer s.unchanged()
	names := []string{"liver", "lung", "heart"}
	files := s.samples(names...)
	choices := []string{"--batch-key", "batch", "--labels-key", "label", "--n-top-genes", "100", "--min-counts", "900", "--seed", "5"}
	fit := []string{"--max-epochs", "3", "--gene-likelihood", "zinb", "--seed", "5"}
	run, join := []string{"run", "--latent-var"}, []string{"ingest"}
	for i, file := range files {
		run, join = append(run, "--input", file), append(join, "--input", s.at(names[i], "store"))
		s.process(names[i], "ingest", "--input", file)
	}
	s.process("whole", append(append(run, choices...), fit...)...)

	s.process("cells", join...)
	s.process("chosen", append([]string{"prepare", "--store", s.at("cells", "store")}, choices...)...)
	data := []string{"--store", s.at("cells", "store"), "--prepared", s.at("chosen", "prepared")}
	s.process("fitted", append(append([]string{"train"}, data...), fit...)...)
	data = append(data, "--model", s.at("fitted", "model"))
	var parts []string
	for i := 5; i > 0; i-- {
		part := append([]string{"--part", fmt.Sprintf("%d/5", i)}, data...)
		embedded, decoded := fmt.Sprint("embed", i), fmt.Sprint("reconstruct", i)
		s.process(embedded, append([]string{"embed", "--latent-var"}, part...)...)
		s.process(decoded, append([]string{"reconstruct"}, part...)...)
		parts = append(parts, s.at(decoded), s.at(embedded))
	}
	s.process("joined", append([]string{"gather"}, parts...)...)
	for where, files := range map[string][]string{
		"cells":  {"store/cells.arrow", "store/genes.arrow"},
		"chosen": {"prepared/cells.parquet", "prepared/genes.parquet"},
		"fitted": {"model/model.json", "model/model.safetensors", "genes.parquet", "history.parquet"},
		"joined": {"latent.parquet", "reconstruction/px_rate.parquet", "reconstruction/px_r.parquet", "reconstruction/px_dropout.parquet"},
	} {
		for _, file := range files {
			sameFile(t, s.at(where, file), s.at("whole", file))
		}
	}
	s.reports(names, data)
}

// reports draws the report of what other processes wrote, and looks whether it tells of
// all of them.
func (s *scattered) reports(names, data []string) {
	s.t.Helper()
	args := append([]string{"report", "--history", s.at("fitted", "history.parquet"), "--latent", s.at("joined", "latent.parquet")}, data[2:]...)
	s.process("bare", args...)
	for _, name := range append(names, "cells", "chosen", "fitted", "embed2", "embed1", "joined") {
		args = append(args, "--run-json", s.at(name, "run.json"))
	}
	s.process("told", args...)
	page, err := os.ReadFile(s.at("told", "report.html"))
	if err != nil {
		s.t.Fatal(err)
	}
	var run struct {
		Stages []struct{ Warnings []string }
	}
	text, err := os.ReadFile(s.at("chosen", "run.json"))
	if err == nil {
		err = json.Unmarshal(text, &run)
	}
	if err != nil || len(run.Stages) != 1 || len(run.Stages[0].Warnings) == 0 {
		s.t.Fatalf("prepare recorded no warning (%v): %s", err, text)
	}
	for _, warning := range run.Stages[0].Warnings {
		if words := strings.Fields(warning); !strings.Contains(string(page), strings.Join(words[:2], " ")) {
			s.t.Errorf("the report does not tell %q", warning)
		}
	}
}

func sameFile(t *testing.T, got, want string) {
	t.Helper()
	a, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("%s is not as %s", got, want)
	}
}
