package textmatrix

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
)

const byCell = "rows are taken as cells and columns as genes (--transpose for the other way), the first column as the names of cells"

// TestForms has tables as tools and people write them, each the same.
func TestForms(t *testing.T) {
	const want = "c1 A=5 C=2\nc2 B=7 C=1\n"
	for name, c := range map[string]struct {
		text  string
		opt   Options
		notes []string
	}{
		"pandas":           {",A,B,C\nc1,5,0,2\nc2,0,7,1\n", Options{}, []string{byCell}},
		"a heading":        {"cell_id,A,B,C\nc1,5,0,2\nc2,0,7,1\n", Options{}, []string{byCell + ": cell_id"}},
		"no last newline":  {",A,B,C\nc1,5,0,2\nc2,0,7,1", Options{}, []string{byCell}},
		"floats":           {",A,B,C\nc1,5.0,0.0,2.\nc2,0e0,7e0,+1\n", Options{}, []string{byCell}},
		"blanks":           {"\n,A,B,C\n\nc1, 5,0 , 2 \nc2,-0,  7,1\n\n\n", Options{}, []string{byCell}},
		"R":                {"\"A\"\t\"B\"\t\"C\"\r\n\"c1\"\t5\t0\t2\r\n\"c2\"\t0\t7\t1\r\n", Options{}, []string{byCell + ", which line 1 has no field for"}},
		"quoted numbers":   {"\"\",\"A\",\"B\",\"C\"\n\"c1\",\"5\",\"0\",\"2\"\n\"c2\",0,\"7\",1\n", Options{}, []string{byCell}},
		"comments":         {"#a\n# b,c\n,A,B,C\nc1,5,0,2\nc2,0,7,1\n", Options{}, []string{byCell, "lines at the top that begin with # left out: 2"}},
		"# above the rows": {"# a\n#cell\tA\tB\tC\nc1\t5\t0\t2\nc2\t0\t7\t1\n", Options{}, []string{byCell + ": #cell", "lines at the top that begin with # left out: 1"}},
		"transposed": {"gene;c1;c2\nA;5;0\nB;0;7\nC;2;1\n", Options{Transpose: true},
			[]string{"rows are taken as genes and columns as cells (--transpose), the first column as the names of genes: gene"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, file := range []string{"x.csv", "x.txt.gz"} {
				got, notes, err := shown(write(t, file, c.text), c.opt)
				if err != nil || got != want || !slices.Equal(notes, c.notes) {
					t.Errorf("%s: got\n%s%q\n%v\nwant\n%s%q", file, got, notes, err, want, c.notes)
				}
			}
		})
	}
}

// TestCellNamesAreCopies: a caller may change the names that it is given.
func TestCellNamesAreCopies(t *testing.T) {
	for _, transpose := range []bool{false, true} {
		r, err := Open(write(t, "x.csv", "x,A,B\nc1,1,2\n"), Options{Transpose: transpose})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		names, err := r.CellNames(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names[0] = "changed"
		table, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := table.Obs.Names[0]; got == "changed" {
			t.Errorf("transpose %v: a cell of the table has the caller's name", transpose)
		}
	}
}

// TestNames keeps what names hold.
func TestNames(t *testing.T) {
	text := "\"\",\"A,1\",\"B\"\"2\"\"\", C 3,D\"4,\n\"c;1, x\",1,2,3,4,5\n 2 ,0,0,0,0,6\n"
	got, _, err := shown(write(t, "x.csv", text), Options{})
	if want := "c;1, x A,1=1 B\"2\"=2  C 3=3 D\"4=4 =5\n 2  =6\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestPassesThrough has what is no count, and missing values, which are not the
// reader's to judge.
func TestPassesThrough(t *testing.T) {
	text := "x,A,B,C,D\nc1,-5,,NA,0.25\nc2,NaN,inf,1e999,\" \"\n"
	got, _, err := shown(write(t, "x.csv", text), Options{})
	if want := "c1 A=-5 B=NaN C=NaN D=0.25\nc2 A=NaN B=+Inf C=+Inf D=NaN\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestFaults has the whole line that the user reads, for each fault.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		opt  Options
		want string
	}{
		"empty":          {"", Options{}, "x.csv: has no line with names of columns: the file is empty"},
		"comments alone": {"# a\n\n# b\n", Options{}, "x.csv: has no line with names of columns: the file is empty"},
		"no delimiter":   {"cells\nc1\nc2\n", Options{}, `x.csv: line 1: has no tab, comma or semicolon between fields: "cells": give a table with names of columns in its first line, names of rows in its first column`},
		"other lines":    {"x,A\rc1,5\rc2,6\r", Options{}, "x.csv: line 1: has a carriage return within it: write lines that end in newlines"},
		"one field":      {"\"a,b\"\n\"c,1\"\n", Options{}, "x.csv: line 1: has one field; expected the names of genes behind it"},
		"short row":      {"x,A,B\nc1,1,2\n\nc2,1\n", Options{}, "x.csv: line 4: expected 3 fields, as line 1 has names, found 2"},
		"long row":       {"x,A,B\nc1,1,2\nc2,1,2,3\n", Options{}, "x.csv: line 3: expected 3 fields, as line 1 has names, found 4"},
		"first row":      {"# a\nx,A,B\nc1,1\n", Options{}, "x.csv: line 3: expected 3 fields, as line 2 has names, found 2"},
		"word":           {"x,A,B\nc1,1,2\nc2,1,two\n", Options{}, `x.csv: line 3, column B: expected a number, found "two": every field but the first of a line must be a count: take out columns that are none`},
		"word, quoted":   {"x,A,B\n\"c1\",1,\"two\"\n", Options{}, `x.csv: line 2, column B: expected a number, found "two": every field but the first of a line must be a count: take out columns that are none`},
		"word in a gene": {"x,c1,c2\nA,1,2\nB,?,2\n", Options{Transpose: true}, `x.csv: line 3, column c1: expected a number, found "?": every field but the first of a line must be a count: take out columns that are none`},
		"decimal comma":  {"x;A;B\nc1;1;2,5\n", Options{}, `x.csv: line 2, column B: expected a number, found "2,5": write decimals with a point`},
		"hexadecimal":    {"x,A\nc1,0x1p3\n", Options{}, `x.csv: line 2, column A: expected a number, found "0x1p3": every field but the first of a line must be a count: take out columns that are none`},
		"open quote":     {"x,A\n\"c1,5\n", Options{}, "x.csv: line 2: has a quote that is not closed on the line"},
		"open in names":  {"x,\"A\nc1,5\n", Options{}, "x.csv: line 1: has a quote that is not closed on the line"},
		"no names":       {"1,0,3\n0,0,2\n", Options{}, "x.csv: line 1: holds numbers; expected the names of genes: give a table with names of columns in its first line, names of rows in its first column"},
		"names of rows":  {"A,0,3,0\nB,0,2,5\n", Options{Transpose: true}, "x.csv: line 1: holds numbers; expected the names of cells: give a table with names of columns in its first line, names of rows in its first column"},
		"Latin-1":        {"x,\xe9\nc1,5\n", Options{}, "x.csv: line 1: is no valid UTF-8: save the file as UTF-8"},
		"Latin-1 cell":   {"x,A\n\xe9,5\n", Options{}, `x.csv: line 2: is no valid UTF-8: "�": save the file as UTF-8`},
		"zeros":          {"x,\x00A\nc1,5\n", Options{}, "x.csv: it is no text: it holds zero bytes"},
		"UTF-16":         {"\xff\xfex\x00,\x00", Options{}, "x.csv: it is text in UTF-16; expected text, plain or gzip: save it as UTF-8"},
		"long line":      {"x,A\nc1," + strings.Repeat("5", 1_000_000), Options{Memory: 30_000}, "x.csv: line 2: the line has more than 1,000,003 bytes: reading it needs 4 MB, the reader may take 0 MB: raise --memory"},
		"many columns":   {"x" + strings.Repeat(",A", 1_000) + "\n", Options{Memory: 30_000}, "x.csv: line 1: the names of 1,001 columns are held: reading it needs 1 MB, the reader may take 0 MB: raise --memory"},
		"many genes":     {"x,A\n" + strings.Repeat("g,1\n", 10_000), Options{Memory: 30_000, Transpose: true}, "x.csv: the names of more than 882 genes are held: reading it needs 1 MB, the reader may take 0 MB: raise --memory"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "x.csv", c.text)
			_, _, err := shown(path, c.opt)
			if err == nil {
				t.Fatal("no error")
			}
			var input *counts.InputError
			var memory *counts.MemoryError
			if !errors.As(err, &input) && !errors.As(err, &memory) {
				t.Errorf("the error is a %T", err)
			}
			if got := strings.ReplaceAll(err.Error(), path, "x.csv"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "absent.csv"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestTruncatedGzip cuts a file at every byte, and spoils its checksum.
func TestTruncatedGzip(t *testing.T) {
	for _, opt := range []Options{{Threads: 1}, {Threads: 2, Transpose: true}} {
		path := write(t, "x.csv.gz", "x,A,B\nc1,1,2\nc2,3,4\n")
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := range raw {
			if err := os.WriteFile(path, raw[:n], 0o644); err != nil {
				t.Fatal(err)
			}
			var input *counts.InputError
			if _, _, err := shown(path, opt); !errors.As(err, &input) {
				t.Fatalf("cut at %d of %d: %v", n, len(raw), err)
			}
		}
		raw[len(raw)-6]++
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := shown(path, opt); err == nil || !strings.Contains(err.Error(), "the gzip checksum does not fit: the file is damaged: copy or download it again") {
			t.Errorf("another checksum: %v", err)
		}
	}
}

// TestChanged reads a file that grows shorter between the passes.
func TestChanged(t *testing.T) {
	for _, transpose := range []bool{false, true} {
		path := write(t, "x.csv", "x,A,B\nc1,1,2\nc2,3,4\n")
		r, err := Open(path, Options{Transpose: transpose})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := os.WriteFile(path, []byte("x,A,B\nc1,1,2\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(t.Context()); err == nil || !strings.Contains(err.Error(), "the file changed while it was read") {
			t.Errorf("got %v", err)
		}
	}
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		name, text string
		transpose  bool
		want       string
	}{
		{"x.csv.gz", ",A,B,C\nc1,5,0,2\nc2,0,7,?\n", false, "{CSV, cells × genes 2 3 [{x.csv.gz dense text [gzip] 2 3 6 }] [] []}"},
		{"x.tsv", "A\tB\tC\nc1\t5\t0\t2\n", true, "{TSV, genes × cells 3 1 [{x.tsv dense text [] 3 1 3 }] [] []}"},
	} {
		d, err := Describe(write(t, c.name, c.text), Options{Transpose: c.transpose})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(*d); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
