package annotations

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "obs")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.String()
}

const table = "cell,batch,n,score,ok,id,none\nc1,a,1,0.5,True,007,\n" + `"c,2","b ""x""",NA,2,FALSE,18446744073709551616,NaN` + "\nc3,NA,-3,,,12,null\n"

var wanted = counts.Frame{Names: []string{"c1", "c,2", "c3"}, Columns: []counts.Column{
	{Name: "batch", Kind: counts.String, Strings: []string{"a", `b "x"`, ""}, Missing: []bool{false, false, true}},
	{Name: "n", Kind: counts.Int, Ints: []int64{1, 0, -3}, Missing: []bool{false, true, false}},
	{Name: "score", Kind: counts.Float, Floats: []float64{0.5, 2, math.NaN()}},
	{Name: "ok", Kind: counts.Bool, Bools: []bool{true, false, false}, Missing: []bool{false, false, true}},
	{Name: "id", Kind: counts.String, Strings: []string{"007", "18446744073709551616", "12"}},
	{Name: "none", Kind: counts.Float, Floats: []float64{math.NaN(), math.NaN(), math.NaN()}},
}}

func TestRead(t *testing.T) {
	tab := "\tbatch\nc1\ta 5\" b\nc2\t'\n"
	two := counts.Frame{Names: []string{"c1", "c2"}, Columns: []counts.Column{{Name: "batch", Kind: counts.String, Strings: []string{"a 5\" b", "'"}}}}
	for name, c := range map[string]struct {
		text string
		want counts.Frame
	}{
		"csv":                     {table, wanted},
		"gz":                      {zipped(table), wanted},
		"windows":                 {"\xef\xbb\xbf" + strings.ReplaceAll(table, "\n", "\r\n"), wanted},
		"no newline at the end":   {strings.TrimSuffix(table, "\n"), wanted},
		"tsv":                     {tab, two},
		"one field fewer":         {strings.TrimPrefix(tab, "\t"), two},
		"write.table, spaces":     {"\"batch\"\n\"c1\" \"x\"\n", counts.Frame{Names: []string{"c1"}, Columns: []counts.Column{{Name: "batch", Kind: counts.String, Strings: []string{"x"}}}}},
		"write.table, two spaces": {"\"a\" \"b\"\n\"c1\" \"x\" 1\n", counts.Frame{Names: []string{"c1"}, Columns: []counts.Column{{Name: "a", Kind: counts.String, Strings: []string{"x"}}, {Name: "b", Kind: counts.Int, Ints: []int64{1}}}}},
		"semicolons":              {"x;y\na;1,5\n", counts.Frame{Names: []string{"a"}, Columns: []counts.Column{{Name: "y", Kind: counts.String, Strings: []string{"1,5"}}}}},
		"a header alone":          {"cell,b\n", counts.Frame{Columns: []counts.Column{{Name: "b", Kind: counts.Float}}}},
		"names that repeat":       {"cell\na\nb\na\n", counts.Frame{Names: []string{"a", "b", "a"}}},
		"names alone":             {"cell\na\nb\n", counts.Frame{Names: []string{"a", "b"}}},
	} {
		got, err := Read(write(t, c.text), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d := countstest.DiffFrames(got, &c.want); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		opt  Options
		want string
	}{
		{"", Options{}, "the file is empty: a table with a header line is expected"},
		{"a,b\nx,1\ny\n", Options{}, "line 3: 1 fields, 2 expected: every row has a field for each column"},
		{"a,b\n,1\n", Options{}, "line 2: the row has no name: give every row one"},
		{"a,b,b\nx,1,2\n", Options{}, "line 1: the column b is there twice: rename one"},
		{"a,b\nx,\xff\n", Options{}, `line 2: column b: "\xff" is not valid UTF-8: write the file in UTF-8`},
		{"a,b\n\xff,1\n", Options{}, `line 2: the name "\xff" is not valid UTF-8: write the file in UTF-8`},
		{"a,\xff\nx,1\n", Options{}, `line 1: the column name "\xff" is not valid UTF-8: write the file in UTF-8`},
		{"a,b\nx,\"1\n", Options{}, `line 2: extraneous or missing " in quoted-field: a field with a quote in it is quoted, and the quote doubled`},
		{"PAR1\x00\x00", Options{}, "it is no text: it holds zero bytes"},
		{"\xff\xfea\x00", Options{}, "it is text in UTF-16; expected text, plain or gzip: save it as UTF-8"},
		{zipped(table)[:60], Options{}, "the gzip data end too early: the file is truncated: copy or download it again"},
		{"a,b\n" + strings.Repeat("x", 70_000) + ",1\n", Options{Memory: 1000}, "a row of the table is long, or a quote is open: reading it needs 1 MB, the reader may take 0 MB: raise --memory"},
		{"a,b\nx,1\ny,2\n", Options{Memory: 200}, "line 3: the table is held whole: reading it needs 1 MB, the reader may take 0 MB: raise --memory, or leave columns out of the file"},
	} {
		path := write(t, c.text)
		_, err := Read(path, c.opt)
		if err == nil || err.Error() != path+": "+c.want {
			t.Errorf("%.20q: got %v, want %s", c.text, err, c.want)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{table, zipped(table), "\tbatch\nc1\ta 5\" b\n", "\"a\" \"b\"\n\"c1\" \"x\" 1\n", "a;b\nx;1e5\n", "cell\na\n", "a,b\nx,\"1\n", "\xef\xbb\xbfa,b\r\nx,1\r\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Read(write(t, string(text)), Options{Memory: 1 << 20})
		var input *counts.InputError
		var memory *counts.MemoryError
		if err != nil {
			if !errors.As(err, &input) && !errors.As(err, &memory) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v", err)
			}
			return
		}
		table := counts.Table{Obs: *got, Indptr: make([]int64, got.Len()+1)}
		if err := table.Validate(1); err != nil {
			t.Fatal(fmt.Errorf("%q: %w", text, err))
		}
	})
}

// TestZerosInFront: donors 007, 07 and 7 are three.
func TestZerosInFront(t *testing.T) {
	path := filepath.Join(t.TempDir(), "obs.csv")
	if err := os.WriteFile(path, []byte("cell,donor,n\na,007,0\nb,07,10\nc,7,7\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := Read(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := f.Column("donor"); d.Kind != counts.String || d.Text(0) != "007" || d.Text(2) != "7" || f.Column("n").Kind != counts.Int {
		t.Errorf("got %+v", f.Columns)
	}
}
