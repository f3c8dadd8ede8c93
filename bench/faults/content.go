package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// content is what a folder holds: SHA-256 by path in the folder; "" of a folder or link.
type content map[string]string

// timed are the outputs that hold times: their bytes differ from run to run.
var timed = []string{"report.html", "run.json"}

// contentOf reads a folder; nothing where there is none.
func contentOf(dir string) (content, error) {
	c := content{}
	if linked, err := filepath.EvalSymlinks(dir); err == nil {
		dir = linked
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || !e.Type().IsRegular() {
			c[rel] = ""
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		c[rel] = hex.EncodeToString(sum[:])
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	return c, err
}

// unit is the output that a path belongs to: a file or a folder that appears at once.
func unit(path string) string {
	top, _, _ := strings.Cut(path, "/")
	return top
}

// units are the outputs of a folder, each with its files.
func (c content) units() map[string]content {
	all := map[string]content{}
	for path, sum := range c {
		u := unit(path)
		if all[u] == nil {
			all[u] = content{}
		}
		all[u][path] = sum
	}
	return all
}

// differ says how got is not what was wanted; "" where it is. Of files with times only
// that they are there is compared.
func (c content) differ(got content) string {
	var faults []string
	for _, path := range sortedKeys(c) {
		sum, there := got[path]
		switch {
		case !there:
			faults = append(faults, path+" is missing")
		case sum != c[path] && !slices.Contains(timed, path):
			faults = append(faults, path+" has other bytes")
		}
	}
	for _, path := range sortedKeys(got) {
		if _, wanted := c[path]; !wanted {
			faults = append(faults, path+" is left over")
		}
	}
	return strings.Join(faults, ", ")
}

// part is the content under these names.
func (c content) part(names ...string) content {
	out := content{}
	for path, sum := range c {
		if slices.Contains(names, unit(path)) {
			out[path] = sum
		}
	}
	return out
}

// warned is the output that counts the run's warnings: passing over a checkpoint is one.
const warned = "cellvi_table_mqc.json"

// without is the content but for one file.
func (c content) without(name string) content {
	out := maps.Clone(c)
	delete(out, name)
	return out
}

// isHidden tells what is no output: locks and what is being made.
func isHidden(path string) bool { return strings.HasPrefix(path, ".") }

// standing checks a folder in which a run was broken off: each output is absent, or whole
// as one of the runs wrote it; what the first of them, which was there before, wrote is not absent.
func standing(dir string, before content, runs ...content) error {
	c, err := contentOf(dir)
	if err != nil {
		return err
	}
	all := c.units()
	for u := range before.units() {
		if all[u] == nil {
			return fmt.Errorf("%s of the earlier run is gone", u)
		}
	}
	for _, u := range sortedKeys(all) {
		if isHidden(u) {
			continue
		}
		if err := whole(dir, u, all[u], append(runs, before)); err != nil {
			return err
		}
	}
	return nil
}

// whole tells whether output u is as one of the runs wrote it, or where that cannot be
// known, whether its end is there.
func whole(dir, u string, files content, runs []content) error {
	switch u {
	case "run.json":
		text, err := os.ReadFile(filepath.Join(dir, u))
		if err == nil && !json.Valid(text) {
			err = errors.New("run.json is partial")
		}
		return err
	case "report.html":
		text, err := os.ReadFile(filepath.Join(dir, u))
		if err == nil && !strings.HasSuffix(strings.TrimSpace(string(text)), "</html>") {
			err = errors.New("report.html is partial")
		}
		return err
	case "checkpoint.safetensors":
		return wholeTensors(filepath.Join(dir, u))
	}
	for _, run := range runs {
		if maps.Equal(files, run.part(u)) {
			return nil
		}
	}
	return fmt.Errorf("%s is neither what the earlier run wrote nor what this one writes", u)
}

// wholeTensors tells whether a safetensors file has all bytes that its header promises.
func wholeTensors(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	partial := fmt.Errorf("%s is partial", filepath.Base(path))
	if len(data) < 8 {
		return partial
	}
	n := binary.LittleEndian.Uint64(data)
	if n > uint64(len(data)-8) {
		return partial
	}
	var header map[string]struct {
		Offsets []uint64 `json:"data_offsets"`
	}
	if json.Unmarshal(data[8:8+n], &header) != nil {
		return partial
	}
	end := uint64(0)
	for _, t := range header {
		if len(t.Offsets) == 2 {
			end = max(end, t.Offsets[1])
		}
	}
	if end == 0 || 8+n+end != uint64(len(data)) {
		return partial
	}
	return nil
}

// leftovers are the hidden names in a folder that no run is at work in.
func leftovers(dir string) error {
	c, err := contentOf(dir)
	if err != nil {
		return err
	}
	for _, path := range sortedKeys(c) {
		if isHidden(path) {
			return fmt.Errorf("%s is left", path)
		}
	}
	return nil
}

// copyTree copies a folder of files and folders.
func copyTree(from, to string) error { return os.CopyFS(to, os.DirFS(from)) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
