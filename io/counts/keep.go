package counts

// Keep is a condition on an annotation, as users write it:
//
//	COLUMN == VALUE   COLUMN != VALUE
//	COLUMN < VALUE    COLUMN <= VALUE    COLUMN > VALUE    COLUMN >= VALUE
//	COLUMN in A,B,C   COLUMN not in A,B,C
//	COLUMN            not COLUMN            of a boolean column
//	COLUMN is missing COLUMN is not missing
//
// Columns and values may hold spaces and any Unicode. The first operator outside
// quotes is the condition's. A column or value that holds an operator, a comma, or
// space at its ends is written in quotes, '…' or "…", in which a quote is doubled.
// A quote within a word is a letter: donor's.
//
// Values compare as the column's kind: numbers as numbers (1 is 1.0), booleans as
// True, true or 1, text and categoricals as text. Categoricals with an order know
// less and more by it; text and other categoricals do not.
//
// As in SQL, a row without a value meets no comparison, neither == nor != nor
// "not in" nor "not COLUMN" (pandas' != would keep it): "is missing" is for those.
//
// The columns index and obs_names or cell_id (of genes: var_names or gene_id) are
// the names, where no column is called so.
type Keep struct {
	expr   string
	column string
	op     keepOp
	values []string // none for the operators without, several for in and not in
}

// keepOp is what a condition asks for.
type keepOp int

const (
	opTrue keepOp = iota
	opFalse
	opEqual
	opUnequal
	opLess
	opAtMost
	opMore
	opAtLeast
	opIn
	opNotIn
	opMissing
	opNotMissing
)

// compares tells operators that ask for a value from those that ask whether one is there.
func (o keepOp) compares() bool { return o < opMissing }

// ordered tells operators that need an order of the values.
func (o keepOp) ordered() bool { return o >= opLess && o <= opAtLeast }

// negative tells operators that leave out what they name.
func (o keepOp) negative() bool { return o == opUnequal || o == opNotIn || o == opFalse }

// holds tells whether an ordered operator is met by a value that is below (-1),
// equal to (0) or above (1) the one asked for.
func (o keepOp) holds(compared int) bool {
	switch o {
	case opLess:
		return compared < 0
	case opAtMost:
		return compared <= 0
	case opMore:
		return compared > 0
	default:
		return compared >= 0
	}
}
