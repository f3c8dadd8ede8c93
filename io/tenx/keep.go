package tenx

import (
	"fmt"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

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
	genes, choice := counts.ChooseGenes(&m.genes, kept)
	m.genes, m.choice = *genes, choice
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
	column := m.genes.Column("feature_types")
	switch {
	case column == nil && len(types) > 0:
		return hdf5.Fault(g, "has no feature_type, but features of type "+counts.List(types, "and")+" are asked for", "leave --feature-types out")
	case column == nil:
		m.notes = append(m.notes, "all features are read: there is no features/feature_type")
		return nil
	}
	note, fault, advice := counts.KeepTypes(kept, texts(column), types)
	if fault != "" {
		return hdf5.Fault(g, fault, advice)
	}
	if note != "" {
		m.notes = append(m.notes, note)
	}
	return nil
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
