package textfile

import (
	"encoding/csv"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func split(line string, delimiter byte) (fields []string, closed bool) {
	f := Fields{Delimiter: delimiter}
	n, closed := f.Count([]byte(line))
	f.Reset([]byte(line))
	for {
		field, ok := f.Next()
		if !ok {
			break
		}
		fields = append(fields, string(field))
	}
	if n != len(fields) {
		panic("Count and Next differ")
	}
	return fields, closed
}

func TestFields(t *testing.T) {
	for line, want := range map[string][]string{
		"":                 {""},
		"a":                {"a"},
		",":                {"", ""},
		"a,b,":             {"a", "b", ""},
		`"a,b",c`:          {"a,b", "c"},
		`"a""b","",""""`:   {`a"b`, "", `"`},
		`a"b",c`:           {`a"b"`, "c"},
		`"a"b,c`:           {"ab", "c"},
		`"a"b`:             {"ab"},
		`"GENE ""x"", y",`: {`GENE "x", y`, ""},
	} {
		if got, closed := split(line, ','); !closed || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", line, got, closed, want)
		}
	}
	for _, line := range []string{`"`, `a,"b`, `"a""`} {
		if _, closed := split(line, ','); closed {
			t.Errorf("%s: no open quote seen", line)
		}
	}
}

// FuzzFields holds the splitting of a line to encoding/csv's, where that takes it.
func FuzzFields(f *testing.F) {
	for _, line := range []string{"", "a,b", `"a,b",c`, `"a""b","",""""`, `,"`, `a"b,"c"d`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, closed := split(line, ',')
		if line == "" || strings.ContainsAny(line, "\r\n") {
			return
		}
		want, err := csv.NewReader(strings.NewReader(line)).Read()
		if err == nil && (!closed || !slices.Equal(got, want)) {
			t.Errorf("%s: got %q, %v, want %q", line, got, closed, want)
		}
	})
}

// FuzzNumber holds numbers to strconv's, to the last bit.
func FuzzNumber(f *testing.F) {
	for _, text := range []string{"0", "12", "1.5", ".5", "5.", ".", "", "-1e3", "+7", "123456789012345", "1234567890123456789", "0.000000000000001", "nan", "Inf", "1e999", "1_0", "0x1p2", "1..2", "9007199254740993.0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := Number([]byte(text))
		want, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(want, 0) || strings.ContainsAny(text, "xXpP_") {
			if ok {
				t.Errorf("%q is taken for %g", text, got)
			}
			return
		}
		if !ok || math.Float64bits(got) != math.Float64bits(want) && got == got {
			t.Errorf("%q: got %g, %v, want %g", text, got, ok, want)
		}
	})
}
