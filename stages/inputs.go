package stages

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// openCounts opens a table of counts by what its name says it is. notes are what
// the reader leaves out.
func openCounts(ctx context.Context, path, layer string, may means) (reader counts.Reader, notes []string, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, nil, err
	case info.IsDir() && !holdsStore(path):
		return nil, nil, &counts.InputError{File: path, Found: "a folder, but not a cells store", Advice: "give an .h5ad, or the store's folder"}
	case info.IsDir() || strings.HasSuffix(path, ".arrow"):
		reader, err = openStore(path, layer)
		return reader, nil, err
	case strings.HasSuffix(path, ".h5ad"):
		r, err := openH5AD(ctx, path, layer, may)
		if err != nil {
			return nil, nil, err
		}
		return r, r.Notes(), nil
	}
	return nil, nil, &counts.InputError{File: path, Found: "cannot tell the format from its name",
		Advice: "give an .h5ad, or a cells store (its folder or cells.arrow)"}
}

// holdsStore tells a store's folder from any other; one that cannot be looked
// into is left to the store's own error.
func holdsStore(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, store.CellsFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// storeReader is a store's reader that closes the store.
type storeReader struct {
	counts.Reader
	store *store.Store
}

// Close closes reader and store.
func (r storeReader) Close() error { return errors.Join(r.Reader.Close(), r.store.Close()) }

// CellNames lists all cells (counts.CellNamer).
func (r storeReader) CellNames(ctx context.Context) ([]string, error) {
	return counts.NamesOf(ctx, r.Reader)
}

func openStore(path, layer string) (counts.Reader, error) {
	if layer != "X" {
		return nil, pipeline.Usage("%s: a cells store has one matrix: leave out --layer %s", path, layer)
	}
	s, err := store.Open(path)
	if err != nil {
		return nil, err
	}
	return storeReader{s.Reader(), s}, nil
}

// countsInput is one input of ingest: its values are checked to be counts as
// they pass, and the error for all of them comes in the place of io.EOF.
type countsInput struct {
	counts.Reader
	path, layer string
	fractions   bool // are let through
	check       counts.Check
}

// Next passes the next table on.
func (r *countsInput) Next(ctx context.Context) (*counts.Table, error) {
	table, err := r.Reader.Next(ctx)
	if errors.Is(err, io.EOF) {
		if bad := r.check.Err(r.path, r.place(), r.fractions); bad != nil {
			return nil, bad
		}
	}
	if err == nil {
		r.check.Add(table, r.Genes())
	}
	return table, err
}

// CellNames is the inner reader's (counts.CellNamer).
func (r *countsInput) CellNames(ctx context.Context) ([]string, error) {
	return counts.NamesOf(ctx, r.Reader)
}

// place is the matrix as messages show it.
func (r *countsInput) place() string {
	switch {
	case !strings.HasSuffix(r.path, ".h5ad"):
		return ""
	case r.layer == "X" || r.layer == "raw/X" || strings.HasPrefix(r.layer, "layers/"):
		return "/" + r.layer
	}
	return "/layers/" + r.layer
}

// labels name the inputs in messages, in cell prefixes and in the annotation
// `input`: the files' names without folder and ending, made unique.
func labels(paths []string) []string {
	names := make([]string, len(paths))
	for i, p := range paths {
		p = filepath.Clean(p)
		for _, usual := range []string{store.CellsFile, "store"} { // every store is called so
			if filepath.Base(p) == usual {
				p = filepath.Dir(p)
			}
		}
		names[i] = strings.TrimSuffix(filepath.Base(p), ".h5ad")
	}
	counts.MakeUnique(names)
	return names
}

// isAre is the verb for n things.
func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// size is cells and genes in words.
func size(cells, genes int64) string {
	return plural(cells, "cell", "cells") + " and " + plural(genes, "gene", "genes")
}

// plural is a number with its noun: 1 cell, 1,200 cells.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return counts.Thousands(n) + " " + many
}
