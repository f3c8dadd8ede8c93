package stages

import (
	"cellvi/io/annotations"
	"cellvi/io/arrowtable"
	"cellvi/io/counts"
	"cellvi/io/h5ad"
	"cellvi/io/hdf5"
	"cellvi/io/loom"
	"cellvi/io/mtx"
	"cellvi/io/tenx"
	"cellvi/io/textmatrix"
	"cellvi/io/wire"
)

// What the child does with a file: the one list of formats and their readers.

// readCounts opens the counts of a file.
func readCounts(q question) (reader counts.Reader, about wire.About, err error) {
	kind, err := kindOf(q.File)
	if err != nil {
		return nil, about, err
	}
	reader, err = openKind(kind, q)
	if err != nil {
		return nil, about, err
	}
	about.Format = string(kind)
	if n, ok := reader.(counts.Noter); ok {
		about.Notes = n.Notes()
	}
	return reader, about, nil
}

func openKind(kind format, q question) (counts.Reader, error) {
	switch kind {
	case formatTenX:
		return opened(tenx.Open(q.File, q.tenx()))
	case formatLoom:
		return opened(loom.Open(q.File, q.loom()))
	case formatMTX:
		return opened(mtx.Open(q.File, q.mtx()))
	case formatTable:
		options, err := q.table()
		if err != nil {
			return nil, err
		}
		reader, err := arrowtable.Open(q.File, options)
		if err != nil || options.Genes == nil {
			return opened(reader, err)
		}
		return tableOfVar{reader, &counts.Frame{Names: reader.Genes().Names}}, nil
	case formatText:
		return opened(textmatrix.Open(q.File, q.text()))
	}
	return opened(h5ad.Open(q.File, q.h5ad()))
}

// opened is what Open gave, as the interface; of an error, no reader at all.
func opened[R counts.Reader](reader R, err error) (counts.Reader, error) {
	if err != nil {
		return nil, err
	}
	return reader, nil
}

// tableOfVar is a table whose genes --var gave: their annotations are added to the
// joined table.
type tableOfVar struct {
	*arrowtable.Reader
	genes *counts.Frame
}

// Genes are the names alone.
func (t tableOfVar) Genes() *counts.Frame { return t.genes }

// describeFile says what is in a file without reading counts.
func describeFile(q question) (*counts.Description, error) {
	kind, err := kindOf(q.File)
	if err != nil {
		return nil, err
	}
	switch kind {
	case formatTenX:
		return tenx.Describe(q.File, q.tenx())
	case formatLoom:
		return loom.Describe(q.File, q.loom())
	case formatMTX:
		return mtx.Describe(q.File, q.mtx())
	case formatTable:
		options, err := q.table()
		if err != nil {
			return nil, err
		}
		return arrowtable.Describe(q.File, options)
	case formatText:
		return textmatrix.Describe(q.File, q.text())
	}
	return h5ad.Describe(q.File)
}

// kindOf is formatOf, and which kind of HDF5.
func kindOf(path string) (format, error) {
	kind, err := formatOf(path)
	if err != nil || kind != formatHDF5 {
		return kind, err
	}
	file, err := hdf5.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() // only read from
	root, err := file.Root()
	if err != nil {
		return "", err
	}
	defer root.Close() // only read from
	if is, err := loom.Is(root); err != nil || is {
		return formatLoom, err
	}
	if is, err := tenx.Is(root); err != nil || is {
		return formatTenX, err
	}
	return formatH5AD, nil
}

func (q question) h5ad() h5ad.Options {
	return h5ad.Options{Matrix: q.Read.Layer, Memory: q.Plan, Threads: q.Threads}
}

func (q question) tenx() tenx.Options {
	return tenx.Options{Genome: q.Read.Genome, FeatureTypes: q.Read.FeatureTypes, Memory: q.Plan, Threads: q.Threads}
}

func (q question) loom() loom.Options {
	return loom.Options{Layer: q.Read.Layer, Memory: q.Plan, Threads: q.Threads}
}

func (q question) mtx() mtx.Options {
	return mtx.Options{FeatureTypes: q.Read.FeatureTypes, Memory: q.Plan, Threads: q.Threads}
}

func (q question) text() textmatrix.Options {
	return textmatrix.Options{Transpose: q.Read.Transpose, Memory: q.Plan, Threads: q.Threads}
}

// table reads the genes that --var names, too.
func (q question) table() (arrowtable.Options, error) {
	o := arrowtable.Options{Layout: q.Read.TableLayout, CellColumn: q.Read.CellColumn, ObsColumns: q.Read.ObsColumns, Memory: q.Plan, Threads: q.Threads}
	if q.Read.Var == "" {
		return o, nil
	}
	file, err := readFrame(question{File: q.Read.Var, Plan: q.Plan})
	if err != nil {
		return o, err
	}
	o.Genes = &file.Frame
	return o, nil
}

// annotationFile is what a file of annotations holds.
type annotationFile struct {
	Frame counts.Frame
	Notes []string // what is left out
}

// readFrame reads a file of annotations.
func readFrame(q question) (*annotationFile, error) {
	var frame *counts.Frame
	var notes []string
	var err error
	if arrowtable.Is(q.File) {
		frame, notes, err = arrowtable.ReadFrame(q.File, arrowtable.FrameOptions{Memory: q.Plan})
	} else {
		frame, err = annotations.Read(q.File, annotations.Options{Memory: q.Plan})
	}
	if err != nil {
		return nil, err
	}
	return &annotationFile{*frame, notes}, nil
}
