package stages

import (
	"cellvi/io/store"
	"cellvi/pipeline"
)

// picker maps the store's genes to the model's.
type picker struct {
	index []int32 // of each gene of the store among the model's, -1: not one of them
	genes int
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

// pickNamed numbers the store's genes as names does; every name must be there.
func pickNamed(st *store.Store, names []string, dir string) (picker, error) {
	p := picker{index: make([]int32, len(st.Genes().Names)), genes: len(names)}
	at := map[string]int{}
	for i, n := range st.Genes().Names {
		at[n], p.index[i] = i, -1
	}
	last, missing, first := -1, 0, ""
	for k, n := range names {
		i, ok := at[n]
		if !ok {
			if missing++; missing == 1 {
				first = n
			}
			continue
		}
		if i < last {
			return p, pipeline.BadInput("the store's genes are in another order than the model's (%s): ingest the file again with the model's gene order", n)
		}
		p.index[i], last = int32(k), i
	}
	if missing > 0 {
		return p, pipeline.BadInput("%s: %d of the model's %d genes are not in the store, the first %s: embed data with the genes that the model was trained on", dir, missing, len(names), first)
	}
	return p, nil
}
