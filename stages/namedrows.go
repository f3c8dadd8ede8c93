package stages

import (
	"context"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// namedRows are the kept cells that a file names, ascending. Every name must be one.
func namedRows(ctx context.Context, f *fitted, path string) ([]int32, error) {
	names, err := readList(path)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[n] = true
	}
	source, rows := f.source(), []int32{}
	err = source.stretches(span(0, len(f.p.Row)), func(among []int32, batch, _, _ int) error {
		all, err := f.st.Names(batch)
		if err != nil {
			return err
		}
		for _, r := range among {
			if name := all[int(f.p.Row[r])-batch*store.BatchCells]; wanted[name] {
				rows = append(rows, r)
				delete(wanted, name)
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if wanted[n] {
			return nil, pipeline.BadInput("%s: %d of %d cells are not among those that prepare kept, the first %s: name cells as in latent.parquet",
				path, len(wanted), len(names), counts.Printable(n))
		}
	}
	return rows, nil
}
