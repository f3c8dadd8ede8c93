package stages

import (
	"context"
	"errors"

	"cellvi/io/counts"
)

// open opens every input and makes one reader of them.
func (p *ingestPass) open(ctx context.Context) (counts.Reader, error) {
	var readers []counts.Reader
	for _, path := range p.stage.Options.Input {
		in, err := p.openInput(ctx, path)
		if err != nil {
			return nil, errors.Join(err, closeAll(readers))
		}
		p.inputs = append(p.inputs, in)
		readers = append(readers, in)
	}
	joined, err := p.join(ctx, readers)
	if err != nil {
		return nil, errors.Join(err, closeAll(readers))
	}
	return joined, nil
}

func closeAll(readers []counts.Reader) error {
	var err error
	for _, r := range readers {
		err = errors.Join(err, r.Close())
	}
	return err
}

func (p *ingestPass) openInput(ctx context.Context, path string) (*countsInput, error) {
	o := p.stage.Options
	reader, notes, err := openCounts(ctx, path, o.Layer, meansOf(p.job))
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		p.note("%s: %s", path, n)
	}
	return &countsInput{Reader: reader, path: path, layer: o.Layer, fractions: o.AllowNonInteger}, nil
}

// join makes one table of the inputs and every name in it unique.
func (p *ingestPass) join(ctx context.Context, readers []counts.Reader) (counts.Reader, error) {
	o := p.stage.Options
	opt := counts.ConcatOptions{Labels: labels(o.Input), Outer: o.Join == "outer"}
	if len(readers) == 1 {
		opt.Labels = o.Input // no prefix and no column is made of it
	} else {
		opt.InputColumn = "input"
	}
	var lists [][]string
	if len(readers) > 1 || o.MakeUnique {
		var err error
		if lists, err = cellNames(ctx, readers); err != nil {
			return nil, err
		}
	}
	name, clash := counts.NamesClash(lists...)
	if clash {
		opt.PrefixCells = true
		p.note("cell names occur in several inputs, the first %s: every cell is named INPUT:name, as %s", counts.Printable(name), counts.Printable(opt.Labels[0]+":"+name))
	}
	joined, err := counts.Concat(readers, opt)
	if err != nil {
		return nil, err
	}
	for _, w := range joined.Warnings() {
		p.note("%s", w)
	}
	p.sayLeftOut(readers, joined)
	if !o.MakeUnique {
		return joined, nil
	}
	return p.unique(joined, lists, opt), nil
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

// sayLeftOut tells how many genes joining leaves out of each input.
func (p *ingestPass) sayLeftOut(readers []counts.Reader, joined counts.Reader) {
	if p.stage.Options.Join == "outer" {
		return
	}
	kept := joined.Genes().Len()
	for i, r := range readers {
		if n := r.Genes().Len() - kept; n > 0 {
			p.note("%s: %s left out (--join outer keeps them)", p.stage.Options.Input[i], plural(int64(n), "gene is not in every input and is", "genes are not in every input and are"))
		}
	}
}

// unique renames repeated cells of joined.
func (p *ingestPass) unique(joined counts.Reader, lists [][]string, opt counts.ConcatOptions) counts.Reader {
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
		p.note("%s before and got a suffix, -1, -2, … (--make-unique)", plural(int64(n), "cell name occurred", "cell names occurred"))
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
