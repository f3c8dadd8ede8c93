package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// stageRow is how one stage ran; of several entries of one name, all of them.
type stageRow struct {
	Name, Duration, Memory string
	Options                [][]fact // one set for each that differs
	Counts                 []fact
}

// stageRows are the stages, each name once. A stage that ran in parts has the sum of
// their seconds and the most of their memory.
func (d *Data) stageRows() (rows []stageRow) {
	var names []string
	for _, s := range d.Stages {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	for _, name := range names {
		seconds, memory, times := 0.0, int64(0), 0
		row := stageRow{Name: name}
		seen := map[string]bool{}
		for _, s := range d.Stages {
			if s.Name != name {
				continue
			}
			seconds, memory, times = seconds+s.Seconds, max(memory, s.PeakMemory), times+1
			if o := s.options(); len(o) > 0 && !seen[fmt.Sprint(o)] {
				seen[fmt.Sprint(o)] = true
				row.Options = append(row.Options, o)
			}
			if times == 1 {
				row.Counts = s.counts()
			}
		}
		row.Duration = duration(seconds)
		if times > 1 {
			row.Name, row.Counts = fmt.Sprintf("%s, %d times", name, times), nil
			row.Duration += " in all"
		}
		if memory > 0 {
			row.Memory = fileSize(memory)
		}
		rows = append(rows, row)
	}
	return rows
}

// options are a stage's, without what is not set and which part it did.
func (s *Stage) options() (all []fact) {
	if s.Seed != nil {
		all = append(all, fact{fmt.Sprint(*s.Seed), "seed"})
	}
	var args map[string]json.RawMessage
	if json.Unmarshal(s.Args, &args) != nil {
		return all // no options, or none that have names
	}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if text := string(args[name]); name != "seed" && name != "part" && text != "null" && text != `""` {
			all = append(all, fact{text, name})
		}
	}
	return all
}

func (s *Stage) counts() (all []fact) {
	for _, name := range slices.Sorted(maps.Keys(s.Counts)) {
		all = append(all, fact{thousands(s.Counts[name]), words(name)})
	}
	return all
}

// inputs are the files that came from outside: read by a stage, written by none.
// What another stage wrote in another folder is known by its bytes.
func inputs(stages []Stage) []File {
	written := map[string]bool{}
	for _, f := range outputs(stages) {
		written[f.Path], written[f.SHA256] = true, true
	}
	var in []File
	seen := map[File]bool{}
	for _, s := range stages {
		for _, f := range s.Inputs {
			if !written[f.Path] && !written[f.SHA256] && !seen[f] {
				in = append(in, f)
				seen[f] = true
			}
		}
	}
	return in
}

func outputs(stages []Stage) []File {
	var out []File
	for _, s := range stages {
		out = append(out, s.Outputs...)
	}
	return out
}

// inputFiles is how many inputs were joined into the cells.
func (d *Data) inputFiles() (n int) {
	for _, s := range d.Stages {
		if s.Name == "ingest" {
			n = max(n, len(s.Inputs))
		}
	}
	return n
}

// sample names the run among others: its title, or else its first input.
func (d *Data) sample() string {
	if d.Title != "" && d.Title != plainTitle {
		return d.Title
	}
	for _, f := range inputs(d.Stages) {
		return stem(f.Path)
	}
	return plainTitle
}

// plainTitle is the title where none was given.
const plainTitle = "cellvi"

// stem is a file's name without what says how it is stored; of a file in a folder of
// 10x or a store, the folder's.
func stem(path string) string {
	path = filepath.ToSlash(path)
	name := path[strings.LastIndex(path, "/")+1:]
	for {
		cut := ""
		for _, end := range []string{".gz", ".h5ad", ".h5", ".loom", ".parquet", ".arrow", ".feather", ".csv", ".tsv", ".txt", ".mtx"} {
			if strings.HasSuffix(name, end) && len(name) > len(end) {
				cut = end
			}
		}
		if cut == "" {
			break
		}
		name = strings.TrimSuffix(name, cut)
	}
	if folder := strings.TrimSuffix(path, path[strings.LastIndex(path, "/")+1:]); slices.Contains(partsOfFolders, name) && folder != "" {
		return stem(strings.TrimSuffix(folder, "/"))
	}
	return name
}

// partsOfFolders are names of files that say nothing of the sample.
var partsOfFolders = []string{"matrix", "barcodes", "features", "genes", "cells", "store", "filtered_feature_bc_matrix", "raw_feature_bc_matrix"}

// short is the start of a hash, enough to compare by eye.
func short(hash string) string { return hash[:min(12, len(hash))] }

// shortPath is the end of a path: a work folder of a workflow says nothing.
func shortPath(path string) string {
	path = filepath.ToSlash(path)
	parts := strings.Split(path, "/")
	if len(parts) <= 3 {
		return path
	}
	return "…/" + strings.Join(parts[len(parts)-2:], "/")
}
