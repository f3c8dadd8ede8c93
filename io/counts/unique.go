package counts

import "strconv"

// MakeUnique renames, in place, every repeat of a name as anndata's
// var_names_make_unique does: the first keeps its name, later ones get -1, -2, …,
// skipping names that are taken. It returns how many were renamed.
func MakeUnique(names []string) (changed int) {
	taken := make(map[string]struct{}, len(names))
	for _, n := range names {
		taken[n] = struct{}{}
	}
	if len(taken) == len(names) {
		return 0
	}
	met := make(map[string]struct{}, len(names))
	used := map[string]int{}
	for i, n := range names {
		if _, repeat := met[n]; !repeat {
			met[n] = struct{}{}
			continue
		}
		names[i] = nextFree(n, used, taken)
		changed++
	}
	return changed
}

// nextFree is name with the lowest suffix not yet used for it nor taken.
func nextFree(name string, used map[string]int, taken map[string]struct{}) string {
	for {
		used[name]++
		candidate := name + "-" + strconv.Itoa(used[name])
		if _, clash := taken[candidate]; !clash {
			taken[candidate] = struct{}{}
			return candidate
		}
	}
}
