package stages

import (
	"bufio"
	"bytes"
	"os"
	"strings"
	"unicode/utf8"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// readList reads a file of names, one a line. Space around a name, empty lines
// and repeats are passed over, and so is a byte order mark.
func readList(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	var names []string
	seen := map[string]bool{}
	lines := bufio.NewScanner(f)
	for line := 1; lines.Scan(); line++ {
		if !utf8.Valid(lines.Bytes()) || bytes.IndexByte(lines.Bytes(), 0) >= 0 {
			return nil, pipeline.BadInput("%s: not a list of names, one a line: line %d is not text", path, line)
		}
		name := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, pipeline.BadInput("%s: not a list of names, one a line (%w)", path, err)
	}
	if len(names) == 0 {
		return nil, pipeline.BadInput("%s: no names in it: write one a line", path)
	}
	return names, nil
}

// printable shows names of the user's data; see counts.Printable.
func printable(names []string) []string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = counts.Printable(name)
	}
	return shown
}

// some lists the first few names for a message.
func some(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", …"
}
