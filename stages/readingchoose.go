package stages

import (
	"context"
	"fmt"
	"slices"

	"cellvi/io/counts"
)

// annotate adds the annotations of --var and --obs.
func (r *reading) annotate(ctx context.Context, table counts.Reader) (counts.Reader, error) {
	o := r.options
	if o.Var != "" {
		frame, err := r.readFrame(ctx, o.Var)
		if err != nil {
			return nil, err
		}
		annotated, err := counts.AnnotateGenes(table, frame, counts.AnnotateOptions{File: o.Var, Overwrite: o.Overwrite, Flag: "--obs-overwrite"})
		if err != nil {
			return nil, err
		}
		table = annotated
		r.notes = append(r.notes, met(o.Var, "gene", annotated.Report())...)
	}
	if o.Obs == "" {
		return table, nil
	}
	frame, err := r.readFrame(ctx, o.Obs)
	if err != nil {
		return nil, err
	}
	annotated, err := counts.AnnotateCells(table, frame, counts.AnnotateOptions{File: o.Obs, Overwrite: o.Overwrite, Flag: "--obs-overwrite"})
	if err != nil {
		return nil, err
	}
	r.annotated = annotated
	return annotated, nil
}

// readFrame reads a file of annotations, and notes what it leaves out.
func (r *reading) readFrame(ctx context.Context, path string) (*counts.Frame, error) {
	file, err := readFrameInChild(ctx, path, r.may)
	if err != nil {
		return nil, err
	}
	r.noteAll(path, file.Notes)
	return &file.Frame, nil
}

// keep leaves out what --keep and --keep-genes do not want.
func (r *reading) keep(table counts.Reader) (counts.Reader, error) {
	cells, err := parseKeeps(r.options.Keep)
	if err != nil {
		return nil, err
	}
	genes, err := parseKeeps(r.options.KeepGenes)
	if err != nil {
		return nil, err
	}
	if len(genes) > 0 {
		kept, err := counts.KeepGenes(table, genes, r.file())
		if err != nil {
			return nil, err
		}
		r.notes = append(r.notes, left("gene", kept.Report(), kept.Notes())...)
		for _, k := range kept.Report() {
			r.genesLeft += k.N
		}
		table = kept
	}
	if len(cells) > 0 {
		if r.kept, err = counts.KeepCells(table, cells, r.file()); err != nil {
			return nil, err
		}
		table = r.kept
	}
	return table, nil
}

// said is everything that is worth telling once all is read: what was noted on the
// way, and what only the last cell settled, what --obs matched, what --keep left out.
func (r *reading) said() []string {
	for _, in := range r.inputs {
		if in.notes != nil {
			r.noteAll(in.path, in.notes())
		}
	}
	said := slices.Clone(r.notes)
	if r.annotated != nil {
		said = append(said, met(r.options.Obs, "cell", r.annotated.Report())...)
	}
	if r.kept != nil {
		said = append(said, left("cell", r.kept.Report(), r.kept.Notes())...)
	}
	return said
}

// left says what conditions left out, and what is odd about them; what is cell or
// gene.
func left(what string, report []counts.KeepReport, odd []string) []string {
	flag := map[string]string{"cell": "--keep", "gene": "--keep-genes"}[what]
	said := slices.Clone(odd)
	for _, k := range report {
		line := fmt.Sprintf("%s by %s '%s'", plural(k.N, what+" is left out", what+"s are left out"), flag, counts.Printable(k.Expr))
		if k.Missing > 0 {
			line += ", " + counts.Thousands(k.Missing) + " of them without a value there"
		}
		said = append(said, line)
	}
	return said
}

// met says what of a file of annotations did not meet the counts; what is cell or
// gene.
func met(file, what string, report counts.AnnotateReport) []string {
	var said []string
	if report.Without > 0 {
		said = append(said, fmt.Sprintf("%s: %s no row there, the first %s: no value in its columns", file,
			plural(report.Without, what+" has", what+"s have"), counts.Printable(report.FirstWithout)))
	}
	if report.Unused > 0 {
		said = append(said, fmt.Sprintf("%s: %s not used, the first %s: no such %s in the counts", file,
			plural(report.Unused, "row is", "rows are"), counts.Printable(report.FirstUnused), what))
	}
	return said
}
