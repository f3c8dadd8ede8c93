package counts_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// concat joins tables without cells that have the given genes, labelled a, b, c.
func concat(opt counts.ConcatOptions, genes ...[]string) (*counts.Joined, error) {
	var readers []counts.Reader
	for _, names := range genes {
		readers = append(readers, countstest.Memory(table(nil, names), 1))
	}
	opt.Labels = []string{"a", "b", "c"}[:len(genes)]
	return counts.Concat(readers, opt)
}

func TestOverlap(t *testing.T) {
	a, b, c := []string{"A", "B", "C", "D"}, []string{"D", "A", "X", "A"}, []string{"D", "Y", "A", "B"}
	for _, outer := range []bool{false, true} {
		j, err := concat(counts.ConcatOptions{Outer: outer, MinOverlap: 0.5}, a, b, c)
		if err != nil {
			t.Fatal(err)
		}
		want := []counts.Overlap{{"a", 4, 2}, {"b", 4, 2}, {"c", 4, 2}}
		if outer {
			want = []counts.Overlap{{"a", 4, 4}, {"b", 4, 4}, {"c", 4, 4}}
		}
		if genes, share := j.Shared(); !slices.Equal(j.Overlap(), want) || genes != 2 || share != 0.5 {
			t.Errorf("outer %v: got %v, %d, %v", outer, j.Overlap(), genes, share)
		}
	}
	j, err := concat(counts.ConcatOptions{MinOverlap: 1}, a)
	if err != nil {
		t.Fatal(err)
	}
	if genes, share := j.Shared(); genes != 4 || share != 1 {
		t.Errorf("one input shares %d, %v", genes, share)
	}
}

func TestOverlapRefuses(t *testing.T) {
	const advice = ": choose names that all inputs have with --gene-id COLUMN, or take versions off Ensembl identifiers with --strip-gene-version"
	for _, c := range []struct {
		opt   counts.ConcatOptions
		genes [][]string
		want  string
	}{
		{counts.ConcatOptions{MinOverlap: 0.5}, [][]string{{"A", "B", "C", "D"}, {"D", "X", "Y"}},
			"a, b: 1 of the 3 genes of b, the input with the fewest, are in every input: 33.3%, less than --min-overlap 0.5; a lacks X of b, which lacks its A" + advice + ", or lower --min-overlap"},
		{counts.ConcatOptions{MinOverlap: 0.6, Outer: true}, [][]string{{"A", "B"}, {"A", "B", "C"}, {"A", "C", "B-1"}},
			"a, b, c: 1 of the 2 genes of a, the input with the fewest, are in every input: 50%, less than --min-overlap 0.6; c lacks B of a, which lacks its C" + advice + ", or lower --min-overlap"},
		{counts.ConcatOptions{MinOverlap: 0.1, Outer: true}, [][]string{{"CD3D"}, {"ENSG1"}},
			"a, b: 0 of the 1 genes of a, the input with the fewest, are in every input: 0%, less than --min-overlap 0.1; b lacks CD3D of a, which lacks its ENSG1" + advice + ", or lower --min-overlap"},
		{counts.ConcatOptions{MinOverlap: 0.1}, [][]string{{"CD3D"}, {"ENSG1"}},
			"b: no gene name is in every input: its first is ENSG1, that of a is CD3D" + advice},
		{counts.ConcatOptions{MinOverlap: 1.5}, [][]string{{"A"}, {"A"}}, "joining inputs: the least overlap is 1.5, not 0 to 1"},
	} {
		if _, err := concat(c.opt, c.genes...); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// TestOverlapNaive counts genes by looking each up in every list.
func TestOverlapNaive(t *testing.T) {
	letters := rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B", "C", "D", "E", "F"}), 1, 6)
	rapid.Check(t, func(t *rapid.T) {
		genes := rapid.SliceOfN(letters, 1, 3).Draw(t, "genes")
		opt := counts.ConcatOptions{Outer: rapid.Bool().Draw(t, "outer"), MinOverlap: rapid.SampledFrom([]float64{0, 0.25, 0.5, 1}).Draw(t, "least")}
		unique, fewest := [][]string{}, 100
		for _, names := range genes {
			names = slices.Clone(names)
			counts.MakeUnique(names)
			unique, fewest = append(unique, names), min(fewest, len(names))
		}
		shared := 0
		everywhere := func(name string) bool {
			return !slices.ContainsFunc(unique, func(names []string) bool { return !slices.Contains(names, name) })
		}
		for _, name := range unique[0] {
			if everywhere(name) {
				shared++
			}
		}
		share := float64(shared) / float64(fewest)
		refused := share < opt.MinOverlap || shared == 0 && !opt.Outer
		j, err := concat(opt, genes...)
		if input := (*counts.InputError)(nil); refused != errors.As(err, &input) {
			t.Fatalf("%d shared, %v of the fewest: got %v", shared, share, err)
		}
		if refused {
			return
		}
		for i, o := range j.Overlap() {
			kept := 0
			for _, name := range unique[i] {
				if opt.Outer || everywhere(name) {
					kept++
				}
			}
			if o.Genes != len(unique[i]) || o.Kept != kept {
				t.Fatalf("got %+v, want %d of %d", o, kept, len(unique[i]))
			}
		}
		if g, s := j.Shared(); g != shared || s != share {
			t.Fatalf("got %d, %v, want %d, %v", g, s, shared, share)
		}
	})
}
