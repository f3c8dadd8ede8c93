package tenx

import (
	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// source is an open file.
type source struct {
	file    *hdf5.File
	root    *hdf5.Group
	genomes []string // of version 2; empty: version 3
}

// Is tells by a file's members whether it is one of 10x Genomics: a matrix of either
// version, or molecule_info.h5, which Open refuses in words.
func Is(root *hdf5.Group) (bool, error) {
	for _, is := range []func(*hdf5.Group) (bool, error){isVersion3, isMolecules} {
		if yes, err := is(root); yes || err != nil {
			return yes, err
		}
	}
	genomes, err := genomesOf(root)
	return len(genomes) > 0, err
}

// parts are the members of a matrix in either version.
func parts() []string { return []string{"barcodes", "data", "indices", "indptr"} }

// isVersion3 looks for the group matrix (that of a loom file is a dataset) with any
// of its parts: which of them are missing is for Open to say.
func isVersion3(root *hdf5.Group) (bool, error) {
	n, err := partsOf(root, "matrix")
	return n > 0, err
}

// partsOf counts the parts of a matrix in a member of root.
func partsOf(root *hdf5.Group, name string) (n int, err error) {
	if kind, err := root.Kind(name); kind != hdf5.IsGroup || err != nil {
		return 0, err
	}
	g, err := root.OpenGroup(name)
	if err != nil {
		return 0, err
	}
	defer g.Close()
	for _, part := range parts() {
		there, err := has(g, part)
		if err != nil {
			return 0, err
		}
		if there {
			n++
		}
	}
	return n, nil
}

// isMolecules looks for what molecule_info.h5 of any version has.
func isMolecules(root *hdf5.Group) (bool, error) {
	new, err := has(root, "barcode_idx", "feature_idx")
	if new || err != nil {
		return new, err
	}
	return has(root, "barcode", "gem_group", "umi")
}

// genomesOf are the groups of a file of version 2.
func genomesOf(root *hdf5.Group) (genomes []string, err error) {
	names, err := root.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		n, err := partsOf(root, name)
		if err != nil {
			return nil, err
		}
		if n == len(parts()) {
			genomes = append(genomes, name)
		}
	}
	return genomes, nil
}

// has tells whether g has all of these members.
func has(g *hdf5.Group, names ...string) (bool, error) {
	for _, name := range names {
		kind, err := g.Kind(name)
		if kind == hdf5.Absent || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *source) open(path string) (err error) {
	if s.file, err = hdf5.Open(path); err != nil {
		return err
	}
	if s.root, err = s.file.Root(); err != nil {
		return err
	}
	if yes, err := isVersion3(s.root); yes || err != nil {
		return err
	}
	if s.genomes, err = genomesOf(s.root); len(s.genomes) > 0 || err != nil {
		return err
	}
	return s.refuse()
}

// refuse says what a file without a matrix is.
func (s *source) refuse() error {
	e := &counts.InputError{File: s.file.Path(), Found: "holds no matrix of 10x Genomics: neither a group matrix nor one for each genome",
		Advice: "give a *_feature_bc_matrix.h5"}
	molecules, err := isMolecules(s.root)
	if err != nil {
		return err
	}
	if molecules {
		e.Found = "is a molecule_info.h5, which lists molecules and holds no matrix"
		e.Advice = "give the *_feature_bc_matrix.h5 that lies beside it"
	}
	return e
}

// choose is the group of the matrix: the genome asked for, or the only one.
func (s *source) choose(genome string) (string, error) {
	if len(s.genomes) == 0 {
		return "matrix", nil
	}
	if genome == "" && len(s.genomes) == 1 {
		return s.genomes[0], nil
	}
	for _, g := range s.genomes {
		if g == genome {
			return g, nil
		}
	}
	e := noGenome(s.genomes)
	e.File = s.file.Path()
	if genome != "" {
		e.Place, e.Found = "/"+genome, "is missing: "+e.Found
	}
	return "", e
}

// noGenome lists the genomes that there are.
func noGenome(genomes []string) *counts.InputError {
	what, flags := "genomes ", make([]string, len(genomes))
	if len(genomes) == 1 {
		what = "genome "
	}
	for i, g := range genomes {
		flags[i] = "--genome " + g
	}
	return &counts.InputError{Found: "the file has " + what + counts.List(genomes, "and"), Advice: "choose with " + counts.List(flags, "or")}
}

func (s *source) close() error {
	if s.root != nil {
		s.root.Close()
	}
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
