package mtx

import (
	"slices"

	"cellvi/io/counts"
)

// take settles which genes are taken, by their kind.
func (fs *features) take(path string, wanted []string) error {
	fs.taken = &fs.all
	types := fs.all.Column("feature_types")
	if types == nil {
		if len(wanted) == 0 || slices.Contains(wanted, "all") {
			return nil
		}
		return &counts.InputError{File: path, Found: "has no types of features in a third column to choose by", Advice: "leave out --feature-types"}
	}
	kept := slices.Repeat([]bool{true}, fs.all.Len())
	note, fault, advice := counts.KeepTypes(kept, types.Strings, wanted)
	if fault != "" {
		return &counts.InputError{File: path, Found: fault, Advice: advice}
	}
	if note != "" {
		fs.notes = append(fs.notes, note)
	}
	fs.taken, fs.choice = counts.ChooseGenes(&fs.all, kept)
	return nil
}
