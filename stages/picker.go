package stages

import (
	"slices"

	"cellvi/io/store"
	"cellvi/pipeline"
)

// picker maps the store's genes to the model's.
type picker struct {
	index []int32 // of each gene of the store among the model's, -1: not one of them
	genes int
	// unsorted tells that the model's genes stand in another order in the store: a cell's
	// counts are then sorted.
	unsorted bool
}

// newPicker numbers the picked genes in the store's order.
func newPicker(picked []bool) picker {
	p := picker{index: make([]int32, len(picked))}
	for i, yes := range picked {
		p.index[i] = -1
		if yes {
			p.index[i] = int32(p.genes)
			p.genes++
		}
	}
	return p
}

// pickNamed numbers the store's genes as names does, whatever their order in the store.
// Every name must be there, but for those that absent lists: they count as 0.
func pickNamed(st *store.Store, names, absent []string, dir string) (picker, error) {
	p, missing := pickPresent(st, names)
	missing = slices.DeleteFunc(missing, func(n string) bool { return slices.Contains(absent, n) })
	if len(missing) > 0 {
		return p, pipeline.BadInput("%s: %d of the model's %d genes are not in the store, the first %s: embed data with the genes that the model was trained on, or map them with cellvi query", dir, len(missing), len(names), missing[0])
	}
	return p, nil
}

// pickPresent numbers the store's genes as names does, and lists the names that are
// not there.
func pickPresent(st *store.Store, names []string) (p picker, missing []string) {
	p = picker{index: make([]int32, len(st.Genes().Names)), genes: len(names)}
	at := map[string]int{}
	for i, n := range st.Genes().Names {
		at[n], p.index[i] = i, -1
	}
	last := -1
	for k, n := range names {
		i, ok := at[n]
		if !ok {
			missing = append(missing, n)
			continue
		}
		p.index[i], p.unsorted, last = int32(k), p.unsorted || i < last, i
	}
	return p, missing
}
