package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sample is a valid input, and how it is read.
type sample struct {
	name   string   // as the page says it
	format string   // h5ad, 10x HDF5, mtx folder, …
	base   string   // name of the file or folder, which tells its format
	parts  []part   // one, or those of a folder
	args   []string // flags of inspect
	print  string   // fingerprint
}

// part is one file's bytes.
type part struct {
	name string // within the folder; "" where the input is a file
	data []byte
}

// load reads a sample's bytes.
func load(path, name string, args []string) (*sample, error) {
	s := &sample{name: strings.Join(append([]string{name}, args...), " "), base: filepath.Base(path), args: args, format: formatOf(path)}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	files := []string{""}
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		files = nil
		for _, e := range entries {
			files = append(files, e.Name())
		}
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(path, f))
		if err != nil {
			return nil, err
		}
		if len(data) > mostBytes {
			return nil, fmt.Errorf("%s: is larger than %d MB", name, mostBytes>>20)
		}
		s.parts = append(s.parts, part{f, data})
	}
	if len(s.parts) == 0 {
		return nil, fmt.Errorf("%s: is an empty folder", name)
	}
	return s, nil
}

// write writes the sample into dir, with data in place of one part.
func (s *sample) write(dir string, changed int, data []byte) (path string, err error) {
	path = filepath.Join(dir, s.base)
	if s.parts[0].name != "" {
		if err := os.MkdirAll(path, 0o777); err != nil {
			return "", err
		}
	}
	for i, p := range s.parts {
		if i == changed {
			p.data = data
		}
		if err := os.WriteFile(filepath.Join(path, p.name), p.data, 0o666); err != nil {
			return "", err
		}
	}
	return path, nil
}

// formatOf names the format for the page.
func formatOf(path string) string {
	name := strings.TrimSuffix(path, ".gz")
	switch filepath.Ext(name) {
	case ".h5ad", ".loom", ".parquet", ".arrow", ".feather":
		return filepath.Ext(name)[1:]
	case ".h5":
		return "10x HDF5"
	case ".csv", ".tsv", ".txt":
		return "csv, tsv"
	case ".mtx":
		return "mtx"
	}
	for ending, format := range map[string]string{"*.parquet": "parquet", "cells.arrow": "store"} {
		if found, err := filepath.Glob(filepath.Join(path, ending)); err == nil && found != nil {
			return format
		}
	}
	return "mtx folder"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
