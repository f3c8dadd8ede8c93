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

// Filter is one step through which the chunks of a dataset were written.
type Filter struct {
	ID        int // as registered with the HDF Group
	Available bool
}

// String names the filter as users know it.
func (f Filter) String() string {
	names := map[int]string{1: "gzip", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset",
		307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32015: "zstd", 32026: "blosc2"}
	if n := names[f.ID]; n != "" {
		return n
	}
	return fmt.Sprintf("filter %d", f.ID)
}

// Number is what Read converts to: libhdf5 converts from any numeric type of
// the file, clipping what does not fit.
type Number interface {
	float64 | float32 | int64 | int32
}

// Stored is what WriteArray and CreateArray can store.
type Stored interface {
	Number | int16 | int8
}

// Layout is how a dataset lies in the file. The zero value is one contiguous
// block of fixed size.
type Layout struct {
	Chunk int64 // values (1-D) or rows a chunk; 0: contiguous
	Gzip  int   // level 1 to 9; 0: not compressed; needs Chunk
}
