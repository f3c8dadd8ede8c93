package counts

// Kind is the type of a Column's values.
type Kind int

// The kinds of annotation that files hold.
const (
	Categorical Kind = iota // Codes into Levels
	String
	Int
	Float
	Bool
)

// String names the kind as messages and JSON show it.
func (k Kind) String() string {
	return [...]string{"categorical", "string", "integer", "float", "boolean"}[k]
}

// Column is one annotation of cells or genes. Exactly one of Codes, Strings,
// Ints, Floats and Bools is filled, as Kind says, one value a row.
// A missing value is code -1 for Categorical, NaN for Float, and for the other
// kinds true in Missing (nil: none is missing), beside a zero value.
type Column struct {
	Name    string
	Kind    Kind
	Codes   []int32
	Levels  []string // Categorical only: all levels in the file's order, used or not
	Ordered bool     // Categorical only
	Strings []string
	Ints    []int64
	Floats  []float64
	Bools   []bool
	Missing []bool
}

// Frame is annotations of cells or genes: an index of names and columns.
type Frame struct {
	Names   []string
	Columns []Column
}

// Len is the number of rows.
func (f *Frame) Len() int { return len(f.Names) }

// Column finds a column by name; nil where there is none.
func (f *Frame) Column(name string) *Column {
	for i := range f.Columns {
		if f.Columns[i].Name == name {
			return &f.Columns[i]
		}
	}
	return nil
}

// ColumnNames lists the columns in the file's order.
func (f *Frame) ColumnNames() []string {
	names := make([]string, len(f.Columns))
	for i := range f.Columns {
		names[i] = f.Columns[i].Name
	}
	return names
}

// Header is the frame without rows: its columns' names, kinds and levels.
func (f *Frame) Header() Frame {
	h := Frame{Columns: make([]Column, len(f.Columns))}
	for i := range f.Columns {
		h.Columns[i] = f.Columns[i].Header()
	}
	return h
}

// Slice is rows lo to hi (excluded); it aliases f.
func (f *Frame) Slice(lo, hi int) Frame {
	s := Frame{Names: f.Names[lo:hi], Columns: make([]Column, len(f.Columns))}
	for i := range f.Columns {
		s.Columns[i] = f.Columns[i].Slice(lo, hi)
	}
	return s
}

// Append copies the rows of from, which has the same columns, to the end of f.
func (f *Frame) Append(from *Frame) {
	f.Names = append(f.Names, from.Names...)
	for i := range f.Columns {
		f.Columns[i].Append(&from.Columns[i])
	}
}
