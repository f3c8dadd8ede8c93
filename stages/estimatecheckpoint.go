package stages

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"cellvi/io/safetensors"
	"cellvi/model"
	"cellvi/pipeline"
)

// resume looks at the checkpoint at path as training will: whether it goes on from
// there, begins anew or refuses. data is the fingerprint of the cells that are now in
// the folder cells.
func (f *fitting) resume(path, cells, data string) error {
	_, meta, err := safetensors.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return pipeline.BadInput("%w: "+restart, err)
	}
	var state model.StateMeta
	if err := json.Unmarshal([]byte(meta["state"]), &state); err != nil || meta["format"] != checkpointFormat {
		return pipeline.BadInput("%s: is no training state that this cellvi reads: go on with the version that wrote it, or "+restart, path)
	}
	if meta["data"] != data {
		return pipeline.BadInput("%s: is of other data than %s now: counts, genes, covariates or split have changed since, or the model that training began with: "+restart, path, cells)
	}
	was, is := state.Options, f.opt
	was.MaxEpochs = is.MaxEpochs
	if differs := append(differences(state.Config, f.cfg), differences(was, is)...); len(differs) > 0 {
		f.work = append(f.work, fmt.Sprintf("begins anew: %s is of other options: %s", path, strings.Join(differs, "; ")))
		return nil
	}
	f.done = float64(state.At.Epoch)
	f.work = append(f.work, fmt.Sprintf("goes on from the checkpoint %s, of epoch %d", path, state.At.Epoch+1))
	return nil
}
