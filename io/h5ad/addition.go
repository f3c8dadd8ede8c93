package h5ad

import (
	"fmt"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// Addition is an array that is to be added to a file, with a row for each of its
// cells.
type Addition struct {
	Group string // "obsm", "obs" or "layers"
	Name  string
	Cols  int // of the values that come for a cell: 1 in obs

	Kind   counts.Kind // obs: Categorical, Float or Bool
	Levels []string    // obs: of a categorical
	Genes  []int32     // layers: the columns of the file that the values are for; the others are NaN
}

func (a *Addition) place() string { return "/" + a.Group + "/" + a.Name }

// validate finds a programmer's or a flag's mistake.
func (a *Addition) validate() error {
	if !slices.Contains([]string{"obsm", "obs", "layers"}, a.Group) {
		return fmt.Errorf("h5ad: nothing is added to %s", a.Group)
	}
	if a.Group == "obs" && a.Kind != counts.Categorical && a.Kind != counts.Float && a.Kind != counts.Bool {
		return fmt.Errorf("h5ad: a %s column is not added to obs", a.Kind)
	}
	return checkName(a.Group, a.Name)
}

// Named tells whether a member of a file can have that name: HDF5 takes a slash for
// a path.
func Named(name string) bool { return checkName("", name) == nil }

// Target is a file that is to be added to, as it is.
type Target struct {
	Cells int64
	Genes []string // var_names

	source
	obs *frame
}

// OpenTarget opens a file and looks whether list can be added to it: an InputError
// says what is in the way. replace lets arrays of these names be replaced.
func OpenTarget(path string, list []Addition, replace bool, opt Options) (*Target, error) {
	t := &Target{}
	if err := t.open(path, list, replace, opt.filled()); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Target) open(path string, list []Addition, replace bool, opt Options) (err error) {
	if err = t.source.open(path); err != nil {
		return err
	}
	if t.obs, err = openFrame(t.root, "obs", h5matrix.Options{Memory: opt.Memory}); err != nil {
		return err
	}
	t.Cells = t.obs.rows
	vars, err := openFrame(t.root, "var", h5matrix.Options{Memory: opt.Memory})
	if err != nil {
		return err
	}
	defer vars.close()
	if t.Genes, err = vars.names(0, vars.rows); err != nil {
		return err
	}
	return checkAdditions(t.root, list, replace)
}

// Names are those of n cells from first on.
func (t *Target) Names(first, n int64) ([]string, error) { return t.obs.names(first, n) }

// Close closes the file.
func (t *Target) Close() error {
	if t.obs != nil {
		t.obs.close()
	}
	return t.source.close()
}

// checkAdditions looks for what is in the way of list.
func checkAdditions(root *hdf5.Group, list []Addition, replace bool) error {
	for i := range list {
		if err := list[i].validate(); err != nil {
			return err
		}
		if err := list[i].check(root, replace); err != nil {
			return err
		}
	}
	return nil
}

func (a *Addition) check(root *hdf5.Group, replace bool) error {
	kind, err := root.Kind(a.Group)
	if err != nil || kind == hdf5.Absent {
		return err
	}
	if kind != hdf5.IsGroup {
		e := &counts.InputError{File: root.File().Path(), Place: "/" + a.Group,
			Found:  "is a table of records, as anndata before 0.7 wrote it, to which nothing can be added",
			Advice: "write the file again with anndata, read_h5ad(FILE).write_h5ad(NEW), and use that"}
		if a.Group == "obs" {
			e.Advice += ", or leave --write-obs out"
		}
		return e
	}
	g, err := root.OpenGroup(a.Group)
	if err != nil {
		return err
	}
	defer g.Close()
	if same, err := root.SameFile(g); err != nil {
		return err
	} else if !same {
		return hdf5.Fault(g, "lies in another file, to which a link leads: nothing is added there", "write the file again with anndata, as one file")
	}
	return a.checkMember(g, replace)
}

// checkMember looks whether the name is free in its group.
func (a *Addition) checkMember(g *hdf5.Group, replace bool) error {
	kind, err := g.Kind(a.Name)
	if err != nil || kind == hdf5.Absent {
		return err
	}
	e := &counts.InputError{File: g.File().Path(), Place: a.place(), Found: "is there already",
		Advice: "pass --overwrite-keys to replace it in the copy"}
	if a.Group == "obsm" {
		e.Advice += ", or choose another name with --obsm-key"
	}
	if a.Group == "obs" {
		index, err := indexName(g)
		if err != nil {
			return err
		}
		if index == a.Name {
			e.Found, e.Advice, replace = "is the index", "rename it: no column can have its name", false
		}
	}
	if replace {
		return nil
	}
	return e
}
