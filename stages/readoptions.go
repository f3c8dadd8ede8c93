package stages

import (
	"fmt"

	"cellvi/io/counts"
)

// ReadOptions say how counts are read from files, what is taken of them and what
// is accepted in them: for ingest, for run, and for inspect, which tells what
// these would meet.
type ReadOptions struct {
	Layer        string   `json:"layer" name:"layer" default:"X" placeholder:"NAME" help:"Where the counts are in an .h5ad or .loom: X, a layer's name, or raw/X." group:"Input"`
	Genome       string   `json:"genome,omitempty" name:"genome" placeholder:"NAME" help:"Genome of a 10x .h5 that holds several." group:"Input"`
	FeatureTypes []string `json:"feature_types,omitempty" name:"feature-types" placeholder:"TYPE" help:"Features of 10x files to take, such as 'Gene Expression' (what is taken where not given), or all. Repeat, or separate by commas." group:"Input"`
	TableLayout  string   `json:"table_layout,omitempty" name:"table-layout" enum:",wide,long,list" default:"" placeholder:"NAME" help:"Layout of an Arrow or Parquet table: wide (a column per gene), long (cell, gene, count) or list (lists of genes and of counts). Not given: told by its columns." group:"Input"`
	CellColumn   string   `json:"cell_column,omitempty" name:"cell-column" default:"" placeholder:"COLUMN" help:"Column of an Arrow or Parquet table that names the cells. Not given: the pandas index, or a column called cell_id, barcode or the like." group:"Input"`
	ObsColumns   []string `json:"obs_columns,omitempty" name:"obs-columns" placeholder:"COLUMN" help:"Columns of numbers of a wide table that are annotations of cells, not genes. Repeat, or separate by commas." group:"Input"`
	Transpose    bool     `json:"transpose,omitempty" name:"transpose" help:"Rows of a CSV or TSV are genes, columns cells. Not given: rows are cells." group:"Input"`
	Var          string   `json:"-" name:"var" placeholder:"FILE" help:"Annotations of genes, CSV or Parquet, gene names in its index or first column. For tables of lists or of (cell, gene, count) it also names the genes and gives their order." group:"Input"`
	Obs          string   `json:"-" name:"obs" placeholder:"FILE" help:"Annotations of cells, CSV or Parquet, cell names in its index or first column." group:"Input"`
	Overwrite    bool     `json:"obs_overwrite,omitempty" name:"obs-overwrite" help:"Annotations of --obs and --var take the place of those of the same name." group:"Input"`

	Join             string  `json:"join" name:"join" enum:"inner,outer" default:"inner" placeholder:"NAME" help:"Genes of several inputs: inner keeps those in every input, outer keeps all and fills zeros." group:"Input"`
	GeneID           string  `json:"gene_id,omitempty" name:"gene-id" default:"" placeholder:"COLUMN" help:"Annotation of genes that names them, such as gene_ids, so that inputs are joined on it. Not given: var_names." group:"Input"`
	StripGeneVersion bool    `json:"strip_gene_version,omitempty" name:"strip-gene-version" help:"Drop the versions of Ensembl identifiers: ENSG00000141510.18 becomes ENSG00000141510." group:"Input"`
	MinOverlap       float64 `json:"min_overlap" name:"min-overlap" default:"0.2" placeholder:"F" help:"Least share of the smallest input's genes that must be in every input." group:"Input"`

	Keep            []string `json:"keep,omitempty" name:"keep" sep:"none" placeholder:"EXPR" help:"Read only cells for which this holds of an annotation: 'demuxlet_cls == SNG', 'n_genes >= 200', 'sample in A,B'. Repeat: all must hold." group:"Cells and genes"`
	KeepGenes       []string `json:"keep_genes,omitempty" name:"keep-genes" sep:"none" placeholder:"EXPR" help:"Read only genes for which this holds of an annotation: 'highly_variable', 'chromosome != MT'. Repeat: all must hold." group:"Cells and genes"`
	AllowNonInteger bool     `json:"allow_non_integer" name:"allow-non-integer" help:"Take fractions as they are, with a warning. The likelihood is for counts; negative and infinite values stay refused." group:"Input"`
	MakeUnique      bool     `json:"make_unique" name:"make-unique" help:"Make repeated cell names unique (-1, -2, …, as anndata does) instead of refusing them." group:"Input"`
}

// Validate says everything that is wrong with o.
func (o ReadOptions) Validate() error {
	var f faults
	f.unless(o.Layer != "", "--layer is an empty name")
	f.unless(o.Join == "inner" || o.Join == "outer", "--join is %q: it must be inner or outer", o.Join)
	f.unless(o.TableLayout == "" || o.TableLayout == "wide" || o.TableLayout == "long" || o.TableLayout == "list",
		"--table-layout is %q: it must be wide, long or list", o.TableLayout)
	f.unless(o.MinOverlap >= 0 && o.MinOverlap <= 1, "--min-overlap is %v: it must be 0 to 1", o.MinOverlap)
	f.unless(!o.Overwrite || o.Obs != "" || o.Var != "", "--obs-overwrite is given without --obs or --var, which it is for")
	for _, list := range [][]string{o.Keep, o.KeepGenes} {
		if _, err := parseKeeps(list); err != nil {
			f = append(f, err.Error())
		}
	}
	return f.err()
}

// parseKeeps reads the expressions of --keep or --keep-genes.
func parseKeeps(list []string) ([]*counts.Keep, error) {
	keeps := make([]*counts.Keep, len(list))
	for i, expr := range list {
		keep, err := counts.ParseKeep(expr)
		if err != nil {
			return nil, fmt.Errorf("%q cannot be understood: %w", expr, err)
		}
		keeps[i] = keep
	}
	return keeps, nil
}
