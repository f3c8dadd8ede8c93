package stages

import (
	"cellvi/io/counts"
	"cellvi/pipeline"
)

// genesIn gives the positions, among the model's genes, of those that a file names,
// one a line; of all where path is "".
func genesIn(path string, all []string) ([]int, error) {
	if path == "" {
		return numbers(0, len(all)), nil
	}
	names, err := readList(path)
	if err != nil {
		return nil, err
	}
	return genesAt(names, all, path)
}

// genesAt gives the positions of names among the model's genes; from is where they were
// named.
func genesAt(names, all []string, from string) ([]int, error) {
	at := make(map[string]int, len(all))
	for i, g := range all {
		at[g] = i
	}
	var positions []int
	var missing []string
	for _, n := range names {
		if i, ok := at[n]; ok {
			positions = append(positions, i)
		} else {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		return nil, pipeline.BadInput("%s: %d of %d genes are not among the model's, the first %s: name genes as in genes.parquet, where selected is true",
			from, len(missing), len(names), counts.Printable(missing[0]))
	}
	return positions, nil
}
