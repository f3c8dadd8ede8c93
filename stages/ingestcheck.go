package stages

import (
	"context"
	"fmt"

	"cellvi/io/counts"
)

// checkKeys refuses annotations that are not there.
func (p *ingestPass) checkKeys(reader counts.Reader) error {
	for _, key := range p.stage.Keys {
		if reader.Obs().Column(key) == nil {
			return noColumn(some(p.stage.Options.Input, 3), key, reader.Obs())
		}
		p.missing = append(p.missing, &missingCheck{key: key})
	}
	return nil
}

// checkCells refuses what only the last cell settles.
func (p *ingestPass) checkCells(ctx context.Context) error {
	file := some(p.stage.Options.Input, 3)
	for _, m := range p.missing {
		if err := m.err(file); err != nil {
			return err
		}
	}
	if p.cells == 0 || p.genes == 0 {
		return &counts.InputError{File: file, Found: fmt.Sprintf("it has %d cells and %d genes", p.cells, p.genes), Advice: "check that it is the right file"}
	}
	if !p.names.suspects() {
		return nil
	}
	return p.repeatedNames(ctx, file)
}

// repeatedNames looks at the cells of the store just written.
func (p *ingestPass) repeatedNames(ctx context.Context, file string) error {
	written, err := openStore(p.dir, "X")
	if err != nil {
		return err
	}
	defer written.Close() // only read from
	names, err := counts.NamesOf(ctx, written)
	if err != nil {
		return err
	}
	again := p.names.repeats()
	again.add(names)
	if again.n == 0 {
		return nil
	}
	return &counts.InputError{File: file, Place: "obs",
		Found:  plural(again.n, "cell has a name", "cells have names") + " that occurred before, the first " + again.first,
		Advice: "pass --make-unique to append -1, -2, …, or give cells names of their own"}
}
