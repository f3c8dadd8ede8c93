package mtx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/textfile"
)

// header is what a Matrix Market file says before its entries.
type header struct {
	field               string // "integer", "real" or "pattern"
	rows, cols, entries int64
	line                int64 // of the sizes
}

// open opens a matrix file and reads up to its first entry.
func open(path string, opt Options) (*textfile.File, *header, error) {
	f, err := textfile.Open(path, textfile.Options{Memory: opt.memory() / 4, Threads: opt.Threads})
	if err != nil {
		return nil, nil, err
	}
	h, err := readHeader(f)
	if err != nil {
		_ = f.Close() // only read from; the fault is what counts
		return nil, nil, err
	}
	return f, h, nil
}

func readHeader(f *textfile.File) (*header, error) {
	line, err := f.Line()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	h := &header{}
	if h.field, err = banner(f, line); err != nil {
		return nil, err
	}
	for {
		line, err = f.Line()
		if errors.Is(err, io.EOF) {
			return nil, f.Fault("", "ends before the line of sizes: rows, columns, entries", "the file is truncated: copy or download it again")
		}
		if err != nil {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '%' {
			return h, h.readSizes(f, line)
		}
	}
}

// banner reads the first line and gives the kind of values.
func banner(f *textfile.File, line []byte) (string, error) {
	words := strings.Fields(strings.ToLower(string(line[:min(len(line), 200)])))
	if len(words) == 0 || words[0] != "%%matrixmarket" {
		return "", f.LineFault(1, `expected "%%MatrixMarket matrix coordinate integer general", found `+textfile.Quote(line), "this is no Matrix Market file")
	}
	if len(words) != 5 {
		return "", f.LineFault(1, fmt.Sprintf("expected 5 words such as \"%%%%MatrixMarket matrix coordinate integer general\", found %d", len(words)), "")
	}
	field := words[3]
	switch {
	case words[1] != "matrix":
		return "", f.LineFault(1, "holds a "+words[1]+", not a matrix", "")
	case words[2] != "coordinate":
		return "", f.LineFault(1, "is a matrix in "+words[2]+" format; coordinate is what is read", "write it as a sparse matrix")
	case field != "integer" && field != "real" && field != "pattern":
		return "", f.LineFault(1, "has "+field+" values; expected integer, real or pattern", "")
	case words[4] != "general":
		return "", f.LineFault(1, "is "+words[4]+"; counts are cells × genes: expected general", "write it without symmetry")
	}
	return field, nil
}

func (h *header) readSizes(f *textfile.File, line []byte) error {
	h.line = f.Number()
	words := strings.Fields(string(line[:min(len(line), 200)]))
	if len(words) != 3 {
		return f.LineFault(h.line, "expected three sizes, rows, columns and entries, found "+textfile.Quote(line), "")
	}
	for i, to := range []*int64{&h.rows, &h.cols, &h.entries} {
		n, err := strconv.ParseInt(words[i], 10, 64)
		if err != nil || n < 0 {
			return f.LineFault(h.line, "expected three sizes, rows, columns and entries, found "+textfile.Quote(line), "")
		}
		*to = n
	}
	if most := int64(math.MaxUint32); h.rows > most || h.cols > most {
		return f.LineFault(h.line, fmt.Sprintf("says %s × %s; at most %s of either are read", counts.Thousands(h.rows), counts.Thousands(h.cols), counts.Thousands(most)), "")
	}
	return nil
}

// genesAreRows settles which way round the matrix is, by the sizes.
func (h *header) genesAreRows(f *files, cells, genes int64) (bool, error) {
	asRows, asCols := h.rows == genes && h.cols == cells, h.rows == cells && h.cols == genes
	if asRows || asCols {
		return asRows && (f.genesFirst || !asCols), nil
	}
	said := fmt.Sprintf("says %s × %s, but there are %s genes in %s and %s cells in %s", counts.Thousands(h.rows), counts.Thousands(h.cols),
		counts.Thousands(genes), f.genes, counts.Thousands(cells), f.cells)
	return false, &counts.InputError{File: f.matrix, Place: "line " + counts.Thousands(h.line), Found: said, Advice: h.mismatch(cells, genes)}
}

// mismatch is advice where names and sizes do not fit.
func (h *header) mismatch(cells, genes int64) string {
	switch {
	case h.rows == genes-1 && (h.cols == cells || h.cols == cells-1):
		return "take away the first line of the genes' file if it is a heading"
	case h.rows == genes && h.cols == cells-1:
		return "take away the first line of the cells' file if it is a heading"
	}
	return "give the three files of one table"
}
