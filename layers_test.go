package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// module is the path that imports of our own begin with.
const module = "cellvi/"

// mostLines is how long a source file may be.
const mostLines = 400

// layer says what the packages under a folder may import of our own, and why no
// more. The first layer that fits a package is the one that counts.
type layer struct {
	folder  string   // "io/h5ad", "stages/*" for what is in stages as well; "." is main
	imports []string // written as folder is
	why     string
}

// layers is the import rule, main → stages → {io, model, pipeline}, in full.
var layers = []layer{
	{".", []string{"stages", "pipeline", "pipeline/commandline"},
		"main is the list of stages, signals and the exit code; what a stage does belongs in stages"},
	{"stages/report", nil,
		"the report draws what stages hands it, so that it can be tested without a run"},
	{"stages", []string{"stages/*", "io/*", "model/*", "pipeline"},
		"stages is where io, model and pipeline meet; main stands above it"},
	{"pipeline", nil,
		"pipeline knows how a run goes, not what runs: stages come to it as an interface"},
	{"pipeline/commandline", nil,
		"completion, manual and config files are made of kong's model; what the flags do is not their business"},
	{"io/counts", nil,
		"counts is the noun that every format shares, so it knows none of them"},
	{"io/h5matrix", []string{"io/counts", "io/hdf5"},
		"a matrix in HDF5 is the same in every format; which format it is, is not its business"},
	{"io/h5ad", []string{"io/counts", "io/hdf5", "io/h5matrix"},
		"an AnnData file is HDF5; other formats and the stages are not its business"},
	{"io/tenx", []string{"io/counts", "io/hdf5", "io/h5matrix"},
		"a 10x file is HDF5; other formats and the stages are not its business"},
	{"io/loom", []string{"io/counts", "io/hdf5", "io/h5matrix"},
		"a loom file is HDF5; other formats and the stages are not its business"},
	{"io/mtx", []string{"io/counts", "io/textfile"},
		"a Matrix Market folder is files of text; other formats and the stages are not its business"},
	{"io/textmatrix", []string{"io/counts", "io/textfile"},
		"a CSV is a file of text; other formats and the stages are not its business"},
	{"io/annotations", []string{"io/counts", "io/textfile"},
		"annotations are a file of text; what they are for is not its business"},
	{"io/*", []string{"io/counts"},
		"a format is read and written alone, and everything else meets it as counts"},
	{"bench/pages", nil,
		"pages tell of machine and version, whatever was measured"},
	{"bench/fuzzfiles", []string{"bench/pages"},
		"the mutation run holds the built program to what it promises, from outside"},
	{"bench/faults", []string{"bench/pages"},
		"faults are made around the built program, from outside"},
	{"model/vi", nil,
		"variational inference knows densities, not cells: every model gives it what it asks for"},
	{"model/kernel", nil,
		"the kernels are loops over slices; they know no layer and no file"},
	{"model/hvg", nil,
		"gene selection is mathematics of moments; it knows no file and no model"},
	{"model/factor", nil,
		"the factor model is mathematics of sparse rows; it knows no file, and no other model"},
	{"model/tails", nil,
		"tail probabilities are mathematics of numbers; they know no file and no model"},
	{"model/de", nil,
		"differential expression is mathematics of draws; it knows no file and no model"},
	{"model", []string{"model/kernel", "model/tails", "model/vi"},
		"the mathematics reads no files and writes no logs; stages brings it the counts"},
}

// TestLayers holds the import rule over this repository.
func TestLayers(t *testing.T) {
	for _, v := range violations(t, os.DirFS(".")) {
		t.Error(v)
	}
}

// TestLayersSeeViolations shows that each kind of violation is found.
func TestLayersSeeViolations(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"model reads a file":        {"model/x.go", `package model; import _ "cellvi/io/store"`, "model must not import cellvi/io/store"},
		"a format knows another":    {"io/mtx/x.go", `package mtx; import _ "cellvi/io/h5ad"`, "io/mtx must not import cellvi/io/h5ad"},
		"upwards":                   {"stages/x.go", `package stages; import _ "cellvi"`, "stages must not import cellvi"},
		"pipeline knows stages":     {"pipeline/x.go", `package pipeline; import _ "cellvi/stages"`, "pipeline must not import"},
		"main skips stages":         {"main.go", `package main; import _ "cellvi/io/store"`, "main must not import"},
		"gene selection is alone":   {"model/hvg/x.go", `package hvg; import _ "cellvi/model/kernel"`, "model/hvg must not import"},
		"test help in the product":  {"io/store/x.go", `package store; import _ "cellvi/io/counts/countstest"`, "io/store must not import"},
		"a folder with no layer":    {"utils/x.go", "package utils", "utils is in no layer"},
		"a file in io":              {"io/x.go", "package io", "io holds no Go file"},
		"init":                      {"stages/x.go", "package stages; func init() {}", "has an init function"},
		"a long file":               {"stages/x.go", "package stages\n" + strings.Repeat("//\n", mostLines), "401 lines"},
		"a long C file":             {"model/kernel/x.c", strings.Repeat("//\n", mostLines+1), "401 lines"},
		"a package without doc.go":  {"stages/report/x.go", "package report", "stages/report has no doc.go"},
		"a method init is no init":  {"pipeline/x.go", "package pipeline; type T int; func (T) init() {}", ""},
		"tests may import anything": {"model/x_test.go", `package model; import _ "cellvi/io/store"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{c.file: {Data: []byte(c.text)}}
			if c.want == "" || !strings.Contains(c.want, "doc.go") {
				files[path.Join(path.Dir(c.file), "doc.go")] = &fstest.MapFile{Data: []byte("package " + packageOf(c.text))}
			}
			got := strings.Join(violations(t, files), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// packageOf is the name after the package clause of a Go text.
func packageOf(text string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "package "), ";")
	name, _, _ = strings.Cut(name, "\n")
	if strings.HasPrefix(name, "//") {
		return "kernel"
	}
	return name
}

// violations are sentences on what breaks the rules in the tree of files.
func violations(t *testing.T, files fs.FS) []string {
	t.Helper()
	var all []string
	documented := map[string]bool{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && notOurs(name):
			return fs.SkipDir
		case entry.IsDir() || !isSource(name):
			return nil
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		documented[dir] = documented[dir] || path.Base(name) == "doc.go" || dir == "."
		found, err := violationsIn(name, text)
		all = append(all, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, has := range documented {
		if !has {
			all = append(all, dir+" has no doc.go: a package opens with what it is, data in, data out, and who may import it")
		}
	}
	slices.Sort(all)
	return all
}

// notOurs tells folders that hold no source of the product.
func notOurs(dir string) bool {
	base := path.Base(dir)
	return dir != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "vendor")
}

func isSource(name string) bool {
	if strings.HasSuffix(name, "_test.go") {
		return false
	}
	return slices.Contains([]string{".go", ".c", ".h"}, path.Ext(name))
}

// violationsIn are the sentences on one file.
func violationsIn(name string, text []byte) ([]string, error) {
	var found []string
	if n := strings.Count(string(text), "\n"); n > mostLines {
		found = append(found, fmt.Sprintf("%s has %d lines, %d are the most: one idea per file, named for it", name, n, mostLines))
	}
	if path.Ext(name) != ".go" {
		return found, nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if hasInit(file) {
		found = append(found, name+" has an init function: nothing runs before main, so that the flow can be read")
	}
	return append(found, importsOf(path.Dir(name), name, file)...), nil
}

func hasInit(file *ast.File) bool {
	return slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Recv == nil && f.Name.Name == "init"
	})
}

// importsOf are the sentences on a file's imports and its place.
func importsOf(dir, name string, file *ast.File) []string {
	if dir == "io" {
		return []string{name + ": io holds no Go file itself, so that the standard library's io is never shadowed"}
	}
	l := layerOf(dir)
	if l == nil {
		return []string{dir + " is in no layer: give it a place in layers_test.go, with the reason"}
	}
	var found []string
	for _, spec := range file.Imports {
		imported := strings.Trim(spec.Path.Value, `"`)
		if ours(imported) && !l.allows(dir, imported) {
			found = append(found, fmt.Sprintf("%s: %s must not import %s: %s", name, packageName(dir), imported, l.why))
		}
	}
	return found
}

func ours(imported string) bool {
	return imported+"/" == module || strings.HasPrefix(imported, module)
}

func packageName(dir string) string {
	if dir == "." {
		return "main"
	}
	return dir
}

// layerOf finds a folder's layer. countstest is test help: it may import what a
// format may.
func layerOf(dir string) *layer {
	i := slices.IndexFunc(layers, func(l layer) bool { return matches(l.folder, dir) })
	if i < 0 {
		return nil
	}
	return &layers[i]
}

func (l *layer) allows(dir, imported string) bool {
	folder := strings.TrimPrefix(imported, module)
	return slices.ContainsFunc(l.imports, func(pattern string) bool {
		return matches(pattern, folder) && path.Base(folder) != "countstest"
	})
}

// matches tells whether folder is the pattern, or under it where it ends in /*.
func matches(pattern, folder string) bool {
	under, deep := strings.CutSuffix(pattern, "/*")
	return folder == under && (!deep || under != "io") || deep && strings.HasPrefix(folder, under+"/")
}
