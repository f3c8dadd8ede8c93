package stages

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cellvi/io/arrowtable"
	"cellvi/io/counts"
	"cellvi/io/mtx"
	"cellvi/io/store"
)

// format is a kind of file that holds counts.
type format string

// The formats, as messages call them. Which kind of HDF5 a file is, its members tell.
const (
	formatStore format = "cells store"
	formatHDF5  format = "HDF5"
	formatH5AD  format = "AnnData (.h5ad)"
	formatTenX  format = "10x HDF5"
	formatLoom  format = "loom"
	formatMTX   format = "Matrix Market (mtx)"
	formatTable format = "Arrow or Parquet table"
	formatText  format = "CSV or TSV"
)

// whatIsRead is the advice where a file is none of them.
const whatIsRead = "give an .h5ad, a 10x .h5 or mtx folder, a .loom, an Arrow or Parquet table, a CSV or TSV (.gz or plain), or a cells store"

// formatOf tells a file's format by its first bytes, a folder's by what is in it.
// A name's ending decides only where bytes cannot: that what is called .h5ad is
// HDF5, its own error says best.
func formatOf(path string) (format, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return formatOfFolder(path)
	}
	head, err := headOf(path)
	if err != nil {
		return "", err
	}
	name := strings.ToLower(filepath.Base(path))
	switch {
	case filepath.Base(path) == store.CellsFile:
		return formatStore, nil
	case isHDF5(head) || hasEnding(name, ".h5ad", ".h5", ".hdf5", ".loom", ".h5mu"):
		return formatHDF5, nil
	case arrowtable.Is(path) || hasEnding(name, ".parquet", ".arrow", ".feather", ".ipc"):
		return formatTable, nil
	}
	return formatOfText(path, name, head)
}

// formatOfText tells what a file of text is, compressed by gzip or not.
func formatOfText(path, name string, head []byte) (format, error) {
	if plain, err := gunzipped(head); err == nil {
		head = plain
	}
	switch {
	case bytes.HasPrefix(head, []byte("%%MatrixMarket")) || mtx.Is(path):
		return formatMTX, nil
	case bytes.HasPrefix(head, []byte("RDX2\n")) || bytes.HasPrefix(head, []byte("RDX3\n")) || bytes.HasPrefix(head, []byte("X\n\x00")):
		return "", unknown(path, "it is an R object", "write it as .h5ad with anndataR or zellkonverter, or its counts as mtx")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "", unknown(path, "it is a zip archive (an Excel workbook, or packed zarr)", "unpack it, or save the sheet as CSV")
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")): // UTF-16, as its reader says
		return formatText, nil
	case isText(head) && (hasEnding(strings.TrimSuffix(name, ".gz"), ".csv", ".tsv", ".txt", ".tab") || bytes.ContainsAny(firstLine(head), ",\t;")):
		return formatText, nil
	case len(head) == 0:
		return "", unknown(path, "the file is empty", whatIsRead)
	}
	return "", unknown(path, "cannot tell the format, neither from its bytes nor from its name", whatIsRead)
}

func formatOfFolder(dir string) (format, error) {
	is := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return !errors.Is(err, fs.ErrNotExist)
	}
	switch {
	case is(store.CellsFile):
		return formatStore, nil
	case mtx.Is(dir):
		return formatMTX, nil
	case is(".zgroup") || is("zarr.json") || is(".zattrs"):
		return "", unknown(dir, "a zarr store, which is not read", "write it as .h5ad: anndata.read_zarr(DIR).write_h5ad(FILE)")
	case arrowtable.Is(dir):
		return formatTable, nil
	}
	return "", unknown(dir, "a folder, but no cells store, no mtx folder (matrix.mtx, barcodes.tsv, features.tsv or genes.tsv) and no Parquet or Arrow files", whatIsRead)
}

func unknown(path, found, advice string) error {
	return &counts.InputError{File: path, Found: found, Advice: advice}
}

// headOf is the first bytes of a file.
func headOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return head[:n], nil
}

// gunzipped is what the first bytes of a gzip file hold.
func gunzipped(head []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(head))
	if err != nil {
		return nil, err
	}
	plain, _ := io.ReadAll(io.LimitReader(z, 4096)) // the head ends within the stream
	return plain, nil
}

// isHDF5 looks for the signature, which stands at 0, or at 512, 1024, … behind
// a user block.
func isHDF5(head []byte) bool {
	signature := []byte("\x89HDF\r\n\x1a\n")
	for at := 0; at+len(signature) <= len(head); at = max(512, 2*at) {
		if bytes.HasPrefix(head[at:], signature) {
			return true
		}
	}
	return false
}

func isText(head []byte) bool { return len(head) > 0 && bytes.IndexByte(head, 0) < 0 }

func firstLine(head []byte) []byte {
	_, line, _ := bufio.ScanLines(head, true)
	return line
}

func hasEnding(name string, endings ...string) bool {
	for _, e := range endings {
		if strings.HasSuffix(name, e) {
			return true
		}
	}
	return false
}
