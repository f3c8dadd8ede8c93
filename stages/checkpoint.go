package stages

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"

	"cellvi/io/safetensors"
	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// checkpoint is the file that an unfinished training leaves: the trainer's
// tensors, and in its metadata the rest of the state and what data it saw.
type checkpoint struct {
	path string
	data string // fingerprint of the cells and the split

	cells string // the folder that these come from, for messages

	foreign bool // path holds a state that was not taken up
}

// save publishes the trainer's state, unless it has diverged: the last good
// one is kept.
func (c *checkpoint) save(t *model.Trainer) error {
	if err := t.Finite(); err != nil {
		return err
	}
	state, outlines := t.Outline()
	meta, err := json.Marshal(state)
	if err != nil {
		return err
	}
	var tensors []safetensors.Tensor
	for _, o := range outlines { // one is copied at a time
		tensors = append(tensors, safetensors.Tensor{Name: o.Name, Shape: o.Shape, Make: o.Make})
	}
	err = pipeline.PublishFile(c.path, func(tmp string) error {
		return safetensors.Write(tmp, tensors, map[string]string{"format": checkpointFormat, "state": string(meta), "data": c.data})
	})
	c.foreign = c.foreign && err != nil
	return err
}

// checkpointFormat is what a checkpoint's metadata say of its layout.
const checkpointFormat = "1"

// restart is what to do with a checkpoint that cannot be gone on from.
const restart = "remove it, or pass --force, to train from the start"

// load takes up the checkpoint, where there is one of the same options. One of other
// data is refused: an input changed, and the hours that are in the file are not to be
// thrown away, or mixed with it, without a word of the user's.
func (c *checkpoint) load(job *pipeline.Job, t *model.Trainer) error {
	tensors, meta, err := safetensors.Read(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return pipeline.BadInput("%w: "+restart, err)
	}
	if format := meta["format"]; format != checkpointFormat {
		return pipeline.BadInput("%s: has format %q, this cellvi reads %q: go on with the version that wrote it, or "+restart, c.path, format, checkpointFormat)
	}
	var state model.State
	if err := json.Unmarshal([]byte(meta["state"]), &state.Meta); err != nil {
		return pipeline.BadInput("%s: its metadata is not a training state (%w): "+restart, c.path, err)
	}
	state.Tensors = inward(tensors)
	if meta["data"] != c.data {
		return pipeline.BadInput("%s: is of other data than %s now: counts, genes, covariates or split have changed since, or the model that training began with: "+restart, c.path, c.cells)
	}
	if differs := others(state.Meta, t); len(differs) > 0 {
		job.Warn("%s is of other options, and not used: training starts from the beginning: %s", c.path, strings.Join(differs, "; "))
		c.foreign = true
		return nil
	}
	if err := t.Resume(state); err != nil {
		job.Warn("%s is not used, training starts from the beginning: %v", c.path, err)
		c.foreign = true
		return nil
	}
	job.Note("going on from %s: epoch %d, minibatch %d", c.path, t.At().Epoch+1, t.At().Batch+1)
	return nil
}

// others lists the options of the state that are not the trainer's. More or fewer
// epochs are no other training.
func others(state model.StateMeta, t *model.Trainer) []string {
	now, _ := t.Outline()
	was, is := state.Options, now.Options
	was.MaxEpochs = is.MaxEpochs
	return append(differences(state.Config, now.Config), differences(was, is)...)
}

// fingerprint is the SHA-256 of what decides the cells that the trainer sees: the
// store's checksums, the genes and cells picked, their covariates and the split; and of
// begun, what was trained before.
func fingerprint(st *store.Store, p *prepared, begun string) string {
	h := sha256.New()
	put := func(v any) { _ = binary.Write(h, binary.LittleEndian, v) } // a hash takes every write
	put([]byte(st.Checksum()))
	put([]byte(begun))
	put(p.Picked)
	for from := 0; from < len(p.Row); from += groupCells { // in pieces, for Write copies them
		to := min(from+groupCells, len(p.Row))
		put(p.Row[from:to])
		p.putCovariates(from, to, put)
		for _, s := range p.Split[from:to] {
			_, _ = h.Write([]byte{byte(s)})
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// putCovariates gives put those of cells from … to−1.
func (p *prepared) putCovariates(from, to int, put func(any)) {
	for _, codes := range append([][]int32{p.Batch, p.Label}, p.Cats...) {
		put(codes[min(from, len(codes)):min(to, len(codes))])
	}
	for _, values := range append([][]float32{p.Factor}, p.Conts...) {
		put(values[min(from, len(values)):min(to, len(values))])
	}
}

func outward(tensors []model.Tensor) []safetensors.Tensor {
	var out []safetensors.Tensor
	for _, t := range tensors {
		out = append(out, safetensors.Tensor{Name: t.Name, Shape: t.Shape, F32: t.Data})
	}
	return out
}

// inward takes the float32 tensors; others are none of the model's.
func inward(tensors []safetensors.Tensor) []model.Tensor {
	var out []model.Tensor
	for _, t := range tensors {
		if t.F32 != nil {
			out = append(out, model.Tensor{Name: t.Name, Shape: t.Shape, Data: t.F32})
		}
	}
	return out
}

// checkpoint is where the state of training is kept: in --checkpoint-dir, or the run's
// folder.
func (o FitOptions) checkpoint(at Layout) string {
	if o.CheckpointDir == "" {
		return at.Checkpoint()
	}
	return Layout{Dir: o.CheckpointDir}.Checkpoint()
}

// checkpointLock keeps other trainings out of --checkpoint-dir.
func (o FitOptions) checkpointLock() []pipeline.Lock {
	if o.CheckpointDir == "" {
		return nil
	}
	return []pipeline.Lock{{Dir: o.CheckpointDir, Flag: "--checkpoint-dir"}}
}
