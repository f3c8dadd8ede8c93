package h5ad

import (
	"errors"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// matrices lists what the file holds: X, layers by name, raw/X.
func (s *source) matrices() ([]string, error) {
	layers, err := s.layers("layers", 0)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, name := range append(append([]string{"X"}, layers...), "raw/X") {
		if there, err := s.holds(name); err != nil {
			return nil, err
		} else if there {
			list = append(list, name)
		}
	}
	return list, nil
}

// mostNested bounds how deep layers may lie: a name with slashes, which old
// versions of anndata took, makes groups in groups.
const mostNested = 8

// layers lists the layers at a path by their own paths.
func (s *source) layers(path string, depth int) ([]string, error) {
	if kind, err := s.root.Kind(path); err != nil || kind != hdf5.IsGroup {
		return nil, err
	}
	g, err := s.root.OpenGroup(path)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	names, err := g.Names()
	if err != nil {
		return nil, err
	}
	var list []string
	for _, name := range names {
		plain, err := plainGroup(g, name)
		if err != nil {
			return nil, err
		}
		if !plain || depth == mostNested {
			list = append(list, path+"/"+name)
			continue
		}
		nested, err := s.layers(path+"/"+name, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, nested...)
	}
	return list, nil
}

// plainGroup tells whether a member is a group that is no encoded thing.
func plainGroup(g *hdf5.Group, name string) (bool, error) {
	if kind, err := g.Kind(name); err != nil || kind != hdf5.IsGroup {
		return false, err
	}
	sub, err := g.OpenGroup(name)
	if err != nil {
		return false, err
	}
	defer sub.Close()
	for _, a := range []string{"encoding-type", "h5sparse_format"} {
		if has, err := sub.HasAttr(a); err != nil || has {
			return false, err
		}
	}
	kind, err := sub.Kind("indptr")
	return kind == hdf5.Absent, err
}

// holds says whether a matrix is there. "No X" may also be a dataset without
// extent, or something of the encoding null.
func (s *source) holds(name string) (bool, error) {
	path := s.member(name)
	kind, err := s.root.Kind(path)
	if err != nil {
		return false, err
	}
	switch kind {
	case hdf5.IsDataset:
		d, err := s.root.OpenDataset(path)
		if err != nil {
			return thereButDamaged(err)
		}
		defer d.Close()
		null, err := isNull(d)
		return !null && !d.Null(), err
	case hdf5.IsGroup:
		g, err := s.root.OpenGroup(path)
		if err != nil {
			return thereButDamaged(err)
		}
		defer g.Close()
		null, err := isNull(g)
		return !null, err
	}
	return false, nil
}

// thereButDamaged lets a matrix that cannot be opened count as there: opening it
// to read says why, and the others can be read.
func thereButDamaged(err error) (bool, error) {
	var fault *counts.InputError
	if errors.As(err, &fault) {
		return true, nil
	}
	return false, err
}

func isNull(o interface {
	HasAttr(string) (bool, error)
	AttrText(string) (string, error)
}) (bool, error) {
	has, err := o.HasAttr("encoding-type")
	if err != nil || !has {
		return false, err
	}
	encoding, err := o.AttrText("encoding-type")
	return encoding == "null", err
}
