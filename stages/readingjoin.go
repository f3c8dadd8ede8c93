package stages

import (
	"context"
	"slices"

	"cellvi/io/counts"
)

// inputColumn is the annotation that tells the input of a cell, where there are
// several inputs: it can be the batch covariate.
const inputColumn = "input"

// join makes one table of the inputs.
func (r *reading) join(ctx context.Context, readers []counts.Reader) (counts.Reader, error) {
	opt := counts.ConcatOptions{Labels: r.paths, Outer: r.options.Join == "outer"} // of one input no prefix or column is made
	if len(readers) > 1 {
		opt.Labels, opt.InputColumn, opt.MinOverlap = counts.Labels(r.paths), inputColumn, r.options.MinOverlap
	}
	var lists [][]string
	if len(readers) > 1 || r.options.MakeUnique {
		var err error
		if lists, err = cellNames(ctx, readers); err != nil {
			return nil, err
		}
	}
	name, clash := counts.NamesClash(lists...)
	if clash {
		opt.PrefixCells = true
		r.note("cell names occur in several inputs, the first %s: every cell is named INPUT:name, as %s", counts.Printable(name), counts.Printable(opt.Labels[0]+":"+name))
	}
	joined, err := r.concat(readers, opt)
	if err != nil || !r.options.MakeUnique {
		return joined, err
	}
	return r.unique(joined, lists, opt), nil
}

// concat puts the inputs one after the other, repeated gene names made unique. Where
// one file is looked at, its names stay: they are part of its fingerprint.
func (r *reading) concat(readers []counts.Reader, opt counts.ConcatOptions) (counts.Reader, error) {
	if r.lenient && len(readers) == 1 {
		if n := counts.MakeUnique(slices.Clone(readers[0].Genes().Names)); n > 0 {
			r.note("%s before (ingest appends -1, -2, …)", plural(int64(n), "gene name occurred", "gene names occurred"))
		}
		return readers[0], nil
	}
	joined, err := counts.Concat(readers, opt)
	if err != nil {
		return nil, err
	}
	for _, w := range joined.Warnings() {
		r.note("%s", w)
	}
	r.sayOverlap(joined)
	return joined, nil
}

func cellNames(ctx context.Context, readers []counts.Reader) ([][]string, error) {
	var lists [][]string
	for _, r := range readers {
		names, err := counts.NamesOf(ctx, r)
		if err != nil {
			return nil, err
		}
		lists = append(lists, names)
	}
	return lists, nil
}

// sayOverlap tells what of each input's genes is common to all.
func (r *reading) sayOverlap(joined *counts.Joined) {
	if len(r.inputs) < 2 {
		return
	}
	if shared, share := joined.Shared(); share < 1 {
		r.note("%s in every input, %.1f%% of those of the input with the fewest", plural(int64(shared), "gene is", "genes are"), 100*share)
	}
	for i, o := range joined.Overlap() {
		if left := int64(o.Genes - o.Kept); left > 0 {
			r.note("%s: %s left out (--join outer keeps them)", r.paths[i], plural(left, "gene is not in every input and is", "genes are not in every input and are"))
		}
	}
}

// unique renames repeated cells of joined.
func (r *reading) unique(joined counts.Reader, lists [][]string, opt counts.ConcatOptions) counts.Reader {
	var names []string
	for i, list := range lists {
		for _, name := range list {
			if opt.PrefixCells {
				name = opt.Labels[i] + ":" + name
			}
			names = append(names, name)
		}
	}
	if n := counts.MakeUnique(names); n > 0 {
		r.note("%s before and got a suffix, -1, -2, … (--make-unique)", plural(int64(n), "cell name occurred", "cell names occurred"))
	}
	return &renamed{Reader: joined, names: names}
}

// renamed is a reader whose cells have other names.
type renamed struct {
	counts.Reader
	names []string // of the cells to come
}

// Next renames the next cells.
func (r *renamed) Next(ctx context.Context) (*counts.Table, error) {
	t, err := r.Reader.Next(ctx)
	if err != nil {
		return nil, err
	}
	n := min(t.Cells(), len(r.names)) // the same file twice: as many
	t.Obs.Names = append(r.names[:n:n], t.Obs.Names[n:]...)
	r.names = r.names[n:]
	return t, nil
}
