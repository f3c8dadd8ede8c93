package counts

import (
	"fmt"
	"slices"
	"strings"
)

// GeneExpression is the type of features of 10x that are genes: what is read where
// no type is chosen.
const GeneExpression = "Gene Expression"

// KeepTypes clears kept, of features that are kept so far, for those whose type is
// not among wanted (none: Gene Expression; "all": all), and notes how many of which
// types go. fault says that a type is asked for that no feature has, and advice what
// to do; both are empty where all is well.
func KeepTypes(kept []bool, types, wanted []string) (note, fault, advice string) {
	if slices.Contains(wanted, "all") || len(types) == 0 {
		return "", "", ""
	}
	if len(wanted) == 0 {
		wanted = []string{GeneExpression}
	}
	there := map[string]int64{}
	for i, t := range types {
		if kept[i] {
			there[t]++
		}
	}
	for _, w := range wanted {
		if there[w] == 0 {
			return "", fmt.Sprintf("has no features of type %s; it has %s", Printable(w), numbered(there)), "choose with --feature-types, or --feature-types all"
		}
	}
	for i, t := range types {
		kept[i] = kept[i] && slices.Contains(wanted, t)
	}
	for _, w := range wanted {
		delete(there, w)
	}
	if len(there) == 0 {
		return "", "", ""
	}
	return fmt.Sprintf("features other than %s are left out: %s (--feature-types all keeps them)", strings.Join(wanted, ", "), numbered(there)), "", ""
}

// numbered lists types with how many there are, in order of name.
func numbered(n map[string]int64) string {
	var names, parts []string
	for t := range n {
		names = append(names, t)
	}
	slices.Sort(names)
	for _, t := range names {
		parts = append(parts, Thousands(n[t])+" "+Printable(t))
	}
	return List(parts, "and")
}

// List joins words as a sentence does: a, b and c; of many, the first twelve.
func List(words []string, and string) string {
	if len(words) > 12 {
		words = append(slices.Clone(words[:12]), fmt.Sprintf("%d more", len(words)-12))
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + and + " " + words[last]
}
