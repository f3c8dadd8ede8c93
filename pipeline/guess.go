package pipeline

import (
	"strings"

	"github.com/alecthomas/kong"
)

// guess names the flag that differs from name in one or two letters.
func guess(flags map[string][]*kong.Flag, name string) string {
	best, distance := "", 3
	for other := range flags {
		d := editDistance(name, other)
		if d < distance || d == distance && d < 3 && other < best {
			best, distance = other, d
		}
	}
	if best == "" {
		return ": `cellvi run --help` lists the names"
	}
	return ": did you mean " + strings.ReplaceAll(best, "-", "_") + "?"
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
