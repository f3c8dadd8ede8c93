package tenx

import (
	"fmt"
	"slices"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// GeneExpression is the type of features that are read where none is chosen.
const GeneExpression = "Gene Expression"

// keep chooses among the features by genome and by type, and says what goes.
func (m *matrix) keep(g *hdf5.Group, opt Options) error {
	kept := make([]bool, m.features)
	for i := range kept {
		kept[i] = true
	}
	if opt.Genome != "" {
		if err := m.keepGenome(g, opt.Genome, kept); err != nil {
			return err
		}
	}
	if err := m.keepTypes(g, opt.FeatureTypes, kept); err != nil {
		return err
	}
	m.cut(kept)
	return nil
}

// keepGenome keeps the features of one genome.
func (m *matrix) keepGenome(g *hdf5.Group, genome string, kept []bool) error {
	column := m.genes.Column("genome")
	if column == nil {
		return hdf5.Fault(g, "has no genome, but --genome "+genome+" is given", "leave --genome out")
	}
	values, found := texts(column), 0
	for i, v := range values {
		if kept[i] = v == genome; kept[i] {
			found++
		}
	}
	if found == 0 {
		there := distinct(values, nil)
		there = slices.DeleteFunc(there, func(g string) bool { return g == "" }) // that of antibodies
		if len(there) == 0 {
			return hdf5.Fault(g, "names no genome, but --genome "+genome+" is given", "leave --genome out")
		}
		e := noGenome(there)
		return hdf5.Fault(g, "has no features of genome "+genome+": "+e.Found, e.Advice)
	}
	if left := len(values) - found; left > 0 {
		m.notes = append(m.notes, fmt.Sprintf("features of other genomes than %s are left out: %s", counts.Printable(genome), counts.Thousands(int64(left))))
	}
	return nil
}

// keepTypes keeps the features of the types asked for, else Gene Expression.
func (m *matrix) keepTypes(g *hdf5.Group, types []string, kept []bool) error {
	if slices.Contains(types, "all") {
		return nil
	}
	column := m.genes.Column("feature_types")
	switch {
	case column == nil && len(types) > 0:
		return hdf5.Fault(g, "has no feature_type, but features of type "+list(types, "and")+" are asked for", "leave --feature-types out")
	case column == nil:
		m.notes = append(m.notes, "all features are read: there is no features/feature_type")
		return nil
	case len(types) == 0:
		types = []string{GeneExpression}
	}
	values := texts(column)
	there := distinct(values, kept)
	for _, t := range types {
		if !slices.Contains(there, t) && m.features > 0 {
			return noType(g, t, there)
		}
	}
	left := map[string]int{}
	for i, v := range values {
		if kept[i] && !slices.Contains(types, v) {
			kept[i] = false
			left[v]++
		}
	}
	m.noteTypes(types, there, left)
	return nil
}

// noType says that no feature is of a type that was asked for.
func noType(g *hdf5.Group, asked string, there []string) error {
	flags := make([]string, len(there))
	for i, t := range there {
		flags[i] = "--feature-types '" + t + "'"
	}
	return hdf5.Fault(g, "has no features of type "+asked+", but of "+list(there, "and"), "choose with "+list(flags, "or"))
}

// noteTypes says how many features of which types go.
func (m *matrix) noteTypes(types, there []string, left map[string]int) {
	var parts []string
	for _, t := range there {
		if left[t] > 0 {
			parts = append(parts, counts.Thousands(int64(left[t]))+" "+counts.Printable(t))
		}
	}
	if len(parts) > 0 {
		m.notes = append(m.notes, fmt.Sprintf("features other than %s are left out: %s (--feature-types all keeps them)", strings.Join(types, ", "), list(parts, "and")))
	}
}

// distinct are the values of kept rows (nil: of all) as first met.
func distinct(values []string, kept []bool) (list []string) {
	seen := map[string]bool{}
	for i, v := range values {
		if (kept == nil || kept[i]) && !seen[v] {
			seen[v] = true
			list = append(list, v)
		}
	}
	return list
}

// cut leaves the kept features in genes, and the way to them in place.
func (m *matrix) cut(kept []bool) {
	if !slices.Contains(kept, false) {
		return
	}
	all := m.genes
	m.place = make([]int32, len(kept))
	m.genes = all.Header()
	for lo := 0; lo < len(kept); {
		hi := lo + 1
		for hi < len(kept) && kept[hi] == kept[lo] {
			hi++
		}
		m.placeRun(lo, hi, kept[lo], &all)
		lo = hi
	}
}

// placeRun keeps the features lo to hi, or drops them.
func (m *matrix) placeRun(lo, hi int, keep bool, all *counts.Frame) {
	next := int32(m.genes.Len())
	for i := lo; i < hi; i++ {
		m.place[i] = -1
		if keep {
			m.place[i] = next
			next++
		}
	}
	if keep {
		run := all.Slice(lo, hi)
		m.genes.Append(&run)
	}
}

// drop takes the counts of features that are not kept out of t.
func (m *matrix) drop(t *counts.Table) {
	if m.place == nil {
		return
	}
	w, lo := int64(0), int64(0)
	for i := 1; i < len(t.Indptr); i++ {
		hi := t.Indptr[i]
		for k := lo; k < hi; k++ {
			if to := m.place[t.Genes[k]]; to >= 0 {
				t.Genes[w], t.Values[w] = uint32(to), t.Values[k]
				w++
			}
		}
		t.Indptr[i], lo = w, hi
	}
	t.Genes, t.Values = t.Genes[:w], t.Values[:w]
}
