package mtx

import (
	"path/filepath"
	"slices"
	"strings"

	"cellvi/io/counts"
)

// geneEndings are what a file of genes may end with, and what format that is.
var geneEndings = []struct{ ending, version string }{
	{"features.tsv", "10x, version 3, or STARsolo"},
	{"genes.tsv", "10x, version 2"},
	{"genes.txt", "names in .txt"},
	{"features.txt", "names in .txt"},
	{"cols.txt", "alevin"},
}

// cellEndings are what a file of cells may end with.
var cellEndings = []string{"barcodes.tsv", "barcodes.txt", "rows.txt"}

// companions finds the files of cells and genes that go with a matrix.
func companions(folder string, names []string, matrix string) (*files, error) {
	stem := strings.TrimSuffix(plain(matrix), ".mtx")
	prefixes := []string{stem + ".", stem + "_", stem + "-", ""}
	if before, is := strings.CutSuffix(stem, "matrix"); is {
		prefixes = []string{before}
	}
	used, cells, genes := "", "", ""
	for _, used = range prefixes {
		var err error
		if cells, err = companion(folder, names, matrix, used, cellEndings); err != nil {
			return nil, err
		}
		if genes, err = companion(folder, names, matrix, used, endingsOfGenes()); err != nil {
			return nil, err
		}
		if cells+genes != "" {
			break
		}
	}
	path := filepath.Join(folder, matrix)
	if cells == "" || genes == "" {
		return nil, missing(path, used, cells == "", genes == "")
	}
	return &files{
		matrix: path, cells: filepath.Join(folder, cells), genes: filepath.Join(folder, genes), version: versionOf(genes),
		genesFirst: !strings.Contains(stem, "cells_x_") && stem != "quants_mat",
	}, nil
}

// missing says which files a matrix lacks.
func missing(matrix, prefix string, noCells, noGenes bool) error {
	genes, cells := prefix+"features.tsv or "+prefix+"genes.tsv", prefix+"barcodes.tsv"
	found, advice := "the file of genes is missing beside it: "+genes+", plain or .gz", "put it there"
	switch {
	case noCells && noGenes:
		found = "the files of cells and genes are missing beside it: " + cells + ", and " + genes + ", plain or .gz"
		advice = "put them there"
	case noCells:
		found = "the file of cells is missing beside it: " + cells + ", plain or .gz"
	}
	return &counts.InputError{File: matrix, Found: found, Advice: advice}
}

// companion is the one file of prefix with one of the endings; "" none. Where it is
// there plain and as gzip, it is the one that is as the matrix is.
func companion(folder string, names []string, matrix, prefix string, endings []string) (string, error) {
	var found, alike []string
	for _, name := range names {
		if rest, is := strings.CutPrefix(plain(name), prefix); is && slices.Contains(endings, rest) {
			found = append(found, name)
			if strings.HasSuffix(name, ".gz") == strings.HasSuffix(matrix, ".gz") {
				alike = append(alike, name)
			}
		}
	}
	if len(alike) == 1 {
		return alike[0], nil
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", &counts.InputError{File: folder, Found: "holds " + some(found) + "; expected one of them", Advice: "take the others away"}
}

func endingsOfGenes() []string {
	endings := make([]string, len(geneEndings))
	for i, e := range geneEndings {
		endings[i] = e.ending
	}
	return endings
}

func versionOf(genes string) string {
	for _, e := range geneEndings {
		if strings.HasSuffix(plain(genes), e.ending) {
			return e.version
		}
	}
	return ""
}
