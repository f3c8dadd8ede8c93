package counts

import (
	"path/filepath"
	"slices"
	"strings"
)

// endings of files of counts, in which names end that do not tell inputs apart.
var endings = []string{".h5ad", ".h5", ".loom", ".csv", ".tsv", ".txt", ".parquet", ".arrow", ".feather", ".mtx"}

// usual are names that every cells store has.
var usual = []string{"cells.arrow", "store"}

// Labels name inputs by their paths, no two alike: by the file's or folder's name
// without ending. Paths that end alike are named by the one folder that differs
// between them all (sampleA/outs/counts.h5 and sampleB/outs/counts.h5 are sampleA
// and sampleB), else by the folders from there up to where all differ. What is
// still alike gets -1, -2, …. Only the paths' text counts, not what is there.
func Labels(paths []string) []string {
	parts := make([][]string, len(paths)) // of each path, the last first
	alike := map[string][]int{}           // last part → paths
	for i, p := range paths {
		parts[i] = pathParts(p)
		alike[parts[i][0]] = append(alike[parts[i][0]], i)
	}
	labels := make([]string, len(paths))
	for i := range paths {
		if group := alike[parts[i][0]]; group[0] == i {
			tellApart(labels, parts, group)
		}
	}
	MakeUnique(labels)
	return labels
}

// pathParts are a path's parts from the last, its ending off.
func pathParts(path string) []string {
	path = strings.ToValidUTF8(filepath.ToSlash(filepath.Clean(path)), "\uFFFD")
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for len(parts) > 1 && slices.Contains(usual, parts[len(parts)-1]) {
		parts = parts[:len(parts)-1]
	}
	slices.Reverse(parts)
	if parts[0] = withoutEnding(parts[0]); parts[0] == "" {
		parts[0] = "/"
	}
	return parts
}

// withoutEnding takes a known ending off, and .gz after it, where a name is left.
func withoutEnding(name string) string {
	base := strings.TrimSuffix(name, ".gz")
	for _, ending := range endings {
		if short, ends := strings.CutSuffix(base, ending); ends && short != "" {
			return short
		}
	}
	return name
}

// tellApart fills the labels of a group of paths whose last parts are alike.
func tellApart(labels []string, parts [][]string, group []int) {
	deepest, from := 0, 0 // from: the first depth at which not all are alike
	for _, i := range group {
		deepest = max(deepest, len(parts[i]))
	}
	for depth := range deepest {
		if fill(labels, parts, group, depth, depth) {
			return
		}
		if from == 0 && !uniform(labels, group) {
			from = depth
		}
	}
	if from == 0 { // the same path again
		fill(labels, parts, group, 0, 0)
		return
	}
	for to := from; to < deepest; to++ {
		if fill(labels, parts, group, from, to) {
			return
		}
	}
}

// fill makes labels of the parts from one depth to another, the last part alone
// where there are none, and tells whether they differ.
func fill(labels []string, parts [][]string, group []int, from, to int) (differ bool) {
	met := map[string]bool{}
	for _, i := range group {
		some := slices.Clone(parts[i][min(from, len(parts[i])):min(to+1, len(parts[i]))])
		slices.Reverse(some)
		labels[i] = strings.Join(some, "/")
		if labels[i] == "" {
			labels[i] = parts[i][0]
		}
		met[labels[i]] = true
	}
	return len(met) == len(group)
}

// uniform tells whether all labels of a group are alike.
func uniform(labels []string, group []int) bool {
	return !slices.ContainsFunc(group, func(i int) bool { return labels[i] != labels[group[0]] })
}
