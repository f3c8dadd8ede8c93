package counts_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// plainKeep is a condition and its plain meaning for a row.
type plainKeep struct {
	expr    string
	met     func(f *counts.Frame, row int) bool
	missing func(f *counts.Frame, row int) bool
}

// drawKeep draws a condition that fits one of f's columns, or the names.
func drawKeep(t *rapid.T, f *counts.Frame) plainKeep {
	at := rapid.IntRange(-1, len(f.Columns)-1).Draw(t, "column")
	column := func(f *counts.Frame) *counts.Column {
		if at < 0 {
			return &counts.Column{Name: "index", Kind: counts.String, Strings: f.Names}
		}
		return &f.Columns[at]
	}
	c := column(f)
	if f.Column(c.Name) != nil && at < 0 { // the name is taken
		return drawKeep(t, f)
	}
	ops := []string{"==", "!=", "in", "not in", "is missing", "is not missing"}
	switch {
	case c.Kind == counts.Bool:
		ops = append(ops, "", "not")
	case c.Kind == counts.Int || c.Kind == counts.Float || c.Ordered:
		ops = append(ops, "<", "<=", ">", ">=")
	}
	op, name := rapid.SampledFrom(ops).Draw(t, "operator"), quoted(t, c.Name)
	k := plainKeep{missing: func(f *counts.Frame, row int) bool { return column(f).IsMissing(row) }}
	switch op {
	case "is missing", "is not missing":
		k.expr = name + " " + op
		k.met = func(f *counts.Frame, row int) bool { return k.missing(f, row) == (op == "is missing") }
		return k
	case "", "not":
		k.expr = strings.TrimSpace(op + " " + name)
		k.met = func(f *counts.Frame, row int) bool { return !k.missing(f, row) && column(f).Bools[row] == (op == "") }
		return k
	}
	n := 1
	if strings.HasSuffix(op, "in") {
		n = rapid.IntRange(1, 3).Draw(t, "values")
	}
	var values, written []string
	for range n {
		v := drawOperand(t, c)
		values, written = append(values, v), append(written, quoted(t, v))
	}
	k.expr = name + " " + op + " " + strings.Join(written, " , ")
	k.met = func(f *counts.Frame, row int) bool {
		c := column(f)
		if c.IsMissing(row) {
			return false
		}
		equal := slices.ContainsFunc(values, func(v string) bool { return plainCompare(c, row, v) == 0 })
		switch op {
		case "==", "in":
			return equal
		case "!=", "not in":
			return !equal
		}
		d := plainCompare(c, row, values[0])
		return d < 0 && op[0] == '<' || d > 0 && op[0] == '>' || d == 0 && strings.HasSuffix(op, "=")
	}
	return k
}

// drawOperand draws a value that a column of this kind can be compared with.
func drawOperand(t *rapid.T, c *counts.Column) string {
	if c.Kind == counts.Categorical {
		return rapid.SampledFrom(c.Levels).Draw(t, "level")
	}
	if c.Kind == counts.Bool {
		return rapid.SampledFrom([]string{"True", "False", "true", "false"}).Draw(t, "boolean")
	}
	if c.Len() > 0 && rapid.Bool().Draw(t, "one that is there") {
		if row := rapid.IntRange(0, c.Len()-1).Draw(t, "row"); !c.IsMissing(row) {
			return c.Text(row)
		}
	}
	switch c.Kind {
	case counts.Int:
		return fmt.Sprint(rapid.Int64().Draw(t, "integer"))
	case counts.Float:
		return fmt.Sprint(rapid.Float64().Draw(t, "float"))
	}
	return rapid.SampledFrom([]string{"a", "", "é 漢", "x,y", "it's", `"`, "a == b"}).Draw(t, "text")
}

// plainCompare compares by levels' places, exact numbers, or text.
func plainCompare(c *counts.Column, row int, v string) int {
	switch c.Kind {
	case counts.Categorical:
		return int(c.Codes[row]) - slices.Index(c.Levels, v)
	case counts.Int, counts.Float:
		x, _, err := big.ParseFloat(c.Text(row), 10, 2000, big.ToNearestEven)
		y, _, bad := big.ParseFloat(v, 10, 2000, big.ToNearestEven)
		if err != nil || bad != nil {
			panic(fmt.Sprint(err, bad))
		}
		return x.Cmp(y)
	case counts.Bool:
		return strings.Compare(strings.ToLower(c.Text(row)), strings.ToLower(v))
	}
	return strings.Compare(c.Text(row), v)
}

// quoted is text as a condition holds it.
func quoted(t *rapid.T, text string) string {
	quote := rapid.SampledFrom([]string{"'", `"`}).Draw(t, "quote")
	return quote + strings.ReplaceAll(text, quote, quote+quote) + quote
}

// plainSift gives the rows of f that meet all conditions, and the report.
func plainSift(f *counts.Frame, conditions []plainKeep) (rows []int, report []counts.KeepReport) {
	for _, k := range conditions {
		report = append(report, counts.KeepReport{Expr: k.expr})
	}
	for row := range f.Names {
		first := slices.IndexFunc(conditions, func(k plainKeep) bool { return !k.met(f, row) })
		if first < 0 {
			rows = append(rows, row)
			continue
		}
		report[first].N++
		if conditions[first].missing(f, row) {
			report[first].Missing++
		}
	}
	return rows, report
}

func drawKeeps(t *rapid.T, f *counts.Frame) (plain []plainKeep, parsed []*counts.Keep) {
	for range rapid.IntRange(1, 3).Draw(t, "conditions") {
		k := drawKeep(t, f)
		plain, parsed = append(plain, k), append(parsed, keeps(t, k.expr)...)
	}
	return plain, parsed
}

// TestKeepCellsNaive compares with a filter that looks at one cell after the other.
func TestKeepCellsNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		full := countstest.Draw(t, countstest.Limits{})
		plain, parsed := drawKeeps(t, &full.Table.Obs)
		rows, report := plainSift(&full.Table.Obs, plain)
		k, err := counts.KeepCells(strictly(full, rapid.IntRange(1, 9).Draw(t, "chunk")), parsed, "f")
		if err != nil {
			t.Fatal(err)
		}
		got, err := countstest.ReadAll(k)
		if input := (*counts.InputError)(nil); len(rows) == 0 && full.Table.Cells() > 0 && errors.As(err, &input) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := sameCells(got, full.Table, rows, full.Genes.Len()); d != "" {
			t.Fatalf("%v: %s", parsed, d)
		}
		if !slices.Equal(k.Report(), report) {
			t.Fatalf("got %v, want %v", k.Report(), report)
		}
	})
}

// TestKeepGenesNaive compares the counts by name, and the genes.
func TestKeepGenesNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		full := countstest.Draw(t, countstest.Limits{})
		for g := range full.Genes.Names {
			full.Genes.Names[g] = fmt.Sprintf("%s %d", full.Genes.Names[g], g)
		}
		plain, parsed := drawKeeps(t, full.Genes)
		rows, report := plainSift(full.Genes, plain)
		k, err := counts.KeepGenes(strictly(full, 3), parsed, "f")
		if input := (*counts.InputError)(nil); len(rows) == 0 && errors.As(err, &input) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := countstest.ReadAll(k)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		all, _ := byName(full.Table, full.Genes)
		for _, line := range all {
			for _, row := range rows {
				if strings.Contains(line, " "+full.Genes.Names[row]+" ") {
					want = append(want, line)
				}
			}
		}
		lines, cells := byName(got, k.Genes())
		if !slices.Equal(lines, slices.Compact(want)) || !slices.Equal(cells, full.Table.Obs.Names) || k.Cells() != int64(len(cells)) {
			t.Fatalf("%v: got %q, want %q", parsed, lines, want)
		}
		for i, row := range rows {
			one, own := k.Genes().Slice(i, i+1), full.Genes.Slice(row, row+1)
			if d := countstest.DiffFrames(&one, &own); d != "" {
				t.Fatal(d)
			}
		}
		if !slices.Equal(k.Report(), report) || k.Genes().Len() != len(rows) {
			t.Fatalf("got %v, want %v", k.Report(), report)
		}
	})
}

// TestCompareExactly: integers and floats compare as numbers beyond 2⁵³ and at the ends.
func TestCompareExactly(t *testing.T) {
	ints := []int64{math.MinInt64, math.MinInt64 + 1, -1 << 53, -1<<53 - 1, -1, 0, 1, 1<<53 + 1, math.MaxInt64 - 1, math.MaxInt64}
	floats := []float64{-math.MaxFloat64, -1 << 63, -1<<63 + 1024, -1 << 53, -0.5, 0, 0.5, 1 << 53, 1<<63 - 1024, 1 << 63, math.MaxFloat64}
	for _, i := range ints {
		for _, f := range floats {
			want := new(big.Float).SetInt64(i).Cmp(big.NewFloat(f)) < 0
			a := table([]string{"always", "c"}, []string{"G"}, counts.Column{Name: "v", Kind: counts.Int, Ints: []int64{math.MinInt64, i}})
			b := table([]string{"always", "c"}, []string{"G"}, counts.Column{Name: "v", Kind: counts.Float, Floats: []float64{math.Inf(1), f}})
			for expr, full := range map[string]*countstest.FullTable{fmt.Sprintf("v < %f", f): a, fmt.Sprintf("v > %d", i): b} {
				names, _, err := kept(t, full, expr)
				if got := strings.HasSuffix(names, "c"); got != want && (err == nil || want) {
					t.Errorf("%d and %f: %s: got %q, %v, want %v", i, f, expr, names, err, want)
				}
			}
		}
	}
}
