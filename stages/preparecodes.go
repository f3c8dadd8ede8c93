package stages

import (
	"context"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/store"
)

// code codes the covariates and reads those that are numbers. Of the cells' annotations only these are read.
func (d *decisions) code(ctx context.Context) error {
	o, file := d.stage.Options, d.stage.Store()
	if err := tooSmall(file, int64(d.store.Cells()), int64(d.store.Genes().Len())); err != nil && !d.stage.Reference.unfitted() {
		return err
	}
	coders, err := d.coders(append([]string{o.BatchKey, o.LabelsKey, o.HVGBatchKey}, o.CategoricalCovariateKeys...)...)
	if err != nil {
		return err
	}
	if err := d.numerics(); err != nil {
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
	for _, key := range o.CategoricalCovariateKeys {
		d.cats = append(d.cats, settled[key])
	}
	return d.checkNumbers()
}

// coders are one for each key that is given, whatever it is given for.
func (d *decisions) coders(keys ...string) (list []*coder, err error) {
	known := map[string]bool{"": true}
	for _, key := range keys {
		if known[key] {
			continue
		}
		known[key] = true
		column, err := d.column(key)
		if err != nil {
			return nil, err
		}
		list = append(list, newCoder(column, d.store.Cells()))
	}
	return list, nil
}

// column is the header of an annotation of the store.
func (d *decisions) column(key string) (*counts.Column, error) {
	column := d.store.Header().Column(key)
	if column == nil {
		return nil, noColumn(d.stage.Store(), key, d.store.Header())
	}
	return column, nil
}

// numerics makes room for the continuous covariates and the size factors.
func (d *decisions) numerics() error {
	o := d.stage.Options
	for _, key := range given(o.ContinuousCovariateKeys, o.SizeFactorKey) {
		column, err := d.column(key)
		if err == nil {
			err = checkNumeric(d.stage.Store(), column)
		}
		if err != nil {
			return err
		}
		d.conts = append(d.conts, &numeric{numberCheck: numberCheck{key: key}, of: make([]float32, 0, d.store.Cells())})
	}
	if last := len(d.conts) - 1; o.SizeFactorKey != "" {
		d.factor, d.conts = d.conts[last], d.conts[:last]
		d.factor.positive = true
	}
	return nil
}

// numbers are the continuous covariates and the size factors.
func (d *decisions) numbers() []*numeric {
	if d.factor == nil {
		return d.conts
	}
	return append(slices.Clone(d.conts), d.factor)
}

// readCodes reads the annotations of all cells.
func (d *decisions) readCodes(ctx context.Context, coders []*coder) error {
	var keys []string
	for _, c := range coders {
		keys = append(keys, c.key)
	}
	numbers := d.numbers()
	for _, n := range numbers {
		keys = append(keys, n.key)
	}
	if len(keys) == 0 {
		return nil
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
		for _, n := range numbers {
			n.of = n.take(n.of, part.Column(n.key), len(n.of))
		}
		return nil
	})
}

// checkCoded refuses an annotation that cells lack.
func (d *decisions) checkCoded(c *coder) error {
	if c.missing == 0 {
		return nil
	}
	first, err := d.nameOf(c.first)
	if err != nil {
		return err
	}
	m := missingCheck{key: c.key, n: c.missing, first: first}
	return m.err(d.stage.Store())
}

// checkNumbers refuses numbers that no model can take.
func (d *decisions) checkNumbers() (err error) {
	for _, n := range d.numbers() {
		if n.n == 0 {
			continue
		}
		if n.first, err = d.nameOf(n.at); err != nil {
			return err
		}
		return n.err(d.stage.Store())
	}
	return nil
}

// nameOf is the name of a cell of the store.
func (d *decisions) nameOf(cell int) (string, error) {
	names, err := d.store.Names(cell / store.BatchCells)
	if err != nil {
		return "", err
	}
	return names[cell%store.BatchCells], nil
}
