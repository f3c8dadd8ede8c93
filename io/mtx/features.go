package mtx

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"cellvi/io/counts"
	"cellvi/io/textfile"
)

// features are the genes of the files, and which of them are taken.
type features struct {
	all    counts.Frame // as in the file: names, gene_ids, feature_types
	choice counts.GeneChoice
	taken  *counts.Frame
	notes  []string
}

// readFeatures reads the genes whole: identifier, symbol, kind of feature. What
// follows, such as positions, has no heading and is not read.
func readFeatures(path string, opt Options) (*features, error) {
	file, err := textfile.Open(path, textfile.Options{Memory: opt.memory() / 4})
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read from
	rows := featureRows{file: file}
	for {
		line, err := file.Line()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = rows.add(line)
		}
		if err != nil {
			return nil, err
		}
		if rows.held > opt.memory()/2 {
			return nil, &counts.MemoryError{File: path, Found: "the names of genes are held", Need: 2 * rows.held, Allow: opt.memory()}
		}
	}
	fs := &features{all: rows.frame(path)}
	if rows.bare > 0 {
		fs.notes = append(fs.notes, fmt.Sprintf("genes without a symbol, named by their identifier: %s", counts.Thousands(rows.bare)))
	}
	return fs, fs.take(path, opt.FeatureTypes)
}

// featureRows are the rows of a file of genes, as they are read.
type featureRows struct {
	file              *textfile.File
	columns           int // that the first has, at most three
	names, ids, types []string
	held              int64 // bytes, about
	bare              int64 // without a symbol
}

func (r *featureRows) add(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	row, n, err := featureRow(r.file, line)
	if err != nil {
		return err
	}
	if r.columns == 0 {
		r.columns = n
	}
	if n != r.columns {
		return r.file.LineFault(r.file.Number(), fmt.Sprintf("expected %d columns as on the lines before, found %d", r.columns, n), "")
	}
	name := row[min(1, n-1)]
	if name == "" && n > 1 {
		name = row[0]
		r.bare++
	}
	r.names, r.ids, r.types = append(r.names, name), append(r.ids, row[0]), append(r.types, row[2])
	r.held += int64(len(line)) + 64
	return nil
}

// frame has the columns that the file has. A third one that is no kind of feature,
// in an old genes.tsv, is left.
func (r *featureRows) frame(path string) counts.Frame {
	f := counts.Frame{Names: r.names}
	if r.columns > 1 {
		f.Columns = append(f.Columns, counts.Column{Name: "gene_ids", Kind: counts.String, Strings: r.ids})
	}
	if r.columns > 2 && (strings.Contains(filepath.Base(path), "features.") || slices.Contains(r.types, counts.GeneExpression)) {
		f.Columns = append(f.Columns, counts.Column{Name: "feature_types", Kind: counts.String, Strings: r.types})
	}
	return f
}

// featureRow gives the first three fields of a line, copied, and how many there are,
// at most three.
func featureRow(file *textfile.File, line []byte) (row [3]string, n int, err error) {
	if !utf8.Valid(line) {
		return row, 0, file.LineFault(file.Number(), "is no valid UTF-8: "+textfile.Quote(line), "save the file as UTF-8")
	}
	text := string(line)
	for ; n < 3; n++ {
		field, rest, more := strings.Cut(text, "\t")
		row[n] = bareName(field)
		if text = rest; !more {
			return row, n + 1, nil
		}
	}
	return row, n, nil
}

// bareName is a field without the quotes that R writes.
func bareName(field string) string {
	if len(field) < 2 || field[0] != '"' || field[len(field)-1] != '"' {
		return field
	}
	return strings.ReplaceAll(field[1:len(field)-1], `""`, `"`)
}
