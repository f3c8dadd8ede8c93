package report

import (
	"fmt"
	"strings"
)

// reasons are what a stage can count as left out or as worth knowing: the count's
// name in run.json, in the order of the page.
var reasons = []struct {
	name, of string // of: cells or genes
	kept     bool   // stays in, and is said all the same
	why      string
	flag     string
}{
	{"cells_left_out_keep", "cells", false, "do not meet --keep", "--keep"},
	{"cells_left_out_min_counts", "cells", false, "have fewer counts than --min-counts", "--min-counts"},
	{"cells_without_counts", "cells", true, "have no counts at all, and are kept", "--min-counts 1 leaves them out"},
	{"cells_test", "cells", true, "are in neither training nor validation, and are embedded all the same", "--train-size, --validation-size, --split"},
	{"genes_left_out_keep_genes", "genes", false, "do not meet --keep-genes", "--keep-genes"},
	{"genes_left_out_genes", "genes", false, "are not among the genes asked for", "--genes; of a query, the reference's genes"},
	{"genes_left_out_min_cells", "genes", false, "are found in fewer cells than --min-cells", "--min-cells"},
	{"genes_left_out_n_top_genes", "genes", false, "vary less than those selected", "--n-top-genes"},
	{"genes_missing", "genes", true, "of the model are not in the data, and count as 0", "--min-gene-overlap"},
}

// flowRow is a line of the account of cells or of genes.
type flowRow struct {
	What, Number, Flag string
	Out, Total         bool
}

// flow is the account of cells, or of genes: read, left out and why, kept.
type flow struct {
	Of   string
	Rows []flowRow
	read int64
	left int64
}

// flows are the accounts of cells and genes.
func (d *Data) flows() []flow {
	cells, genes := flow{Of: "cells"}, flow{Of: "genes"}
	var rows [2][]flowRow
	for _, r := range reasons {
		f, at := &cells, 0
		if r.of == "genes" {
			f, at = &genes, 1
		}
		n := d.counted(r.name)
		if n == 0 {
			continue
		}
		sign := "− "
		if r.kept {
			sign = ""
		} else {
			f.left += n
		}
		rows[at] = append(rows[at], flowRow{What: r.why, Number: sign + thousands(n), Flag: r.flag, Out: !r.kept})
	}
	if n := int64(d.Genes) - genes.left + d.counted("genes_left_out_keep_genes") - int64(d.Selected); n > 0 {
		rows[1] = append(rows[1], flowRow{What: "were left out by prepare; run.json does not say why", Number: "− " + thousands(n), Out: true})
		genes.left += n
	}
	cells.finish(int64(d.Cells), rows[0], "in the latent")
	cells.Rows = append(cells.Rows, flowRow{What: "of these held out for validation", Number: thousands(int64(d.Validation)), Flag: "--train-size, --validation-size"})
	genes.finish(int64(d.Selected), rows[1], "in the model")
	return []flow{cells, genes}
}

// finish puts what was read before the reasons, and what is left after those that
// take away.
func (f *flow) finish(kept int64, rows []flowRow, where string) {
	f.read = kept + f.left
	f.Rows = append(f.Rows, flowRow{What: "read from the input", Number: thousands(f.read), Total: true})
	for _, r := range rows {
		if r.Out {
			f.Rows = append(f.Rows, r)
		}
	}
	if f.left == 0 {
		f.Rows = append(f.Rows, flowRow{What: "left out", Number: "0"})
	}
	f.Rows = append(f.Rows, flowRow{What: where, Number: thousands(kept), Total: true})
	for _, r := range rows {
		if !r.Out {
			f.Rows = append(f.Rows, r)
		}
	}
}

// counted is a count of all stages. Where several inputs were read apart, each has
// its own cells, and may lack the same genes as others: cells add up, of genes the
// most that one entry counted stands.
func (d *Data) counted(name string) (n int64) {
	of := map[string]int64{} // by stage: two stages may count the same thing
	for _, s := range d.Stages {
		v := s.Counts[name]
		if strings.HasPrefix(name, "cells_left_out") {
			of[s.Name] += v
		} else {
			of[s.Name] = max(of[s.Name], v)
		}
	}
	for _, v := range of {
		n = max(n, v)
	}
	return n
}

// said is a warning, and how often it was given.
type said struct {
	Stage, Text, Often string
}

// warnings are those of all stages, each once.
func (d *Data) warnings() (all []said) {
	at, times := map[said]int{}, []int{}
	for _, s := range d.Stages {
		for _, w := range s.Warnings {
			key := said{Stage: s.Name, Text: w}
			if i, again := at[key]; again {
				times[i]++
				continue
			}
			at[key] = len(all)
			all, times = append(all, key), append(times, 1)
		}
	}
	for i, n := range times {
		if n > 1 {
			all[i].Often = fmt.Sprintf(" (%d times)", n)
		}
	}
	return all
}
