package counts

import (
	"fmt"
	"slices"
	"strings"
)

// keepTest is a condition made ready for the rows of frames with the same columns.
type keepTest struct {
	column   int                           // place in the frame, -1 for the names
	compares bool                          // asks for a value, not whether there is one
	missing  bool                          // keep a row without a value
	pass     func(c *Column, row int) bool // of a row with a value
	note     string                        // what is odd about the condition, or ""
}

// annotated is whose annotations a condition is about, in the words of messages.
type annotated struct {
	place string   // as AnnData calls the annotations
	names []string // columns that stand for the names
}

func cellAnnotations() annotated {
	return annotated{"obs", []string{"index", "obs_names", "cell_id"}}
}

func geneAnnotations() annotated {
	return annotated{"var", []string{"index", "var_names", "gene_id"}}
}

// bind finds the condition's column in a frame's header and reads its values as
// the column's kind; file is for the error.
func (k *Keep) bind(header *Frame, of annotated, file string) (keepTest, error) {
	t := keepTest{column: slices.Index(header.ColumnNames(), k.column), compares: k.op.compares(), missing: k.op == opMissing}
	c := &Column{Kind: String}
	switch {
	case t.column >= 0:
		c = &header.Columns[t.column]
	case !slices.Contains(of.names, k.column):
		return t, noSuchColumn(file, of.place, k.column, k.why(""), header)
	}
	var fault, advice string
	if t.compares {
		fault, advice = k.compile(c, &t)
	} else {
		t.pass = func(*Column, int) bool { return k.op == opNotMissing }
	}
	if fault != "" {
		return t, &InputError{File: file, Place: of.place + " column " + Printable(k.column), Found: k.why(fault), Advice: advice}
	}
	return t, nil
}

// why is a fault with the condition that has it.
func (k *Keep) why(fault string) string {
	if fault == "" {
		return "condition " + k.expr
	}
	return "condition " + k.expr + ": " + fault
}

// noSuchColumn says that an annotation is not there, why it is looked for, and which are there.
func noSuchColumn(file, place, column, why string, header *Frame) error {
	there := "there are no columns"
	if names := header.ColumnNames(); len(names) > 0 {
		there = "there are " + listed(names, 30)
	}
	return &InputError{File: file, Place: place, Found: why + ": no column " + Printable(column), Advice: there}
}

// listed is the first few names for a message.
func listed(names []string, most int) string {
	shown := make([]string, 0, most+1)
	for _, name := range names[:min(most, len(names))] {
		shown = append(shown, Printable(name))
	}
	if len(names) > most {
		shown = append(shown, "…")
	}
	return strings.Join(shown, ", ")
}

// compile makes the test of a comparison, by the column's kind. A fault is what
// makes the condition meaningless.
func (k *Keep) compile(c *Column, t *keepTest) (fault, advice string) {
	boolean := k.op == opTrue || k.op == opFalse
	switch {
	case boolean && c.Kind != Bool:
		return fmt.Sprintf("the column is %s, not boolean", c.Kind), "write COLUMN == VALUE"
	case k.op.ordered() && (c.Kind == String || c.Kind == Bool || c.Kind == Categorical && !c.Ordered):
		return fmt.Sprintf("the column is %s, and its values have no order", c.Kind), "compare them with ==, !=, in or not in"
	}
	switch c.Kind {
	case Categorical:
		return k.compileLevels(c, t)
	case String:
		k.compileText(t)
		return "", ""
	case Bool:
		return k.compileBool(t)
	default:
		return k.compileNumbers(c.Kind, t)
	}
}

// compileText compares whole texts.
func (k *Keep) compileText(t *keepTest) {
	wanted := map[string]bool{}
	for _, v := range k.values {
		wanted[v] = true
	}
	t.pass = func(c *Column, row int) bool { return wanted[c.Strings[row]] != k.op.negative() }
}

// compileBool reads True, False, 1 and 0.
func (k *Keep) compileBool(t *keepTest) (fault, advice string) {
	var wanted [2]bool // of False and of True
	for _, v := range k.values {
		switch strings.ToLower(v) {
		case "true", "1":
			wanted[1] = true
		case "false", "0":
			wanted[0] = true
		default:
			return Printable(v) + " is no boolean", "write True or False"
		}
	}
	if len(k.values) == 0 {
		wanted[1] = true // COLUMN, not COLUMN
	}
	t.pass = func(c *Column, row int) bool {
		if c.Bools[row] {
			return wanted[1] != k.op.negative()
		}
		return wanted[0] != k.op.negative()
	}
	return "", ""
}
