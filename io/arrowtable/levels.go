package arrowtable

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// levels are the categories of a column over all files, in the order in which
// their dictionaries have them.
type levels struct {
	path, place string
	list        []string
	code        map[string]int32
	bytes       int64
	memory      int64
	disordered  bool // a dictionary has them in another order
}

// add takes in the values of a dictionary.
func (l *levels) add(values arrow.Array) error {
	at, err := texts(values)
	if err != nil {
		return err
	}
	last := int32(-1)
	for i := range values.Len() {
		if values.IsNull(i) {
			continue
		}
		code, known := l.code[at(i)]
		if !known {
			code = int32(len(l.list))
			s := strings.Clone(at(i))
			if !utf8.ValidString(s) {
				return &counts.InputError{File: l.path, Place: l.place, Found: fmt.Sprintf("%q is not valid UTF-8", s),
					Advice: "write the file with its text in UTF-8"}
			}
			l.code[s] = code
			l.list = append(l.list, s)
			l.bytes += int64(len(s)) + nameBytes
		}
		l.disordered = l.disordered || code < last
		last = code
	}
	if l.bytes > l.memory {
		return &counts.MemoryError{File: l.path, Place: l.place, Found: fmt.Sprintf("%s categories", counts.Thousands(int64(len(l.list)))),
			Need: l.bytes, Allow: l.memory}
	}
	return nil
}

// nameBytes is what a name takes in a list and a map beside its text.
const nameBytes = 64

// levels reads the categories of column k.
func (t *table) levels(ctx context.Context, k int, memory int64) (*levels, error) {
	l := &levels{path: t.path, place: "column " + counts.Printable(t.columns[k].name), code: map[string]int32{}, memory: memory}
	for i, f := range t.files {
		t.current = f.name()
		for values, err := range f.dictionaries(ctx, t.field(i, k)) {
			if err == nil {
				err = l.add(values)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

// ordered says whether the column's categories have an order in every file.
func (t *table) ordered(k int) bool {
	for i, f := range t.files {
		d, ok := storage(f.schema().Field(t.field(i, k)).Type).(*arrow.DictionaryType)
		if ok && !d.Ordered {
			return false
		}
	}
	return true
}
