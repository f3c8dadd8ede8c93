package counts

import "context"

// KeepGenes leaves out the genes of r that do not meet every condition, and their
// counts; file is what r reads, for errors. A condition on a column that is not
// there, or on values that the column cannot have, is an *InputError, and so is a
// table of which no gene is left. It owns r.
func KeepGenes(r Reader, keeps []*Keep, file string) (*KeptGenes, error) {
	s, err := newSieve(keeps, r.Genes(), geneAnnotations(), file)
	if err != nil {
		return nil, err
	}
	rows := s.sift(r.Genes())
	if err := s.nothingLeft("gene", geneAnnotations(), file); err != nil {
		return nil, err
	}
	k := &KeptGenes{Reader: r, sieve: s, place: make([]int32, r.Genes().Len())}
	for g := range k.place {
		k.place[g] = -1
	}
	for to, g := range rows {
		k.place[g] = int32(to)
	}
	k.all = len(rows) == len(k.place)
	k.genes.take(r.Genes(), rows)
	return k, nil
}

// KeptGenes is the Reader that KeepGenes makes.
type KeptGenes struct {
	Reader
	sieve *sieve
	genes Frame
	place []int32 // of each gene of the inner Reader among those kept, -1 where left out
	all   bool    // genes are kept
	table Table
}

// Genes are those kept.
func (k *KeptGenes) Genes() *Frame { return &k.genes }

// Notes are what is odd about the conditions: values that no level has.
func (k *KeptGenes) Notes() []string { return k.sieve.notes() }

// Report tells, a condition each, how many genes went.
func (k *KeptGenes) Report() []KeepReport { return k.sieve.report }

// CellNames is the inner Reader's (CellNamer).
func (k *KeptGenes) CellNames(ctx context.Context) ([]string, error) { return NamesOf(ctx, k.Reader) }

// Next gives the next cells with the counts of the genes kept.
func (k *KeptGenes) Next(ctx context.Context) (*Table, error) {
	t, err := k.Reader.Next(ctx)
	if err != nil || k.all {
		return t, err
	}
	out := &k.table
	out.Obs = t.Obs
	out.Indptr, out.Genes, out.Values = append(out.Indptr[:0], 0), out.Genes[:0], out.Values[:0]
	for i := range t.Cells() {
		genes, values := t.Row(i)
		for j, g := range genes {
			if to := k.place[g]; to >= 0 {
				out.Genes, out.Values = append(out.Genes, uint32(to)), append(out.Values, values[j])
			}
		}
		out.Indptr = append(out.Indptr, int64(len(out.Genes)))
	}
	return out, nil
}
