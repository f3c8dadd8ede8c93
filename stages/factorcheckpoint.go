package stages

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"cellvi/io/safetensors"
	"cellvi/model/factor"
	"cellvi/pipeline"
)

// factorCheckpoint is the file that an unfinished fit leaves.
type factorCheckpoint struct {
	path  string
	data  string // fingerprint of the cells and genes
	cells string // the folder that these come from, for messages
}

const (
	factorFormat  = "factor-1"
	factorRestart = "remove it, or pass --force, to fit from the start"
)

// save publishes the state.
func (c *factorCheckpoint) save(w *factoring) error {
	state := w.fit.State()
	meta := map[string]string{"format": factorFormat, "data": c.data}
	for name, v := range map[string]any{"state": state, "options": w.options, "progress": w.at} {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		meta[name] = string(text)
	}
	return pipeline.PublishFile(c.path, func(tmp string) error { return safetensors.Write(tmp, doubles(state.Numbers), meta) })
}

func doubles(numbers []factor.Named) (out []safetensors.Tensor) {
	for _, n := range numbers {
		out = append(out, safetensors.Tensor{Name: n.Name, Shape: n.Shape, F64: n.Data})
	}
	return out
}

// load takes up the checkpoint, where there is one of the same options.
func (c *factorCheckpoint) load(w *factoring) (begun bool, err error) {
	state, at, differs, err := c.read(w.options)
	if err != nil || state == nil {
		return false, err
	}
	if len(differs) > 0 {
		w.job.Warn("%s is of other options, and not used: the fit starts from the beginning: %s", c.path, strings.Join(differs, "; "))
		return false, nil
	}
	if err := w.fit.Resume(*state); err != nil {
		return false, pipeline.BadInput("%s: %w: "+factorRestart, c.path, err)
	}
	w.take(*at)
	w.job.Note("going on from %s: epoch %d", c.path, w.at.Epoch+1)
	return true, nil
}

// read reads the checkpoint, and says where its options differ from those now; nil: there
// is none. One of other data is refused, as train refuses it.
func (c *factorCheckpoint) read(now FactorOptions) (state *factor.State, at *factorProgress, differs []string, err error) {
	tensors, meta, err := safetensors.Read(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, nil
	}
	if err != nil {
		return nil, nil, nil, pipeline.BadInput("%w: "+factorRestart, err)
	}
	if meta["format"] != factorFormat {
		return nil, nil, nil, pipeline.BadInput("%s: has format %q, this cellvi reads %q: go on with the version that wrote it, or "+factorRestart, c.path, meta["format"], factorFormat)
	}
	if meta["data"] != c.data {
		return nil, nil, nil, pipeline.BadInput("%s: is of other data than %s now: counts, genes or cells have changed since: "+factorRestart, c.path, c.cells)
	}
	state, at = &factor.State{}, &factorProgress{}
	var was FactorOptions
	for name, v := range map[string]any{"state": state, "options": &was, "progress": at} {
		if err := json.Unmarshal([]byte(meta[name]), v); err != nil {
			return nil, nil, nil, pipeline.BadInput("%s: its metadata is not the state of a fit (%w): "+factorRestart, c.path, err)
		}
	}
	for _, t := range tensors {
		state.Numbers = append(state.Numbers, factor.Named{Name: t.Name, Shape: t.Shape, Data: t.F64})
	}
	was.MaxEpochs, was.Tolerance, was.WriteHeldOut = now.MaxEpochs, now.Tolerance, now.WriteHeldOut // these change no pass
	return state, at, differences(was, now), nil
}

// take goes on where at was, which may have had fewer epochs to do, or another tolerance.
func (w *factoring) take(at factorProgress) {
	w.at = at
	if w.at.Done && len(at.History) > 0 {
		last := at.History[len(at.History)-1]
		w.at.History, w.at.Epoch = at.History[:len(at.History)-1], at.Epoch-1
		w.passed(last)
	}
}

// remove removes the file, if it is there.
func (c *factorCheckpoint) remove() error {
	if err := os.Remove(c.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
