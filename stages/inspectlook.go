package stages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// looking is one inspection under way: it reads everything, as ingest would, and
// collects what ingest and prepare would refuse or tell.
type looking struct {
	reading
	o     InspectOptions
	job   *pipeline.Job
	found Inspection

	print   counts.Fingerprint
	names   *nameCheck
	obs     columnTallies
	met     []bool // per gene: some cell has counts of it
	missing []*missingCheck
	numbers []*numberCheck
}

// tell is for what a run would tell.
func (l *looking) tell(count int64, format string, args ...any) {
	l.found.Problems = append(l.found.Problems, Problem{Count: count, What: fmt.Sprintf(format, args...)})
}

// refuse is for what a run would refuse.
func (l *looking) refuse(count int64, reason error) {
	l.found.Problems = append(l.found.Problems, Problem{Refuse: true, Count: count, What: reason.Error()})
}

// all does everything; its error is what makes going on impossible.
func (l *looking) all(ctx context.Context) error {
	if err := l.describe(ctx); err != nil {
		return err
	}
	for _, m := range l.found.Matrices {
		if m.Problem != "" {
			l.tell(0, "%s: %s", m.Name, m.Problem)
		}
	}
	table, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer table.Close() // only read from
	l.found.matrix = l.inputs[0].matrix()
	l.findKeys(table)
	if err := l.read(ctx, table); err != nil {
		return err
	}
	return l.judge(ctx)
}

// findKeys looks for the annotations that a run would need.
func (l *looking) findKeys(table counts.Reader) {
	for _, key := range l.coded() {
		switch {
		case table.Obs().Column(key) == nil:
			l.refuse(0, noColumn(l.file(), key, table.Obs()))
		default:
			l.missing = append(l.missing, &missingCheck{key: key})
		}
	}
	for _, key := range given(l.o.ContinuousCovariateKeys, l.o.SizeFactorKey) {
		column := table.Obs().Column(key)
		if column == nil {
			l.refuse(0, noColumn(l.file(), key, table.Obs()))
		} else if err := checkNumeric(l.file(), column); err != nil {
			l.refuse(0, err)
		} else {
			l.numbers = append(l.numbers, &numberCheck{key: key, positive: key == l.o.SizeFactorKey})
		}
	}
}

// coded are the annotations whose values are levels.
func (l *looking) coded() []string {
	return slices.Compact(given(given(nil, l.o.BatchKey, l.o.LabelsKey), l.o.CategoricalCovariateKeys...))
}

// read reads all counts.
func (l *looking) read(ctx context.Context, table counts.Reader) error {
	n, genes := &l.found, *table.Genes()
	named := &genes // in the fingerprint
	if own := l.inputs[0].Genes(); len(l.inputs) == 1 && own.Len() == genes.Len() {
		named = own // as the file has them, repeats too
	}
	n.Cells, n.Genes = table.Cells(), int64(genes.Len())
	l.names, l.obs, l.met = newNameCheck(n.Cells), newColumnTallies(table.Obs()), make([]bool, genes.Len())
	l.job.Progress.Begin("reading cells", "cells", n.Cells)
	defer l.job.Progress.End()
	defer func() { n.Obs, n.Var = l.obs.infos(n.Obs), geneColumns(&genes) }() // of the cells before a fault, most often all
	for {
		t, err := table.Next(ctx)
		if errors.Is(err, io.EOF) {
			n.Cells = l.print.Cells
			return nil
		}
		if err != nil {
			return err
		}
		l.take(t, named)
		l.job.Progress.Add(int64(t.Cells()))
	}
}

func (l *looking) take(t *counts.Table, genes *counts.Frame) {
	l.print.Add(t, genes)
	l.names.add(t.Obs.Names)
	l.obs.add(&t.Obs)
	for _, g := range t.Genes {
		l.met[g] = true
	}
	for _, m := range l.missing {
		m.add(&t.Obs)
	}
	for _, m := range l.numbers {
		m.add(&t.Obs)
	}
}

// judge says everything that is known once all is read, what a run would refuse
// first.
func (l *looking) judge(ctx context.Context) error {
	good := true
	for _, in := range l.inputs {
		if err := in.refuse(ctx); err != nil {
			good = false
			l.refuse(in.check.Offenders(), err)
		}
	}
	for _, m := range l.missing {
		if err := m.err(l.file()); err != nil {
			l.refuse(m.n, err)
		}
	}
	for _, m := range l.numbers {
		if err := m.err(l.file()); err != nil {
			l.refuse(m.n, err)
		}
	}
	if err := l.repeated(ctx); err != nil {
		return err
	}
	l.judgeLevels()
	empty := int64(len(l.met))
	for _, met := range l.met {
		if met {
			empty--
		}
	}
	if good {
		l.found.settle(&l.print, empty)
		l.judgeCounts(empty)
	}
	for _, note := range l.said() {
		l.tell(0, "%s", note)
	}
	return nil
}

// judgeCounts says what counts alone cannot be trained on, or is worth knowing.
func (l *looking) judgeCounts(emptyGenes int64) {
	n := &l.found
	switch {
	case l.print.Total == 0:
		l.refuse(n.Cells, noCounts(l.file(), n.Cells))
	case tooSmall(l.file(), n.Cells, n.Genes) != nil:
		l.tell(0, "%s", tooSmall(l.file(), n.Cells, n.Genes))
	}
	if l.print.Total == 0 {
		return
	}
	if l.print.Empty > 0 {
		l.tell(l.print.Empty, "%s (kept; --min-counts 1 leaves them out)", plural(l.print.Empty, "cell has no counts", "cells have no counts"))
	}
	if emptyGenes > 0 {
		l.tell(emptyGenes, "%s (kept; --min-cells 1 leaves them out)", plural(emptyGenes, "gene has no counts", "genes have no counts"))
	}
}

// judgeLevels tells levels of the covariates that prepare would warn of.
func (l *looking) judgeLevels() {
	for _, key := range l.coded() {
		i := slices.IndexFunc(l.obs, func(t columnTally) bool { return t.column.Name == key })
		if i < 0 {
			continue
		}
		tally := &l.obs[i]
		if small := smallLevels(tally.order, func(k int) int64 { return tally.cells[tally.order[k]] }); len(small) > 0 {
			l.tell(int64(len(small)), "%s: %s", counts.Printable(key), tooFew(small))
		}
		if tally.many {
			l.tell(0, "%s: more than %d levels: is it a covariate?", counts.Printable(key), mostLevels)
		}
	}
}

// repeated refuses cell names that occur more than once: they are read once more.
func (l *looking) repeated(ctx context.Context) error {
	if !l.names.suspects() {
		return nil
	}
	again := reading{options: l.options, paths: l.paths, may: l.may, lenient: true}
	table, err := again.open(ctx)
	if err != nil {
		return err
	}
	defer table.Close() // only read from
	n, err := l.names.refuse(ctx, l.file(), table)
	if n > 0 {
		l.refuse(n, err)
		return nil
	}
	return err
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
