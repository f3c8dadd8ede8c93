package stages

import (
	"context"

	"cellvi/io/counts"
)

// checkKeys refuses annotations that are not there.
func (p *ingestPass) checkKeys(reader counts.Reader) error {
	for _, key := range p.stage.Keys {
		if reader.Obs().Column(key) == nil {
			return noColumn(p.file(), key, reader.Obs())
		}
		p.missing = append(p.missing, &missingCheck{key: key})
	}
	for _, key := range given(p.stage.Numbers, p.stage.Factor) {
		if err := checkNumeric(p.file(), reader.Obs().Column(key)); err != nil {
			return err
		}
		p.numbers = append(p.numbers, &numberCheck{key: key, positive: key == p.stage.Factor})
	}
	return nil
}

// checkCells refuses what only the last cell settles.
func (p *ingestPass) checkCells(ctx context.Context) error {
	file := p.file()
	for _, m := range p.missing {
		if err := m.err(file); err != nil {
			return err
		}
	}
	for _, m := range p.numbers {
		if err := m.err(file); err != nil {
			return err
		}
	}
	if p.cells == 0 || p.genes == 0 {
		return &counts.InputError{File: file, Found: "it has " + size(p.cells, int64(p.genes)), Advice: "check that it is the right file"}
	}
	if !p.names.suspects() {
		return nil
	}
	written, err := openStore(p.dir)
	if err != nil {
		return err
	}
	defer written.Close() // only read from
	_, err = p.names.refuse(ctx, file, written)
	return err
}
