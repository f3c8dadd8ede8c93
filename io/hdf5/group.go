//go:build cgo

package hdf5

import (
	"path"

	gonum "gonum.org/v1/hdf5"
)

// Group is an open group: named members and attributes.
type Group struct {
	object
	g *gonum.Group
}

func newGroup(f *File, place string, g *gonum.Group) *Group {
	return &Group{object: object{file: f, id: g.ID(), place: place, attrs: g}, g: g}
}

// within joins a group's place and a member's name, which may be absolute.
func within(place, name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(place, name)
}

// Names lists the members in ascending order of their bytes.
func (g *Group) Names() ([]string, error) {
	enter()
	defer leave()
	n, err := g.g.NumObjects()
	if err != nil {
		return nil, g.failure("read", keep())
	}
	names := make([]string, 0, min(n, 1<<16))
	for i := range n {
		name, err := g.g.ObjectNameByIndex(i)
		if err != nil {
			return nil, g.failure("read", keep())
		}
		names = append(names, name)
	}
	return names, nil
}

// Kind says what the member of that name is, Absent where there is none.
func (g *Group) Kind(name string) (Kind, error) {
	enter()
	defer leave()
	k, err := kindOf(g.id, name)
	if err != nil {
		return Absent, failure("read", g.file.path, within(g.place, name), err)
	}
	return k, nil
}

// OpenGroup opens a member that is a group.
func (g *Group) OpenGroup(name string) (*Group, error) {
	enter()
	defer leave()
	sub, err := g.g.OpenGroup(name)
	if err != nil {
		return nil, failure("read", g.file.path, within(g.place, name), keep())
	}
	return newGroup(g.file, within(g.place, name), sub), nil
}

// CreateGroup makes an empty group.
func (g *Group) CreateGroup(name string) (*Group, error) {
	enter()
	defer leave()
	sub, err := g.g.CreateGroup(name)
	if err != nil {
		return nil, failure("write", g.file.path, within(g.place, name), keep())
	}
	return newGroup(g.file, within(g.place, name), sub), nil
}

// Close closes the group, not its members.
func (g *Group) Close() error {
	enter()
	defer leave()
	return g.g.Close()
}
