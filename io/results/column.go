package results

// Type is the type of a column's values.
type Type int

// The types that are written.
const (
	Float32 Type = iota
	Float64
	Int64
	Int32
	Bool
	String
)

// String is the type's name.
func (t Type) String() string {
	return [...]string{"float32", "float64", "int64", "int32", "bool", "string"}[t]
}

// Column is one named column; exactly one slice is set. Of a column without rows
// the slice that is not nil gives the type.
type Column struct {
	Name    string
	Float32 []float32
	Float64 []float64
	Int64   []int64
	Int32   []int32
	Bool    []bool
	String  []string

	// Missing is set by Read for columns other than floats: true beside a zero
	// value where the file has a null; nil where it has none. It is not written.
	Missing []bool
}

// Len is the number of rows.
func (c *Column) Len() int {
	return len(c.Float32) + len(c.Float64) + len(c.Int64) + len(c.Int32) + len(c.Bool) + len(c.String)
}

// Type is that of the slice that is set; false where not exactly one is.
func (c *Column) Type() (Type, bool) {
	set := [...]bool{Float32: c.Float32 != nil, Float64: c.Float64 != nil, Int64: c.Int64 != nil,
		Int32: c.Int32 != nil, Bool: c.Bool != nil, String: c.String != nil}
	found, n := Float32, 0
	for t, is := range set {
		if is {
			found = Type(t)
			n++
		}
	}
	return found, n == 1
}

// slice is rows lo to hi (excluded), aliasing c.
func (c *Column) slice(lo, hi int) Column {
	s := Column{Name: c.Name}
	switch {
	case c.Float32 != nil:
		s.Float32 = c.Float32[lo:hi]
	case c.Float64 != nil:
		s.Float64 = c.Float64[lo:hi]
	case c.Int64 != nil:
		s.Int64 = c.Int64[lo:hi]
	case c.Int32 != nil:
		s.Int32 = c.Int32[lo:hi]
	case c.Bool != nil:
		s.Bool = c.Bool[lo:hi]
	case c.String != nil:
		s.String = c.String[lo:hi]
	}
	return s
}
