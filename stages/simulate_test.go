package stages

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

func simulation(output string, cells int, library float64) *Simulate {
	o := DefaultSimulateOptions()
	o.Output, o.Cells, o.Genes, o.Library = output, cells, 60, library
	return &Simulate{Options: o}
}

func simulate(t *testing.T, ctx context.Context, s *Simulate, threads int) error {
	t.Helper()
	return s.Run(ctx, pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), threads, 0))
}

// The store's bytes do not depend on the threads, and its first cells not on how
// many follow.
func TestSimulateIsTheSameForAnyThreads(t *testing.T) {
	dir := t.TempDir()
	var files [3][]byte
	for i, threads := range []int{1, 2, 5} {
		out := filepath.Join(dir, string(rune('a'+i)))
		if err := simulate(t, context.Background(), simulation(out, 1500, 100), threads); err != nil {
			t.Fatal(err)
		}
		files[i] = append(readFile(t, filepath.Join(out, store.CellsFile)), readFile(t, filepath.Join(out, store.GenesFile))...)
	}
	if !bytes.Equal(files[0], files[1]) || !bytes.Equal(files[0], files[2]) {
		t.Error("another number of threads gave other bytes")
	}
	few := filepath.Join(dir, "few")
	if err := simulate(t, context.Background(), simulation(few, 1024, 100), 2); err != nil {
		t.Fatal(err)
	}
	a, b := firstCells(t, filepath.Join(dir, "a")), firstCells(t, few)
	if a.Cells() != 1024 || b.Cells() != 1024 {
		t.Fatalf("%d and %d cells in the first batch", a.Cells(), b.Cells())
	}
	for k := range b.Genes {
		if a.Genes[k] != b.Genes[k] || a.Counts[k] != b.Counts[k] {
			t.Fatalf("count %d of the first 1,024 cells differs where more cells follow", k)
		}
	}
}

func firstCells(t *testing.T, dir string) *store.Rows {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var rows store.Rows
	if err := s.Read(0, &rows); err != nil {
		t.Fatal(err)
	}
	return &rows
}

// A type that turns out too narrow costs another try, no count.
func TestSimulateWidens(t *testing.T) {
	dir := t.TempDir()
	s := simulation(filepath.Join(dir, "wide"), 600, 3000) // the largest count is above 255
	cfg := model.DefaultConfig()
	cfg.NInput, cfg.NBatch, cfg.NLabels = s.Options.Genes, s.Options.NBatches, s.Options.NLabels
	sim := model.NewSimulator(cfg, s.Options.NLabels, s.Options.Library, s.Options.Seed)
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 2, 0)
	if err := s.writeCounts(context.Background(), job, sim, dir, store.Uint8); !errors.Is(err, store.ErrTooWide) {
		t.Fatalf("counts as uint8: %v", err)
	}
	if err := simulate(t, context.Background(), s, 2); err != nil {
		t.Fatal(err)
	}
	largest := float32(0)
	for _, x := range firstCells(t, s.Options.Output).Counts {
		largest = max(largest, x)
	}
	if largest <= 255 {
		t.Errorf("the largest count is %g", largest)
	}
}

// What would not fit the memory is refused before it is begun: an .h5ad of many
// cells, whose annotations are held, but not a store of as many.
func TestSimulateRefusesWhatDoesNotFit(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // what is not refused ends at once
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 2, 1e9)
	dir := t.TempDir()
	err := simulation(filepath.Join(dir, "x.h5ad"), 100_000_000, 100).Run(ctx, job)
	if pipeline.ExitCode(err) != pipeline.ExitOverMemory || !strings.Contains(err.Error(), "cells store") {
		t.Errorf("an h5ad: %v", err)
	}
	if err := simulation(filepath.Join(dir, "x"), 100_000_000, 100).Run(ctx, job); !errors.Is(err, context.Canceled) {
		t.Errorf("a store: %v", err)
	}
}

// A simulation that is interrupted stops and leaves nothing.
func TestSimulateStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := filepath.Join(t.TempDir(), "x")
	if err := simulate(t, ctx, simulation(out, 1<<20, 100), 3); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), "*")); len(left) > 0 {
		t.Errorf("%v were left", left)
	}
}
