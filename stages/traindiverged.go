package stages

import (
	"errors"
	"os"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// shownCulprits is how many cells a message names.
const shownCulprits = 5

// diverged names the cells of a training that diverged, and says what is left of it.
// Other errors stay as they are.
func diverged(err error, st *store.Store, cp *checkpoint) error {
	var d *model.Divergence
	if !errors.As(err, &d) {
		return err
	}
	names := culprits(d, st)
	switch {
	case len(names) == 0:
	case d.Parameter:
		names = ", the most counts have " + names
	default:
		names = ": " + names
	}
	left := "; no checkpoint had been saved yet"
	if _, err := os.Stat(cp.path); err == nil && !cp.foreign {
		left = "; the last good state is kept in " + cp.path
	}
	return pipeline.Diverged("%w%s: lower --lr, or look for extreme values in these cells%s", d, names, left)
}

// culprits lists the names of the first few cells; "" where they cannot be read now.
func culprits(d *model.Divergence, st *store.Store) string {
	var names []string
	for _, row := range d.Items[:min(len(d.Items), shownCulprits)] {
		batch, err := st.Names(int(row) / store.BatchCells)
		if err != nil {
			return ""
		}
		names = append(names, counts.Printable(batch[int(row)%store.BatchCells]))
	}
	if len(d.Items) > len(names) {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
