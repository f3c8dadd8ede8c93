package stages

import (
	"context"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// verdict is why a run without further options would refuse a table of counts:
// what ingest and prepare check, in their order.
func (n *Inspection) verdict(ctx context.Context, job *pipeline.Job, o InspectOptions, names *nameCheck) error {
	if names.suspects() {
		again, _, err := openCounts(ctx, o.File, o.Layer, meansOf(job)) // the names are read once more
		if err != nil {
			return err
		}
		defer again.Close() // only read from
		if err := names.refuse(ctx, o.File, again); err != nil {
			return err
		}
	}
	if *n.Total == 0 {
		return noCounts(o.File, n.Cells)
	}
	if err := tooSmall(o.File, n.Cells, n.Genes); err != nil {
		n.Problems = append(n.Problems, err.Error())
	}
	return nil
}

// sentence is the verdict for people. A file with too little to train on is not
// refused as such: ingest takes it, and other inputs may be joined to it.
func (n *Inspection) sentence() string {
	name := counts.Printable(n.Matrix)
	switch {
	case n.Refuse != nil:
		return name + " would be refused."
	case tooSmall(n.File, n.Cells, n.Genes) != nil:
		return name + " holds counts, but too few to train on alone."
	}
	return name + " can be trained on."
}
