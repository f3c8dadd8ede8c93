package counts

import (
	"slices"
	"testing"
)

func TestKeepTypes(t *testing.T) {
	types := []string{"Peaks", "Gene Expression", "Antibody Capture", "Gene Expression"}
	for _, c := range []struct {
		wanted              []string
		kept                []bool
		note, fault, advice string
	}{
		{nil, []bool{false, true, false, true}, "features other than Gene Expression are left out: 1 Antibody Capture and 1 Peaks (--feature-types all keeps them)", "", ""},
		{[]string{"all"}, []bool{true, true, true, true}, "", "", ""},
		{[]string{"Peaks", "Antibody Capture"}, []bool{true, false, true, false}, "features other than Peaks, Antibody Capture are left out: 2 Gene Expression (--feature-types all keeps them)", "", ""},
		{[]string{"Gene expression"}, []bool{true, true, true, true}, "", "has no features of type Gene expression; it has 1 Antibody Capture, 2 Gene Expression and 1 Peaks", "choose with --feature-types, or --feature-types all"},
	} {
		kept := []bool{true, true, true, true}
		note, fault, advice := KeepTypes(kept, types, c.wanted)
		if !slices.Equal(kept, c.kept) || note != c.note || fault != c.fault || advice != c.advice {
			t.Errorf("%q: got %v %q %q %q", c.wanted, kept, note, fault, advice)
		}
	}
}

// TestGeneChoice: in the table's own memory as in another's.
func TestGeneChoice(t *testing.T) {
	genes := &Frame{Names: []string{"a", "b", "c", "d"}}
	chosen, choice := ChooseGenes(genes, []bool{true, false, false, true})
	if !slices.Equal(chosen.Names, []string{"a", "d"}) {
		t.Errorf("genes %v", chosen.Names)
	}
	table := func() *Table {
		return &Table{Indptr: []int64{0, 2, 2, 5, 6}, Genes: []uint32{1, 3, 0, 2, 3, 1}, Values: []float64{1, 2, 3, 4, 5, 6}}
	}
	own, other := table(), &Table{}
	choice.Apply(other, own)
	choice.Apply(own, own)
	for _, got := range []*Table{own, other} {
		if !slices.Equal(got.Indptr, []int64{0, 1, 1, 3, 3}) || !slices.Equal(got.Genes, []uint32{1, 0, 1}) || !slices.Equal(got.Values, []float64{2, 3, 5}) {
			t.Errorf("got %v %v %v", got.Indptr, got.Genes, got.Values)
		}
	}
	if all, choice := ChooseGenes(genes, []bool{true, true, true, true}); all != genes || choice.Place != nil {
		t.Error("all genes are chosen, and something is done")
	}
}

func TestList(t *testing.T) {
	for want, n := range map[string]int{"": 0, "a": 1, "a and b": 2, "a, b and c": 3, "a, b, c, d, e, f, g, h, i, j, k, l and 3 more": 15} {
		if got := List([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"}[:n], "and"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
