package stages

import (
	"context"

	"cellvi/io/counts"
	"cellvi/io/store"
)

// code codes the covariates. Of the cells' annotations only these are read.
func (d *decisions) code(ctx context.Context) error {
	o, file := d.stage.Options, d.stage.Store()
	if err := tooSmall(file, int64(d.store.Cells()), int64(d.store.Genes().Len())); err != nil {
		return err
	}
	coders, err := d.coders(o.BatchKey, o.LabelsKey, o.HVGBatchKey)
	if err != nil {
		return err
	}
	if err := d.readCodes(ctx, coders); err != nil {
		return err
	}
	settled := map[string]*codes{"": {levels: []string{"0"}}}
	for _, c := range coders {
		if err := d.checkCoded(c); err != nil {
			return err
		}
		settled[c.key] = c.settle(d.store.LeftOut() > 0)
	}
	d.batch, d.labels, d.hvg = settled[o.BatchKey], settled[o.LabelsKey], settled[o.HVGBatchKey]
	return nil
}

// coders are one for each key that is given, whatever it is given for.
func (d *decisions) coders(keys ...string) (list []*coder, err error) {
	known := map[string]bool{"": true}
	for _, key := range keys {
		if known[key] {
			continue
		}
		known[key] = true
		column := d.store.Header().Column(key)
		if column == nil {
			return nil, noColumn(d.stage.Store(), key, d.store.Header())
		}
		list = append(list, newCoder(column, d.store.Cells()))
	}
	return list, nil
}

// readCodes reads the annotations of all cells.
func (d *decisions) readCodes(ctx context.Context, coders []*coder) error {
	if len(coders) == 0 {
		return nil
	}
	var keys []string
	for _, c := range coders {
		keys = append(keys, c.key)
	}
	return inOrder(ctx, d.job.Threads, d.store.Batches(), func(i int, into *counts.Frame) error {
		part, err := d.store.Columns(i, keys...)
		if err == nil {
			*into = *part
		}
		return err
	}, func(_ int, part *counts.Frame) error {
		for _, c := range coders {
			c.add(part.Column(c.key))
		}
		return nil
	})
}

// checkCoded refuses an annotation that cells lack.
func (d *decisions) checkCoded(c *coder) error {
	if c.missing == 0 {
		return nil
	}
	names, err := d.store.Names(c.first / store.BatchCells)
	if err != nil {
		return err
	}
	m := missingCheck{key: c.key, n: c.missing, first: names[c.first%store.BatchCells]}
	return m.err(d.stage.Store())
}
