package stages

import (
	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/model/de"
)

// deNumber is a column of numbers, one a gene.
type deNumber struct {
	name string
	of   func(g int) float64
}

// numbers are the columns of numbers, in scvi-tools' order. Of a table's columns
// the names alone matter: r may be empty.
func (r *compared) numbers(o DEOptions) []deNumber {
	list := r.tested()
	if o.change() {
		list = r.changed()
	}
	if !o.AllStats {
		return list
	}
	for _, s := range []struct {
		name     string
		one, two []float64
	}{
		{"raw_mean", r.raw1.mean, r.raw2.mean},
		{"non_zeros_proportion", r.raw1.nonzero, r.raw2.nonzero},
		{"raw_normalized_mean", r.raw1.normalized, r.raw2.normalized},
	} {
		list = append(list, deNumber{s.name + "1", func(g int) float64 { return s.one[g] }}, deNumber{s.name + "2", func(g int) float64 { return s.two[g] }})
	}
	return list
}

// tested are those of mode vanilla.
func (r *compared) tested() []deNumber {
	of := func(name string, value func(p *de.Preference) float64) deNumber {
		return deNumber{name, func(g int) float64 { return value(&r.preferences[g]) }}
	}
	return []deNumber{
		of("proba_m1", func(p *de.Preference) float64 { return p.M1.P }),
		of("proba_m2", func(p *de.Preference) float64 { return p.M2.P }),
		of("proba_m1_mc_error", func(p *de.Preference) float64 { return p.M1.Error }),
		of("proba_m2_mc_error", func(p *de.Preference) float64 { return p.M2.Error }),
		of("bayes_factor", func(p *de.Preference) float64 { return p.BayesFactor }),
		of("scale1", func(p *de.Preference) float64 { return p.Scale1 }),
		of("scale2", func(p *de.Preference) float64 { return p.Scale2 }),
	}
}

// changed are those of mode change.
func (r *compared) changed() []deNumber {
	of := func(name string, value func(e *de.Effect) float64) deNumber {
		return deNumber{name, func(g int) float64 { return value(&r.effects[g]) }}
	}
	return []deNumber{
		of("proba_de", func(e *de.Effect) float64 { return e.DE.P }),
		of("proba_not_de", func(e *de.Effect) float64 { return e.NotDE.P }),
		of("proba_de_mc_error", func(e *de.Effect) float64 { return e.DE.Error }),
		of("proba_not_de_mc_error", func(e *de.Effect) float64 { return e.NotDE.Error }),
		of("bayes_factor", func(e *de.Effect) float64 { return e.BayesFactor }),
		of("scale1", func(e *de.Effect) float64 { return e.Scale1 }),
		of("scale2", func(e *de.Effect) float64 { return e.Scale2 }),
		{"pseudocounts", func(int) float64 { return r.pseudocounts }},
		{"delta", func(int) float64 { return r.delta }},
		of("lfc_mean", func(e *de.Effect) float64 { return e.LFC.Mean }),
		of("lfc_median", func(e *de.Effect) float64 { return e.LFC.Median }),
		of("lfc_std", func(e *de.Effect) float64 { return e.LFC.Std }),
		of("lfc_min", func(e *de.Effect) float64 { return e.LFC.Min }),
		of("lfc_max", func(e *de.Effect) float64 { return e.LFC.Max }),
	}
}

// called is the name of the column that marks the genes reported at the target.
func (o DEOptions) called() string { return "is_de_fdr_" + counts.PythonFloat(o.FDRTarget) }

// deSchema is the table's.
func deSchema(o DEOptions) results.Schema {
	s := results.Schema{Index: "gene_id", Columns: []results.Field{{Name: "gene_id", Type: results.String}}}
	for _, n := range new(compared).numbers(o) {
		s.Columns = append(s.Columns, results.Field{Name: n.name, Type: results.Float64})
	}
	if o.change() {
		s.Columns = append(s.Columns, results.Field{Name: o.called(), Type: results.Bool})
	}
	for _, name := range []string{"comparison", "group1", "group2"} {
		s.Columns = append(s.Columns, results.Field{Name: name, Type: results.String})
	}
	return s
}

// columns are a comparison's rows: its genes in their order, those that wanted
// (G) leaves out excepted. found is how many genes are reported, of all.
func (r *compared) columns(o DEOptions, genes []string, wanted []bool) (list []results.Column, found int) {
	order := r.order()
	if o.change() {
		found = de.Discoveries(r.probabilities(order), o.FDRTarget)
	}
	ids, called, kept := []string{}, []bool{}, []int{}
	for i, g := range order {
		if wanted[g] {
			ids, called, kept = append(ids, genes[g]), append(called, i < found), append(kept, g)
		}
	}
	list = append(list, results.Column{Name: "gene_id", String: ids})
	for _, n := range r.numbers(o) {
		values := make([]float64, len(kept))
		for i, g := range kept {
			values[i] = n.of(g)
		}
		list = append(list, results.Column{Name: n.name, Float64: values})
	}
	if o.change() {
		list = append(list, results.Column{Name: o.called(), Bool: called})
	}
	for _, x := range []struct{ name, value string }{{"comparison", r.text()}, {"group1", r.name1}, {"group2", r.name2}} {
		list = append(list, results.Column{Name: x.name, String: repeat(x.value, len(kept))})
	}
	return list, found
}

// probabilities are those of a change, of the genes in their order.
func (r *compared) probabilities(order []int) []float64 {
	p := make([]float64, len(order))
	for i, g := range order {
		p[i] = r.effects[g].DE.P
	}
	return p
}

// repeat is n times the same.
func repeat(text string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = text
	}
	return list
}
