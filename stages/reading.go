package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// reading opens inputs as one table of counts, as its options say: for ingest, and
// for inspect.
type reading struct {
	options ReadOptions
	paths   []string
	may     means
	lenient bool // to look only: values that are no counts do not end the reading

	inputs    []*countsInput
	annotated *counts.Annotated // what --obs matched, once all is read; nil without it
	kept      *counts.Kept      // what --keep left out, once all is read; nil without it
	genesLeft int64             // how many genes --keep-genes left out
	notes     []string          // what was decided and left out, whole sentences
}

// open opens every input and makes one reader of them: genes named as asked,
// inputs joined, cells' names unique, annotations added, cells and genes chosen.
func (r *reading) open(ctx context.Context) (counts.Reader, error) {
	var readers []counts.Reader
	for _, path := range r.paths {
		in, err := r.openInput(ctx, path)
		if err != nil {
			return nil, errors.Join(err, closeAll(readers))
		}
		r.inputs = append(r.inputs, in)
		readers = append(readers, in)
	}
	table, err := r.combine(ctx, readers)
	if err != nil {
		return nil, errors.Join(err, closeAll(readers))
	}
	return table, nil
}

func closeAll(readers []counts.Reader) error {
	var err error
	for _, r := range readers {
		err = errors.Join(err, r.Close())
	}
	return err
}

// file names the inputs in messages about all of them.
func (r *reading) file() string { return some(r.paths, 3) }

// openInput opens one file, with its genes' names.
func (r *reading) openInput(ctx context.Context, path string) (*countsInput, error) {
	o := r.options
	in, err := openCounts(ctx, path, o, r.may)
	if err != nil {
		return nil, err
	}
	in.lenient = r.lenient
	if in.notes != nil {
		r.noteAll(path, in.notes())
	}
	if o.GeneID == "" && !o.StripGeneVersion {
		return in, nil
	}
	named, err := counts.RenameGenes(in.Reader, counts.GeneNames{File: path, Column: o.GeneID, StripVersion: o.StripGeneVersion})
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	if short, equal := named.Shortened(); o.StripGeneVersion {
		r.note("%s: %s a version (--strip-gene-version), which made %d of them repeats of others", path,
			plural(int64(short), "gene name lost", "gene names lost"), equal)
	}
	in.Reader = named
	return in, nil
}

// combine makes one table of the inputs.
func (r *reading) combine(ctx context.Context, readers []counts.Reader) (counts.Reader, error) {
	if err := r.unused(); err != nil {
		return nil, err
	}
	table, err := r.join(ctx, readers)
	if err == nil {
		table, err = r.annotate(ctx, table)
	}
	if err == nil {
		table, err = r.keep(table)
	}
	return table, err
}

// unused refuses options that no input has a use for.
func (r *reading) unused() error {
	used := func(by ...format) bool {
		return slices.ContainsFunc(r.inputs, func(in *countsInput) bool { return slices.Contains(by, in.format) })
	}
	var f faults
	o := r.options
	f.unless(o.Layer == "X" || used(formatH5AD, formatLoom), "--layer %s is for AnnData and loom", o.Layer)
	f.unless(o.Genome == "" || used(formatTenX), "--genome is for 10x HDF5")
	f.unless(len(o.FeatureTypes) == 0 || used(formatTenX, formatMTX), "--feature-types is for 10x files")
	f.unless(o.TableLayout == "" || used(formatTable), "--table-layout is for Arrow and Parquet tables")
	f.unless(o.CellColumn == "" || used(formatTable), "--cell-column is for Arrow and Parquet tables")
	f.unless(len(o.ObsColumns) == 0 || used(formatTable), "--obs-columns is for Arrow and Parquet tables")
	f.unless(!o.Transpose || used(formatText), "--transpose is for CSV and TSV")
	if len(f) == 0 {
		return nil
	}
	return pipeline.Usage("%s: %s: leave it out", r.file(), strings.Join(f, "; "))
}

// noteAll keeps what was said of a file.
func (r *reading) noteAll(path string, notes []string) {
	for _, n := range notes {
		if !strings.HasPrefix(n, path+":") && !strings.HasPrefix(n, path+"/") { // a shard of a folder names itself
			n = path + ": " + n
		}
		r.note("%s", n)
	}
}

// note keeps a sentence, once.
func (r *reading) note(format string, args ...any) {
	if text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", `\n`); !slices.Contains(r.notes, text) {
		r.notes = append(r.notes, text)
	}
}
