package counts

import (
	"fmt"
	"slices"
	"strconv"
)

// Overlap tells what of one input's genes the joined table has.
type Overlap struct {
	Label string
	Genes int // of the input, repeated names made unique
	Kept  int // of these in the joined table: all of them in an outer join
}

// Overlap is one entry an input.
func (j *Joined) Overlap() []Overlap {
	list := make([]Overlap, len(j.inputs))
	for i := range j.inputs {
		list[i] = Overlap{Label: j.opt.Labels[i], Genes: len(j.inputs[i].names), Kept: j.inputs[i].kept}
	}
	return list
}

// Shared is the number of genes that every input has, by inner and by outer join
// alike, and its share of the genes of the input with the fewest: 1 where those
// are in all others, 0 where it has none.
func (j *Joined) Shared() (genes int, share float64) {
	smallest := len(j.inputs[j.smallest()].names)
	if smallest == 0 {
		return 0, 0
	}
	return j.shared, float64(j.shared) / float64(smallest)
}

// smallest is the first input with the fewest genes.
func (j *Joined) smallest() int {
	s := 0
	for i := range j.inputs {
		if len(j.inputs[i].names) < len(j.inputs[s].names) {
			s = i
		}
	}
	return s
}

const adviceOverlap = "choose names that all inputs have with --gene-id COLUMN, or take versions off Ensembl identifiers with --strip-gene-version"

// checkOverlap refuses inputs that share too few genes; has counts, by gene, the
// inputs that have it.
func (j *Joined) checkOverlap(has map[string]int) error {
	genes, share := j.Shared()
	if share >= j.opt.MinOverlap {
		return nil
	}
	few := j.smallest()
	small := &j.inputs[few]
	found := fmt.Sprintf("%s of the %s genes of %s, the input with the fewest, are in every input: %s%%, less than --min-overlap %v", Thousands(int64(genes)),
		Thousands(int64(len(small.names))), Printable(j.opt.Labels[few]), strconv.FormatFloat(100*share, 'g', 3, 64), j.opt.MinOverlap)
	at := slices.IndexFunc(small.names, func(name string) bool { return has[name] < len(j.inputs) })
	if at >= 0 {
		found += "; " + j.difference(few, small.names[at])
	}
	return &InputError{File: listed(j.opt.Labels, 10), Found: found, Advice: adviceOverlap + ", or lower --min-overlap"}
}

// difference names the first input that lacks a gene of input few, and its first
// gene that few lacks.
func (j *Joined) difference(few int, gene string) string {
	lacks := slices.IndexFunc(j.inputs, func(in joinInput) bool { return !slices.Contains(in.names, gene) })
	text := fmt.Sprintf("%s lacks %s of %s", Printable(j.opt.Labels[lacks]), Printable(gene), Printable(j.opt.Labels[few]))
	own := map[string]bool{}
	for _, name := range j.inputs[few].names {
		own[name] = true
	}
	for _, name := range j.inputs[lacks].names {
		if !own[name] {
			return text + ", which lacks its " + Printable(name)
		}
	}
	return text
}
