//go:build !cgo

package hdf5

// Field would be one field of the records of a dataset.
type Field struct{ d *Dataset }

func (d *Dataset) Fields() ([]*Field, error)              { return nil, notBuilt(d.file.path) }
func (f *Field) Name() string                             { return "" }
func (f *Field) File() *File                              { return f.d.file }
func (f *Field) Place() string                            { return f.d.place }
func (f *Field) Type() Type                               { return Type{} }
func (f *Field) Len() int64                               { return 0 }
func (f *Field) Plausible() error                         { return notBuilt(f.d.file.path) }
func (f *Field) Close() error                             { return nil }
func (f *Field) ReadTexts(int64, int64) ([]string, error) { return nil, notBuilt(f.d.file.path) }

// ReadField would move numbers.
func ReadField[T Number](f *Field, dst []T, first int64) error { return notBuilt(f.d.file.path) }
