package counts

import (
	"fmt"
	"slices"
	"strings"
)

// joinedColumn is an annotation of the joined table and where each input has it.
type joinedColumn struct {
	header Column
	from   []int     // per input the column's place, -1 where it has none
	codes  [][]int32 // Categorical: per input own code → joined code
}

// planColumns merges the columns of the inputs' frames by name, in the order in
// which they are met; what is the annotations' name in warnings.
func planColumns(what string, frames []*Frame, labels []string) (plan []joinedColumn, warnings []string) {
	place := map[string]int{}
	for i, f := range frames {
		for k, name := range f.ColumnNames() {
			p, known := place[name]
			if !known {
				p = len(plan)
				place[name] = p
				plan = append(plan, joinedColumn{header: Column{Name: name}, from: slices.Repeat([]int{-1}, len(frames))})
			}
			if plan[p].from[i] < 0 { // of columns named alike within one input the first
				plan[p].from[i] = k
			}
		}
	}
	for p := range plan {
		if w := plan[p].settle(frames, labels); w != "" {
			warnings = append(warnings, what+" "+plan[p].header.Name+": "+w)
		}
	}
	return plan, warnings
}

// settle chooses the joined kind and levels, and says what that changes.
func (j *joinedColumn) settle(frames []*Frame, labels []string) (warning string) {
	var kinds []Kind
	var said []string
	for i, f := range frames {
		if j.from[i] < 0 {
			continue
		}
		if kind := f.Columns[j.from[i]].Kind; !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
			said = append(said, fmt.Sprintf("%s in %s", kind, labels[i]))
		}
	}
	slices.Sort(kinds)
	switch {
	case len(kinds) == 1:
		j.header.Kind = kinds[0]
	case slices.Equal(kinds, []Kind{Int, Float}): // as pandas, whose integers with gaps are floats
		j.header.Kind = Float
	default:
		j.header.Kind = String
		return strings.Join(said, ", ") + ": joined as text"
	}
	if j.header.Kind == Categorical {
		return j.mergeLevels(frames)
	}
	return ""
}

// mergeLevels unites the levels; the order means something only where all agree.
func (j *joinedColumn) mergeLevels(frames []*Frame) (warning string) {
	j.codes = make([][]int32, len(frames))
	place := map[string]int32{}
	ordered, alike := false, true
	var first *Column
	for i, f := range frames {
		if j.from[i] < 0 {
			continue
		}
		c := &f.Columns[j.from[i]]
		if first == nil {
			first = c
		}
		ordered = ordered || c.Ordered
		alike = alike && c.Ordered == first.Ordered && slices.Equal(c.Levels, first.Levels)
		for _, level := range c.Levels {
			code, known := place[level]
			if !known {
				code = int32(len(j.header.Levels))
				place[level] = code
				j.header.Levels = append(j.header.Levels, level)
			}
			j.codes[i] = append(j.codes[i], code)
		}
	}
	j.header.Ordered = ordered && alike
	if ordered && !alike {
		return "its ordered levels differ between the inputs: joined without order"
	}
	return ""
}

// convert is the joined column over the rows of input i's frame; it may alias it.
func (j *joinedColumn) convert(i int, f *Frame) Column {
	out := j.header
	if j.from[i] < 0 {
		out.AppendMissing(f.Len())
		return out
	}
	c := &f.Columns[j.from[i]]
	switch {
	case out.Kind == Categorical:
		out.Codes = make([]int32, len(c.Codes))
		for r, code := range c.Codes {
			out.Codes[r] = -1
			if code >= 0 {
				out.Codes[r] = j.codes[i][code]
			}
		}
	case out.Kind == c.Kind:
		out = *c
	default:
		for r := range c.Len() {
			out.appendConverted(c, r)
		}
	}
	return out
}

// appendConverted adds row r of c to a column of text, or of floats where c
// holds integers.
func (c *Column) appendConverted(from *Column, r int) {
	switch {
	case from.IsMissing(r):
		c.AppendMissing(1)
	case c.Kind == Float:
		c.Append(&Column{Kind: Float, Floats: []float64{float64(from.Ints[r])}})
	default:
		c.Append(&Column{Kind: String, Strings: []string{from.Text(r)}})
	}
}
