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
	kept := make([]bool, r.Genes().Len())
	for _, g := range rows {
		kept[g] = true
	}
	k := &KeptGenes{Reader: r, sieve: s}
	k.genes, k.choice = ChooseGenes(r.Genes(), kept)
	return k, nil
}

// KeptGenes is the Reader that KeepGenes makes.
type KeptGenes struct {
	Reader
	sieve  *sieve
	genes  *Frame
	choice GeneChoice
	table  Table
}

// Genes are those kept.
func (k *KeptGenes) Genes() *Frame { return k.genes }

// Notes are what is odd about the conditions: values that no level has.
func (k *KeptGenes) Notes() []string { return k.sieve.notes() }

// Report tells, a condition each, how many genes went.
func (k *KeptGenes) Report() []KeepReport { return k.sieve.report }

// CellNames is the inner Reader's (CellNamer).
func (k *KeptGenes) CellNames(ctx context.Context) ([]string, error) { return NamesOf(ctx, k.Reader) }

// Next gives the next cells with the counts of the genes kept.
func (k *KeptGenes) Next(ctx context.Context) (*Table, error) {
	t, err := k.Reader.Next(ctx)
	if err != nil || k.choice.Place == nil {
		return t, err
	}
	k.table.Obs = t.Obs
	k.choice.Apply(&k.table, t)
	return &k.table, nil
}
