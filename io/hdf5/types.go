package hdf5

import "fmt"

// Class is what sort of values a dataset or attribute holds.
type Class int

// The classes that matter to count files; everything else is Other.
const (
	Other     Class = iota
	Integer         // signed or not, 1 to 8 bytes, any byte order
	Float           // 2 to 16 bytes
	Text            // strings of fixed or variable length, ASCII or UTF-8
	Bool            // an enum with members FALSE and TRUE, as h5py writes
	Reference       // to an object of the file
	Compound        // a record: tables of anndata before 0.7
)

// Type is the type of one value as the file stores it.
type Type struct {
	Class  Class
	Size   int   // bytes; for Text of variable length, of the pointer
	Signed bool  // Integer only
	False  int64 // Bool only: the number that stands for FALSE
	True   int64 // Bool only: the number that stands for TRUE
}

// Numeric says whether Read can give the values as numbers.
func (t Type) Numeric() bool {
	return t.Class == Integer || t.Class == Float || t.Class == Bool
}

// Unsigned64 tells the whole numbers of which some are beyond int64.
func (t Type) Unsigned64() bool { return t.Class == Integer && !t.Signed && t.Size >= 8 }

// String names the type as numpy does: int32, uint8, float64, bool, string.
func (t Type) String() string {
	switch t.Class {
	case Integer:
		if t.Signed {
			return fmt.Sprintf("int%d", 8*t.Size)
		}
		return fmt.Sprintf("uint%d", 8*t.Size)
	case Float:
		return fmt.Sprintf("float%d", 8*t.Size)
	case Text:
		return "string"
	case Bool:
		return "bool"
	case Reference:
		return "reference"
	case Compound:
		return "compound"
	}
	return "other"
}

// Kind is what a name in a group stands for.
type Kind int

// The kinds of members.
const (
	Absent Kind = iota // no such member, or a link that leads nowhere
	IsGroup
	IsDataset
	IsOther // a named type
)

// Number is what Read converts to: libhdf5 converts from any numeric type of
// the file, clipping what does not fit.
type Number interface {
	float64 | float32 | int64 | int32 | uint64
}

// Stored is what WriteArray and CreateArray can store.
type Stored interface {
	Number | int16 | int8
}

// Layout is how a dataset lies in the file. The zero value is one contiguous
// block of fixed size.
type Layout struct {
	Chunk int64 // values (1-D) or rows a chunk; 0: contiguous
	Wide  int64 // columns a chunk; 0: all
	Gzip  int   // level 1 to 9; 0: not compressed; needs Chunk
}

// Way is the order in which a Scan goes through a dataset.
type Way int

// The ways of a Scan: whole rows, for which the chunks side by side are in memory
// together, also for a dataset of one axis; whole columns, for which those above each
// other are; or each chunk by itself.
const (
	ByRows Way = iota
	ByColumns
	ByBlocks
)

// blockValues is how many values a Block has at most.
const blockValues = 1 << 16

// Block is a rectangle of a dataset of two axes: Rows × Cols values, row-major, of
// which the first stands at (Row, Col).
type Block struct {
	Row, Col, Rows, Cols int64
	Values               []float64
}
