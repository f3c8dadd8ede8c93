package counts

import (
	"fmt"
	"strings"
)

// AnnotateOptions say where annotations come from and what they may replace.
type AnnotateOptions struct {
	File      string // that the annotations were read from, for errors
	Overwrite bool   // columns of the counts' own; otherwise these are an error
	Flag      string // that sets Overwrite, for the error's advice: "--obs-overwrite"
}

// AnnotateReport tells how names of the counts and of a file of annotations met.
type AnnotateReport struct {
	Matched      int64  // cells or genes of the counts that have a row in the file
	Without      int64  // that have none: they have no value in its columns
	FirstWithout string // the first of them
	Unused       int64  // rows of the file that none of the counts' is named as
	FirstUnused  string // the first of them
}

// annotations are a file's rows, found by name, and where its columns go.
type annotations struct {
	file   *Frame
	rows   map[string]int // name → row of the file
	used   []bool         // rows
	source []int          // of each column of the result: the counts' own, or -1 − the file's
	report AnnotateReport
	first  string // of the counts' names
	found  []int  // rows of the last names
}

// newAnnotations plans the columns: the counts' own in their order, then the
// file's. One of both is, with Overwrite, the file's in the place of the counts'.
func newAnnotations(own, file *Frame, opt AnnotateOptions) (*annotations, error) {
	a := &annotations{file: file, rows: make(map[string]int, file.Len()), used: make([]bool, file.Len())}
	if err := a.index(opt.File); err != nil {
		return nil, err
	}
	both, err := a.place(own, opt.File)
	if err != nil {
		return nil, err
	}
	if len(both) > 0 && !opt.Overwrite {
		return nil, &InputError{File: opt.File, Place: "columns", Advice: "rename or leave out what is in both, or pass " + opt.Flag + " to take the file's",
			Found: fmt.Sprintf("%d of %d are annotations of the counts as well: %s", len(both), len(file.Columns), listed(both, 30))}
	}
	return a, nil
}

// place settles where each column comes from, and lists those that both have.
func (a *annotations) place(own *Frame, file string) (both []string, err error) {
	places := make(map[string]int, len(a.file.Columns)) // name → column of the file
	for k, name := range a.file.ColumnNames() {
		if _, known := places[name]; known {
			return nil, &InputError{File: file, Place: "column " + Printable(name), Found: "the name stands over two columns", Advice: "rename one"}
		}
		places[name] = k
	}
	replaced := make([]bool, len(a.file.Columns))
	for i, name := range own.ColumnNames() {
		if k, known := places[name]; known {
			both = append(both, name)
			replaced[k], i = true, -1-k
		}
		a.source = append(a.source, i)
	}
	for k, is := range replaced {
		if !is {
			a.source = append(a.source, -1-k)
		}
	}
	return both, nil
}

// index finds rows by name; a name twice would leave open which row is meant.
func (a *annotations) index(file string) error {
	repeats, first, again := int64(0), 0, 0 // the first two rows of one name
	for row, name := range a.file.Names {
		before, known := a.rows[name]
		if !known {
			a.rows[name] = row
			continue
		}
		if repeats++; repeats == 1 {
			first, again = before, row
		}
	}
	if repeats == 0 {
		return nil
	}
	return &InputError{File: file, Advice: "every row needs a name of its own",
		Found: fmt.Sprintf("names repeat: %s of %s rows, the first %s, which names the rows %s and %s", Thousands(repeats), Thousands(int64(a.file.Len())),
			Printable(a.file.Names[again]), Thousands(int64(first)+1), Thousands(int64(again)+1))}
}

// columns are those of the result for rows of the counts, whose own are given.
// They may alias own.
func (a *annotations) columns(own *Frame) []Column {
	a.find(own.Names)
	out := make([]Column, len(a.source))
	for i, from := range a.source {
		if from >= 0 {
			out[i] = own.Columns[from]
		} else {
			out[i].take(&a.file.Columns[-1-from], a.found)
		}
	}
	return out
}

// find looks the rows of names up, -1 where there is none, and counts.
func (a *annotations) find(names []string) {
	r := &a.report
	if r.Matched+r.Without == 0 && len(names) > 0 {
		a.first = strings.Clone(names[0]) // a Table's names are its own
	}
	a.found = a.found[:0]
	for _, name := range names {
		row, known := a.rows[name]
		if known {
			r.Matched++
			a.used[row] = true
		} else {
			if r.Without++; r.Without == 1 {
				r.FirstWithout = strings.Clone(name)
			}
			row = -1
		}
		a.found = append(a.found, row)
	}
}

// finish completes the report once all names were looked up. That nothing met is
// an error: the names are of two kinds.
func (a *annotations) finish(what, file string) error {
	r := &a.report
	r.Unused, r.FirstUnused = 0, ""
	for row, used := range a.used {
		if used {
			continue
		}
		if r.Unused++; r.Unused == 1 {
			r.FirstUnused = a.file.Names[row]
		}
	}
	switch {
	case r.Matched > 0 || r.Without == 0:
		return nil
	case a.file.Len() == 0:
		return &InputError{File: file, Found: "it has no rows", Advice: "give one row to a " + what}
	}
	return &InputError{File: file, Advice: "name the rows as the counts name their " + what + "s",
		Found: fmt.Sprintf("no row is named as a %s of the counts: the counts' first %s is %s, the file's %s", what, what, Printable(a.first), Printable(r.FirstUnused))}
}
