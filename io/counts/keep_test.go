package counts_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

func TestParseKeepRefuses(t *testing.T) {
	for expr, want := range map[string]string{
		"":                 "the condition is empty: write COLUMN == VALUE",
		" \t":              "the condition is empty: write COLUMN == VALUE",
		"a = b":            "condition a = b: = is no operator: write ==",
		"a == ":            "condition a ==: nothing after ==: write a value, '' for the empty text",
		"== b":             "condition == b: no column before the operator",
		"a == b == c":      "condition a == b == c: a second operator in b == c: give each condition by itself (all of them are to be met), or quote what holds an operator",
		"a == b and n > 3": "condition a == b and n > 3: a second operator in b and n > 3: give each condition by itself (all of them are to be met), or quote what holds an operator",
		"a === b":          "condition a === b: a second operator in = b: give each condition by itself (all of them are to be met), or quote what holds an operator",
		"a in b,,c":        "condition a in b,,c: an empty value between commas: leave it out, or write '' for the empty text",
		"a in b,":          "condition a in b,: an empty value between commas: leave it out, or write '' for the empty text",
		"a in [b,c]":       "condition a in [b,c]: write the values after in without brackets, as A,B: quote a value that begins with one",
		"a not  in ('b')":  "condition a not  in ('b'): write the values after not in without brackets, as A,B: quote a value that begins with one",
		"a == 'b":          "condition a == 'b: the quote ' is not closed",
		`"a == b`:          `condition "a == b: the quote " is not closed`,
		"'a' b":            "condition 'a' b: no operator after the quoted column: write ==, !=, <, <=, >, >=, in, not in, is missing or is not missing",
		"a == 'it's'":      "condition a == 'it's': s' follows a closed quote: double a quote that is meant, as in 'it''s'",
		"not a == b":       "condition not a == b: not goes before a boolean column alone: write COLUMN != VALUE, COLUMN not in A,B or COLUMN is not missing, and quote a column whose name begins with not",
		"not 'a' b":        "condition not 'a' b: b follows a closed quote: double a quote that is meant, as in 'it''s'",
		"a == \xff":        `condition "a == \xff": it is not valid UTF-8`,
		"a\x1b == ":        `condition "a\x1b ==": nothing after ==: write a value, '' for the empty text`,
	} {
		if _, err := counts.ParseKeep(expr); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", expr, err, want)
		}
	}
}

// three is three cells with every kind of annotation, the last without values.
func three() *countstest.FullTable {
	last := []bool{false, false, true}
	return table([]string{"c1", "c2", "c3"}, []string{"G"},
		counts.Column{Name: "cls", Kind: counts.Categorical, Levels: []string{"SNG", "DBL", "T cell, CD4+"}, Codes: []int32{0, 1, -1}},
		counts.Column{Name: "stage", Kind: counts.Categorical, Ordered: true, Levels: []string{"early", "late"}, Codes: []int32{0, 1, -1}},
		counts.Column{Name: "n in all", Kind: counts.Int, Ints: []int64{1, 9007199254740993, 0}, Missing: last},
		counts.Column{Name: "score", Kind: counts.Float, Floats: []float64{0.5, 2, math.NaN()}},
		counts.Column{Name: "ok", Kind: counts.Bool, Bools: []bool{true, false, false}, Missing: last},
		counts.Column{Name: "note", Kind: counts.String, Strings: []string{"donor's", `"x"`, ""}, Missing: last},
		counts.Column{Name: "not so", Kind: counts.Bool, Bools: []bool{true, false, false}},
	)
}

// kept reads the names of the cells that meet all conditions.
func kept(t *testing.T, full *countstest.FullTable, exprs ...string) (string, *counts.Kept, error) {
	t.Helper()
	k, err := counts.KeepCells(countstest.Memory(full, 2), keeps(t, exprs...), "f.h5ad")
	if err != nil {
		return "", nil, err
	}
	all, err := countstest.ReadAll(k)
	if err != nil {
		return "", k, err
	}
	return strings.Join(all.Obs.Names, " "), k, nil
}

func keeps(t interface{ Fatal(args ...any) }, exprs ...string) []*counts.Keep {
	var list []*counts.Keep
	for _, expr := range exprs {
		k, err := counts.ParseKeep(expr)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, k)
	}
	return list
}

func TestKeepWays(t *testing.T) {
	for expr, want := range map[string]string{
		"cls == SNG":                      "c1",
		" cls==SNG ":                      "c1",
		"cls != SNG":                      "c2",
		"cls != none such":                "c1 c2",
		"cls in SNG, 'T cell, CD4+'":      "c1",
		"'cls'in SNG,DBL":                 "c1 c2",
		"cls not in DBL,nonesuch":         "c1",
		"cls is missing":                  "c3",
		"cls is  not missing":             "c1 c2",
		"stage < late":                    "c1",
		"stage >= early":                  "c1 c2",
		"stage <= early":                  "c1",
		"stage > early":                   "c2",
		"'n in all' == 1.0":               "c1",
		"'n in all' > 9007199254740992":   "c2",
		"'n in all' == 9007199254740993":  "c2",
		"'n in all' < 9007199254740993.0": "c1", // the literal is the float 9007199254740992
		"'n in all' < 1e300":              "c1 c2",
		"'n in all' > -inf":               "c1 c2",
		"'n in all' in 1,2,3":             "c1",
		"'n in all' not in 1,2,3":         "c2",
		"'n in all' > 0.5":                "c1 c2",
		"'n in all' is missing":           "c3",
		"score == .5":                     "c1",
		"score != 2":                      "c1",
		"score <= 2":                      "c1 c2",
		"score is missing":                "c3",
		"ok":                              "c1",
		"not ok":                          "c2",
		"'ok'":                            "c1",
		"not 'ok'":                        "c2",
		"ok == TRUE":                      "c1",
		"ok != 1":                         "c2",
		"ok in 0,1":                       "c1 c2",
		"ok not in false":                 "c1",
		"note == donor's":                 "c1",
		"note == 'donor''s'":              "c1",
		`note == '"x"'`:                   "c2",
		`note == """x"""`:                 "c2",
		"note != donor's":                 "c2",
		"note is not missing":             "c1 c2",
		"'not so'":                        "c1",
		"not 'not so'":                    "c2 c3",
		"'not so' == false":               "c2 c3",
		"index == c2":                     "c2",
		"cell_id in c1,c3":                "c1 c3",
		"obs_names != c1":                 "c2 c3",
		"index is not missing":            "c1 c2 c3",
	} {
		if got, _, err := kept(t, three(), expr); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", expr, got, err, want)
		}
	}
}

func TestKeepReports(t *testing.T) {
	_, k, err := kept(t, three(), "cls != SNGL", "note is not missing", "score > 1")
	if err != nil {
		t.Fatal(err)
	}
	want := []counts.KeepReport{{Expr: "cls != SNGL", N: 1, Missing: 1}, {Expr: "note is not missing"}, {Expr: "score > 1", N: 1}}
	for i, r := range k.Report() {
		if r != want[i] {
			t.Errorf("got %+v, want %+v", r, want[i])
		}
	}
	if notes := k.Notes(); len(notes) != 1 || notes[0] != "condition cls != SNGL: no level is named SNGL: the levels are SNG, DBL, T cell, CD4+" {
		t.Errorf("notes %q", notes)
	}
	if k.Cells() != 3 {
		t.Errorf("Cells() is %d", k.Cells())
	}
}

func TestKeepCellsRefuses(t *testing.T) {
	full := three()
	full.Table.Obs.Columns = append(full.Table.Obs.Columns, counts.Column{Name: "none", Kind: counts.Categorical, Codes: []int32{-1, -1, -1}})
	for expr, want := range map[string]string{
		"smaple == a":         "f.h5ad: obs: condition smaple == a: no column smaple: there are cls, stage, n in all, score, ok, note, not so, none",
		"cls == SNGL":         "f.h5ad: obs column cls: condition cls == SNGL: no level is named SNGL: the levels are SNG, DBL, T cell, CD4+",
		"cls in a,b":          "f.h5ad: obs column cls: condition cls in a,b: no level is named a, b: the levels are SNG, DBL, T cell, CD4+",
		"none == a":           "f.h5ad: obs column none: condition none == a: no level is named a: the column has no levels",
		"stage < lat":         "f.h5ad: obs column stage: condition stage < lat: no level is named lat: the levels are early, late",
		"cls < SNG":           "f.h5ad: obs column cls: condition cls < SNG: the column is categorical, and its values have no order: compare them with ==, !=, in or not in",
		"note > a":            "f.h5ad: obs column note: condition note > a: the column is string, and its values have no order: compare them with ==, !=, in or not in",
		"ok > 0":              "f.h5ad: obs column ok: condition ok > 0: the column is boolean, and its values have no order: compare them with ==, !=, in or not in",
		"ok == yes":           "f.h5ad: obs column ok: condition ok == yes: yes is no boolean: write True or False",
		"cls":                 "f.h5ad: obs column cls: condition cls: the column is categorical, not boolean: write COLUMN == VALUE",
		"not score":           "f.h5ad: obs column score: condition not score: the column is float, not boolean: write COLUMN == VALUE",
		"score > high":        "f.h5ad: obs column score: condition score > high: high is no number: the column is float: compare it with numbers, or write COLUMN is missing",
		"score == nan":        "f.h5ad: obs column score: condition score == nan: nan is no number: the column is float: compare it with numbers, or write COLUMN is missing",
		"score > 2":           "f.h5ad: obs: no cell of 3 is kept: 3 left out by score > 2 (1 of them without a value): check the conditions",
		"none is not missing": "f.h5ad: obs: no cell of 3 is kept: 3 left out by none is not missing: check the conditions",
	} {
		if _, _, err := kept(t, full, expr); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", expr, err, want)
		}
	}
	_, _, err := kept(t, full, "cls == SNG", "ok == False")
	if want := "f.h5ad: obs: no cell of 3 is kept: 2 left out by cls == SNG (1 of them without a value), 1 left out by ok == False: check the conditions"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	bare := table([]string{"c"}, []string{"G"})
	if _, _, err := kept(t, bare, "a"); err == nil || err.Error() != "f.h5ad: obs: condition a: no column a: there are no columns" {
		t.Errorf("got %v", err)
	}
}

func TestKeepGenesRefuses(t *testing.T) {
	full := table([]string{"c"}, []string{"A", "B"})
	full.Genes.Columns = []counts.Column{{Name: "type", Kind: counts.Categorical, Levels: []string{"Gene Expression", "Peaks"}, Codes: []int32{0, -1}}}
	for expr, want := range map[string]string{
		"type == Peaks": "f.h5: var: no gene of 2 is kept: 2 left out by type == Peaks (1 of them without a value): check the conditions",
		"typ == Peaks":  "f.h5: var: condition typ == Peaks: no column typ: there are type",
		"type < Peaks":  "f.h5: var column type: condition type < Peaks: the column is categorical, and its values have no order: compare them with ==, !=, in or not in",
	} {
		if _, err := counts.KeepGenes(countstest.Memory(full, 1), keeps(t, expr), "f.h5"); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", expr, err, want)
		}
	}
	k, err := counts.KeepGenes(countstest.Memory(full, 1), keeps(t, "type != Antibody", "var_names in A,B"), "f.h5")
	if err != nil || k.Genes().Len() != 1 || len(k.Notes()) != 1 {
		t.Fatal(k, err)
	}
	if want := "condition type != Antibody: no level is named Antibody: the levels are Gene Expression, Peaks"; k.Notes()[0] != want {
		t.Errorf("got %s, want %s", k.Notes()[0], want)
	}
}

// FuzzParseKeep: any text is a condition or an error of one line, and a condition
// holds for a table or is refused by it.
func FuzzParseKeep(f *testing.F) {
	for _, seed := range []string{
		"demuxlet_cls == SNG", "n>=3", "a not in 'x','y''z'", "not ok", "'a b' is not missing", `"q" in "1",2`,
		"a =", "a == 'b", "漢 != é", "a in [b]", "is missing", " is missing", "in in in", "not not", "score < -0x1p-3",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		k, err := counts.ParseKeep(expr)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("%q breaks the line", err.Error())
			}
			return
		}
		r, err := counts.KeepCells(countstest.Memory(three(), 2), []*counts.Keep{k}, "f")
		if err == nil {
			_, err = countstest.ReadAll(r)
		}
		if input := (*counts.InputError)(nil); err != nil && !errors.As(err, &input) {
			t.Errorf("%q: %v", expr, err)
		}
	})
}
