package stages

import (
	"context"

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
	lists, err := r.names(ctx, readers)
	if err != nil {
		return nil, err
	}
	name, clash := counts.NamesClash(lists...)
	if clash {
		opt.PrefixCells = true
		r.note("cell names occur in several inputs, the first %s: every cell is named INPUT:name, as %s", counts.Printable(name), counts.Printable(opt.Labels[0]+":"+name))
	}
	joined, err := counts.Concat(readers, opt)
	if err != nil {
		return nil, err
	}
	for _, w := range joined.Warnings() {
		r.note("%s", w)
	}
	r.sayOverlap(joined)
	if !r.options.MakeUnique {
		return joined, nil
	}
	return r.unique(joined, lists, opt), nil
}

// names are the cells of each input, where they are needed: to make them unique, or
// because some seem to occur in several inputs.
func (r *reading) names(ctx context.Context, readers []counts.Reader) ([][]string, error) {
	if len(readers) == 1 && !r.options.MakeUnique {
		return nil, nil
	}
	if r.options.MakeUnique {
		return cellNames(ctx, readers)
	}
	check := newNameCheck(0)
	for _, in := range readers { // one list at a time
		names, err := counts.NamesOf(ctx, in)
		if err != nil {
			return nil, err
		}
		check.add(names)
	}
	if !check.suspects() {
		return nil, nil
	}
	return cellNames(ctx, readers)
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
