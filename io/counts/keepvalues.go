package counts

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// compileLevels settles which levels pass. Values that are no level are a fault
// where no level is left to look for, or where one is to be compared by order;
// otherwise they are noted, for a file of many may lack a level that others have.
func (k *Keep) compileLevels(c *Column, t *keepTest) (fault, advice string) {
	var wanted []int
	var unknown []string
	for _, v := range k.values {
		if at := slices.Index(c.Levels, v); at >= 0 {
			wanted = append(wanted, at)
		} else {
			unknown = append(unknown, v)
		}
	}
	if len(unknown) > 0 {
		fault, advice = "no level is named "+listed(unknown, 5), "the levels are "+listed(c.Levels, 30)
		if len(c.Levels) == 0 {
			advice = "the column has no levels"
		}
	}
	if fault != "" && len(wanted) == 0 && !k.op.negative() {
		return fault, advice
	}
	if fault != "" {
		t.note = k.why(fault + ": " + advice)
	}
	pass := make([]bool, len(c.Levels))
	for code := range pass {
		if k.op.ordered() {
			pass[code] = k.op.holds(cmp.Compare(code, wanted[0]))
		} else {
			pass[code] = slices.Contains(wanted, code) != k.op.negative()
		}
	}
	t.pass = func(c *Column, row int) bool { return pass[c.Codes[row]] }
	return "", ""
}

// number is a value of a condition: exact as an integer where it is written as one.
type number struct {
	whole bool
	i     int64
	f     float64
}

func parseNumber(s string) (n number, ok bool) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return number{whole: true, i: i, f: float64(i)}, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return number{f: f}, err == nil && !math.IsNaN(f)
}

// compareInt is -1, 0 or 1 as x is below, equal to or above n.
func (n number) compareInt(x int64) int {
	if n.whole {
		return cmp.Compare(x, n.i)
	}
	return compareIntFloat(x, n.f)
}

// compareFloat is -1, 0 or 1 as x, which is not NaN, is below, equal to or above n.
func (n number) compareFloat(x float64) int {
	if n.whole {
		return -compareIntFloat(n.i, x)
	}
	return cmp.Compare(x, n.f)
}

// compareIntFloat compares exactly: beyond 2⁵³ not every integer is a float.
func compareIntFloat(i int64, f float64) int {
	switch {
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(0, f-whole)
}

// compileNumbers reads the values as numbers and compares exactly.
func (k *Keep) compileNumbers(kind Kind, t *keepTest) (fault, advice string) {
	numbers := make([]number, len(k.values))
	for i, v := range k.values {
		n, ok := parseNumber(v)
		if !ok {
			return Printable(v) + " is no number", "the column is " + kind.String() + ": compare it with numbers, or write COLUMN is missing"
		}
		numbers[i] = n
	}
	compare := func(n number, c *Column, row int) int { return n.compareInt(c.Ints[row]) }
	if kind == Float {
		compare = func(n number, c *Column, row int) int { return n.compareFloat(c.Floats[row]) }
	}
	if k.op.ordered() {
		t.pass = func(c *Column, row int) bool { return k.op.holds(compare(numbers[0], c, row)) }
		return "", ""
	}
	t.pass = func(c *Column, row int) bool {
		is := slices.ContainsFunc(numbers, func(n number) bool { return compare(n, c, row) == 0 })
		return is != k.op.negative()
	}
	return "", ""
}
