package counts

import "slices"

// GeneChoice is the way from the genes of a table to those of them that are kept.
type GeneChoice struct {
	Place []int32 // of each gene among those kept, -1 where it is left out; nil: all are kept
}

// ChooseGenes are the genes that are kept, and the way to them. The frame is genes
// itself where all are.
func ChooseGenes(genes *Frame, kept []bool) (*Frame, GeneChoice) {
	if !slices.Contains(kept, false) {
		return genes, GeneChoice{}
	}
	place, rows := make([]int32, len(kept)), []int{}
	for g, keep := range kept {
		place[g] = -1
		if keep {
			place[g] = int32(len(rows))
			rows = append(rows, g)
		}
	}
	chosen := &Frame{}
	chosen.take(genes, rows)
	return chosen, GeneChoice{place}
}

// Apply makes to's Indptr, Genes and Values those of from, genes that are left out
// without. to may be from.
func (c GeneChoice) Apply(to, from *Table) {
	if c.Place == nil {
		to.Indptr, to.Genes, to.Values = from.Indptr, from.Genes, from.Values
		return
	}
	indptr, genes, values := to.Indptr[:0], to.Genes[:0], to.Values[:0]
	lo := int64(0) // what is written lies before what is still to be read
	indptr = append(indptr, 0)
	for i := 1; i < len(from.Indptr); i++ {
		hi := from.Indptr[i]
		for k := lo; k < hi; k++ {
			if place := c.Place[from.Genes[k]]; place >= 0 {
				genes, values = append(genes, uint32(place)), append(values, from.Values[k])
			}
		}
		lo, indptr = hi, append(indptr, int64(len(genes)))
	}
	to.Indptr, to.Genes, to.Values = indptr, genes, values
}
