package tenx

import (
	"fmt"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// readGenes reads the genes of version 2: symbols and identifiers.
func (m *matrix) readGenes(opt Options) error {
	if t := opt.FeatureTypes; len(t) > 0 && !slices.Contains(t, "all") && !slices.Contains(t, counts.GeneExpression) {
		return hdf5.Fault(m.at, "has genes alone, but features of type "+counts.List(t, "and")+" are asked for", "leave --feature-types out")
	}
	names, err := m.readLabels(m.at, "gene_names")
	if err != nil {
		return err
	}
	m.genes.Names = names
	ids, err := m.readColumn(m.at, "genes")
	if err != nil {
		return err
	}
	ids.Name = "gene_ids"
	m.genes.Columns = []counts.Column{*ids}
	return nil
}

// readFeatures reads the features of version 3 and keeps those that opt chooses.
func (m *matrix) readFeatures(opt Options) error {
	if kind, err := m.at.Kind("features"); err != nil {
		return err
	} else if kind != hdf5.IsGroup {
		return hdf5.Fault(m.at, "has no group features", "is it a matrix of Cell Ranger's?")
	}
	g, err := m.at.OpenGroup("features")
	if err != nil {
		return err
	}
	defer g.Close()
	if err := m.readNames(g); err != nil {
		return err
	}
	order, err := columnOrder(g)
	if err != nil {
		return err
	}
	for _, c := range order {
		if err := m.addColumn(g, c); err != nil {
			return err
		}
	}
	return m.keep(g, opt)
}

// readNames names the features by symbol; by identifier in files that have none,
// which Cell Ranger does not write, but others do.
func (m *matrix) readNames(g *hdf5.Group) error {
	member := "name"
	named, err := has(g, member)
	if err != nil {
		return err
	}
	if !named {
		member = "id"
		m.notes = append(m.notes, "genes are named by features/id: there is no features/name")
	}
	m.genes.Names, err = m.readLabels(g, member)
	return err
}

// renamed is a member of features and what its column is called.
type renamed struct{ member, column string }

// columnOrder lists the annotations as scanpy orders and names them. Where features
// are probes of genes, gene_id names the gene, and id the probe.
func columnOrder(g *hdf5.Group) ([]renamed, error) {
	members, err := g.Names()
	if err != nil {
		return nil, err
	}
	order := []renamed{{"id", "gene_ids"}, {"feature_type", "feature_types"}}
	if slices.Contains(members, "gene_id") {
		order = []renamed{{"gene_id", "gene_ids"}, {"id", "probe_ids"}, {"feature_type", "feature_types"}}
	}
	order = slices.DeleteFunc(order, func(r renamed) bool { return !slices.Contains(members, r.member) })
	for _, name := range members {
		switch name {
		case "name", "id", "gene_id", "feature_type", "_all_tag_keys":
		default:
			order = append(order, renamed{name, name})
		}
	}
	return order, nil
}

// essential are the annotations whose fault is the file's; others are left out.
func essential(member string) bool {
	return member == "id" || member == "gene_id" || member == "feature_type" || member == "genome"
}

// addColumn reads one annotation of all features.
func (m *matrix) addColumn(g *hdf5.Group, r renamed) error {
	if essential(r.member) {
		c, err := m.readColumn(g, r.member)
		if err != nil {
			return err
		}
		c.Name = r.column
		m.genes.Columns = append(m.genes.Columns, *c)
		return nil
	}
	c, why, err := hdf5.OpenColumn(g, r.member)
	if err != nil {
		return err
	}
	if c != nil {
		defer c.Close()
		if c.Len() != m.features {
			why = fmt.Sprintf("has %d values for %d features", c.Len(), m.features)
		}
	}
	if why == "" {
		why, err = m.tooLarge(g, c)
	}
	if err != nil {
		return err
	}
	if why != "" {
		m.notes = append(m.notes, fmt.Sprintf("gene annotation %s is left out: it %s", counts.Printable(r.member), why))
		return nil
	}
	var read counts.Column
	if err := c.Read(0, m.features, &read); err != nil {
		return err
	}
	m.genes.Columns = append(m.genes.Columns, read)
	return nil
}

// tooLarge is hdf5.TooLarge of a column that fits the memory.
func (m *matrix) tooLarge(g *hdf5.Group, c *hdf5.Column) (why string, err error) {
	if _, err := m.how.FitColumns(g, c.Values()); err != nil {
		return "", err
	}
	return hdf5.TooLarge(c.Values())
}

// readLabels reads names, of which each feature must have one.
func (m *matrix) readLabels(g *hdf5.Group, name string) ([]string, error) {
	c, err := m.column(g, name, m.features, "features")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Labels(0, m.features)
}

// readColumn reads a column that must have a value for each feature. Numbers too
// large for a table become text.
func (m *matrix) readColumn(g *hdf5.Group, name string) (*counts.Column, error) {
	c, err := m.column(g, name, m.features, "features")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	read := counts.Column{Name: name, Kind: counts.String}
	why, err := hdf5.TooLarge(c.Values())
	switch {
	case err != nil:
		return nil, err
	case why != "":
		read.Strings, err = c.Labels(0, m.features)
	default:
		err = c.Read(0, m.features, &read)
	}
	return &read, err
}

// texts are the values of a column as names.
func texts(c *counts.Column) []string {
	names := make([]string, c.Len())
	for i := range names {
		names[i] = c.Text(i)
	}
	return names
}
