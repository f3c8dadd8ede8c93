package arrowtable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// The layouts of tables, as Options.Layout takes them.
const (
	Wide = "wide" // a row a cell, a column of numbers a gene
	Long = "long" // a row a count: columns cell, gene, count
	List = "list" // a row a cell: a list of genes and a list of counts
)

// Names by which columns are known, in the order in which they are looked for;
// of long tables in any case.
var (
	cellNames  = []string{"cell", "cell_id", "barcode", "obs"}
	geneNames  = []string{"gene", "gene_id", "gene_name", "feature", "var"}
	countNames = []string{"count", "value", "counts", "umi", "n"}
	// moreOfGenes, like the rest of geneNames, annotate genes in a long table.
	moreOfGenes = []string{"gene_symbol", "symbol", "gene_ids", "gene_names", "feature_id", "feature_name", "feature_type"}

	geneLists  = []string{"genes", "gene", "gene_ids", "indices", "gene_indices", "features", "var"}
	countLists = []string{"counts", "values", "data", "expressions", "count", "umis"}

	// summaries are what tools compute of a cell's counts: taken for genes in a wide
	// table, but said.
	summaries = []string{"n_genes", "n_counts", "total_counts", "n_genes_by_counts", "pct_counts_mt", "total_counts_mt",
		"log1p_total_counts", "log1p_n_genes_by_counts", "nCount_RNA", "nFeature_RNA", "percent.mt", "percent_mito", "doublet_score",
		"size_factor", "n_umi", "nUMI", "nGene"}
)

// plan is the layout of a table and what its columns are in it.
type plan struct {
	layout      string
	cell        int // names of cells; -1 for row numbers
	gene, count int // of long and list
	genes       []int
	annotations []int // of cells
	ofGenes     []int // annotations of genes in a long table
	notes       []string
}

// plan recognizes the layout: see the package's comment.
func (t *table) plan(opt Options) (*plan, error) {
	for _, name := range opt.ObsColumns {
		if t.find(name) < 0 {
			return nil, t.fault(name, "there is no such column", "--obs-columns names columns of the table")
		}
	}
	if opt.CellColumn != "" && t.find(opt.CellColumn) < 0 {
		return nil, t.fault(opt.CellColumn, "there is no such column", "--cell-column names a column of the table")
	}
	p := &plan{cell: -1, gene: -1, count: -1}
	fits := map[string]func(*plan, Options) bool{List: t.findLists, Long: t.findLong, Wide: t.findWide}
	for _, layout := range []string{List, Long, Wide} {
		if opt.Layout != "" && opt.Layout != layout || !fits[layout](p, opt) {
			continue
		}
		p.layout = layout
		return p, t.settle(p, opt)
	}
	return nil, t.noLayout(opt)
}

func (t *table) noLayout(opt Options) error {
	wants := map[string]string{
		Wide: "a column of numbers for each gene",
		Long: "a column cell (or " + strings.Join(cellNames[1:], ", ") + "), a column gene (or " + strings.Join(geneNames[1:], ", ") +
			") and a column of numbers count (or " + strings.Join(countNames[1:], ", ") + ")",
		List: "a column genes of lists of whole numbers or text, and a column counts of lists of numbers",
	}
	found := fmt.Sprintf("its %s columns (%s) are in none of the layouts wide, long and list", counts.Thousands(int64(len(t.columns))), quoted(t.names(nil)))
	advice := "a wide table has " + wants[Wide] + "; a long one " + wants[Long] + "; one of lists " + wants[List]
	if want, ok := wants[opt.Layout]; ok {
		found = fmt.Sprintf("its %s columns (%s) are not in the layout %s", counts.Thousands(int64(len(t.columns))), quoted(t.names(nil)), opt.Layout)
		advice = "it needs " + want + ": name another with --table-layout"
	}
	return t.fault("", found, advice)
}

// findWide takes every column of numbers for a gene, but for the named ones, the
// names of rows, and all levels of a pandas index.
func (t *table) findWide(p *plan, opt Options) bool {
	p.genes = nil
	index := t.pandasIndex()
	for k, c := range t.columns {
		if !c.class.number() || slices.Contains(opt.ObsColumns, c.name) || slices.Contains(index, c.name) {
			continue
		}
		if c.class == whole && slices.Contains(nameColumns, c.name) || c.name == opt.CellColumn {
			continue
		}
		p.genes = append(p.genes, k)
	}
	return len(p.genes) > 0
}

// findLong looks for the three columns by name.
func (t *table) findLong(p *plan, opt Options) bool {
	keys := func(c class) bool { return c == text || c == category || c == whole }
	p.cell, p.gene, p.count = t.among(cellNames, keys), t.among(geneNames, keys), t.among(countNames, class.number)
	if opt.CellColumn != "" {
		p.cell = t.find(opt.CellColumn)
	}
	if p.cell >= 0 && p.gene >= 0 && p.count >= 0 {
		return true
	}
	p.cell, p.gene, p.count = -1, -1, -1
	return false
}

// among is the first column of the names, in whichever case, whose class will do.
func (t *table) among(names []string, do func(class) bool) int {
	for _, name := range names {
		for k, c := range t.columns {
			if strings.EqualFold(c.name, name) && do(c.class) {
				return k
			}
		}
	}
	return -1
}

// element is the class of a list's values.
func element(t arrow.DataType) class {
	if l, ok := storage(t).(arrow.ListLikeType); ok {
		return classOf(l.Elem())
	}
	return other
}

// findLists looks for the two lists: by name, else those that are alone in being
// what they must be.
func (t *table) findLists(p *plan, _ Options) bool {
	genes := func(k int) bool {
		c := element(t.columns[k].typ)
		return t.columns[k].class == list && k != p.count && (c == whole || c == text || c == category)
	}
	values := func(k int) bool {
		return t.columns[k].class == list && k != p.gene && element(t.columns[k].typ).number()
	}
	p.gene = t.named(geneLists, genes)
	p.count = t.named(countLists, values)
	if p.gene < 0 {
		p.gene = t.only(func(k int) bool { return genes(k) && element(t.columns[k].typ) != whole })
	}
	if p.count < 0 {
		p.count = t.only(values)
	}
	if p.gene < 0 {
		p.gene = t.only(genes)
	}
	if p.count < 0 {
		p.count = t.only(func(k int) bool { return values(k) && element(t.columns[k].typ) == real })
	}
	if p.gene < 0 {
		p.gene = t.only(genes)
	}
	if p.gene >= 0 && p.count >= 0 {
		return true
	}
	p.gene, p.count = -1, -1
	return false
}

func (t *table) named(names []string, do func(int) bool) int {
	for _, name := range names {
		if k := t.find(name); k >= 0 && do(k) {
			return k
		}
	}
	return -1
}

// only is the one column that will do; -1 where there are none or several.
func (t *table) only(do func(int) bool) int {
	found := -1
	for k := range t.columns {
		if do(k) {
			if found >= 0 {
				return -1
			}
			found = k
		}
	}
	return found
}

// settle finds the names of cells, and what the other columns are.
func (t *table) settle(p *plan, opt Options) (err error) {
	taken := map[int]bool{p.gene: true, p.count: true}
	for _, k := range p.genes {
		taken[k] = true
	}
	if p.layout != Long {
		if p.cell, err = t.rowNames(opt.CellColumn, func(k int) bool { return taken[k] }); err != nil {
			return err
		}
	}
	taken[p.cell] = true
	p.genes = slices.DeleteFunc(p.genes, func(k int) bool { return k == p.cell })
	for k, c := range t.columns {
		switch {
		case taken[k]:
		case p.layout == Long && strings.HasPrefix(c.name, "__index_level_"): // of rows, which are no cells
		case c.class == other || c.class == list:
			p.notes = append(p.notes, t.leftOut(k))
		case p.layout == Long && (slices.Contains(geneNames, strings.ToLower(c.name)) || slices.Contains(moreOfGenes, strings.ToLower(c.name))):
			p.ofGenes = append(p.ofGenes, k)
		default:
			p.annotations = append(p.annotations, k)
		}
	}
	return nil
}
