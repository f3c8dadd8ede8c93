package counts

import "context"

// AnnotateGenes adds the columns of vars to the genes of r, row by name. A gene
// without a row has no value there. Columns in both, names twice in vars, and that
// no name met are *InputErrors. It owns r; vars must not change.
func AnnotateGenes(r Reader, vars *Frame, opt AnnotateOptions) (*AnnotatedGenes, error) {
	own := r.Genes()
	a, err := newAnnotations(own, vars, opt)
	if err != nil {
		return nil, err
	}
	out := &AnnotatedGenes{Reader: r, genes: Frame{Names: own.Names, Columns: a.columns(own)}}
	if err := a.finish("gene", opt.File); err != nil {
		return nil, err
	}
	out.report = a.report
	return out, nil
}

// AnnotatedGenes is the Reader that AnnotateGenes makes.
type AnnotatedGenes struct {
	Reader
	genes  Frame
	report AnnotateReport
}

// Genes have the columns of both.
func (a *AnnotatedGenes) Genes() *Frame { return &a.genes }

// Report tells how the names met.
func (a *AnnotatedGenes) Report() AnnotateReport { return a.report }

// CellNames is the inner Reader's (CellNamer).
func (a *AnnotatedGenes) CellNames(ctx context.Context) ([]string, error) {
	return NamesOf(ctx, a.Reader)
}
