package mtx

import (
	"fmt"
	"slices"
	"strings"

	"cellvi/io/counts"
)

// take settles which genes are taken, by their kind.
func (fs *features) take(path string, wanted []string) error {
	fs.taken = fs.all
	types := fs.all.Column("feature_types")
	if slices.Contains(wanted, "all") || types == nil && len(wanted) == 0 {
		return nil
	}
	if types == nil {
		return &counts.InputError{File: path, Found: "has no types of features in a third column to choose by", Advice: "leave out --feature-types"}
	}
	there := map[string]int{}
	for _, t := range types.Strings {
		there[t]++
	}
	if len(wanted) == 0 {
		wanted = []string{geneExpression}
	}
	if err := checkTypes(path, wanted, there); err != nil {
		return err
	}
	fs.choose(types.Strings, wanted)
	for _, w := range wanted {
		delete(there, w)
	}
	if len(there) > 0 {
		fs.notes = append(fs.notes, fmt.Sprintf("features other than %s are left out: %s (--feature-types all keeps them)", strings.Join(wanted, ", "), listTypes(there)))
	}
	return nil
}

// checkTypes refuses a type that no feature has.
func checkTypes(path string, wanted []string, there map[string]int) error {
	for _, w := range wanted {
		if there[w] == 0 {
			return &counts.InputError{File: path, Found: fmt.Sprintf("has no features of type %s; it has %s", counts.Printable(w), listTypes(there)),
				Advice: "choose with --feature-types, or --feature-types all"}
		}
	}
	return nil
}

// choose fills place and taken.
func (fs *features) choose(types, wanted []string) {
	fs.place, fs.taken = make([]int32, len(types)), fs.all.Header()
	for i, t := range types {
		if !slices.Contains(wanted, t) {
			fs.place[i] = -1
			continue
		}
		fs.place[i] = int32(len(fs.taken.Names))
		row := fs.all.Slice(i, i+1)
		fs.taken.Append(&row)
	}
	if len(fs.taken.Names) == len(types) {
		fs.place = nil
	}
}

// listTypes writes types with how many there are, in order of name.
func listTypes(n map[string]int) string {
	var parts []string
	for t, k := range n {
		parts = append(parts, fmt.Sprintf("%s %s", counts.Thousands(int64(k)), counts.Printable(t)))
	}
	slices.SortFunc(parts, func(a, b string) int {
		return strings.Compare(a[strings.IndexByte(a, ' '):], b[strings.IndexByte(b, ' '):])
	})
	return some(parts)
}
