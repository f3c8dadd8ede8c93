package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// RecordFile is the name of a run's record in its folder.
const RecordFile = "run.json"

// Run is what run.json holds: what ran in a folder, a stage each.
type Run struct {
	Stages []*StageRun `json:"stages"` // in the order they first ran
}

// StageRun is one stage's entry in run.json.
type StageRun struct {
	Name       string           `json:"name"`
	Version    string           `json:"version"` // cellvi's
	Command    []string         `json:"command"` // the arguments of the command that ran it
	Args       json.RawMessage  `json:"args"`    // Plan's: what decides the result besides the inputs
	Seed       *uint64          `json:"seed,omitempty"`
	Inputs     []Artifact       `json:"inputs"`
	Outputs    []Artifact       `json:"outputs"`
	Counts     map[string]int64 `json:"counts"`
	Warnings   []string         `json:"warnings"`
	Started    time.Time        `json:"started"`
	Seconds    float64          `json:"seconds"`
	PeakMemory int64            `json:"peak_memory"` // bytes resident at most; 0 where the system does not tell
}

// Artifact is one file that a stage read or wrote.
type Artifact struct {
	Path   string `json:"path"` // relative to the run's folder where it lies in it
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// ReadRun reads the record of the run in outdir; an empty Run where there is
// none yet.
func ReadRun(outdir string) (*Run, error) {
	run, err := ReadRunFile(filepath.Join(outdir, RecordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return &Run{}, nil
	}
	return run, err
}

// ReadRunFile reads a record, whatever the file is called.
func ReadRunFile(path string) (*Run, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, unix.EISDIR) {
		return nil, BadInput("%s: is a folder, not a record that cellvi wrote: move it away", path)
	}
	if err != nil {
		return nil, err
	}
	run := &Run{}
	if err := json.Unmarshal(text, run); err != nil || !run.isWhole() {
		return nil, BadInput("%s: is not a record that cellvi wrote: remove it to do every stage again", path)
	}
	return run, nil
}

// isWhole tells whether the record has what cellvi always writes.
func (r *Run) isWhole() bool {
	return r.Stages != nil && !slices.ContainsFunc(r.Stages, func(s *StageRun) bool { return s == nil || s.Name == "" })
}

// Stage finds a stage's entry; nil where there is none.
func (r *Run) Stage(name string) *StageRun {
	i := slices.IndexFunc(r.Stages, func(s *StageRun) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return r.Stages[i]
}

// put replaces the entry of the same name, or appends.
func (r *Run) put(s *StageRun) {
	i := slices.IndexFunc(r.Stages, func(o *StageRun) bool { return o.Name == s.Name })
	if i < 0 {
		r.Stages = append(r.Stages, s)
		return
	}
	r.Stages[i] = s
}

// dropStale removes, and returns, the entries of stages that read what done has
// now written anew with another content, and that are not coming.
func (r *Run) dropStale(done *StageRun, coming []Stage) (dropped []*StageRun) {
	now := map[string]string{}
	for _, a := range done.Outputs {
		now[a.Path] = a.SHA256
	}
	changed := func(a Artifact) bool { sum, written := now[a.Path]; return written && sum != a.SHA256 }
	r.Stages = slices.DeleteFunc(r.Stages, func(s *StageRun) bool {
		again := slices.ContainsFunc(coming, func(c Stage) bool { return c.Name() == s.Name })
		if s == done || again || !slices.ContainsFunc(s.Inputs, changed) {
			return false
		}
		dropped = append(dropped, s)
		return true
	})
	return dropped
}

// write publishes the record in outdir.
func (r *Run) write(outdir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("run.json: %w", err)
	}
	return PublishFile(filepath.Join(outdir, RecordFile), func(tmp string) error {
		return os.WriteFile(tmp, append(text, '\n'), 0o666)
	})
}

// notes is what a Job collects for its StageRun.
type notes struct {
	mu       sync.Mutex
	warnings []string
	counts   map[string]int64
}

func (n *notes) warn(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.warnings = append(n.warnings, text)
}

func (n *notes) count(name string, v int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.counts == nil {
		n.counts = map[string]int64{}
	}
	n.counts[name] = v
}

func (n *notes) snapshot() ([]string, map[string]int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	warnings, counts := slices.Clone(n.warnings), maps.Clone(n.counts)
	if warnings == nil {
		warnings = []string{} // [] in JSON, not null
	}
	if counts == nil {
		counts = map[string]int64{}
	}
	return warnings, counts
}
