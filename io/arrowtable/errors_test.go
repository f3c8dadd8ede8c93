package arrowtable

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

var nan = math.NaN()

// failure is the error of opening and reading a file, without its name.
func failure(t *testing.T, path string, opt Options) string {
	t.Helper()
	r, err := Open(path, opt)
	if err == nil {
		defer r.Close()
		_, err = countstest.ReadAll(r)
	}
	if err == nil {
		t.Fatal("no error")
	}
	expected(t, err)
	return strings.ReplaceAll(strings.ReplaceAll(err.Error(), path+": ", ""), path, "FILE")
}

func TestErrors(t *testing.T) {
	text, ints := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64
	cells := fromJSON(t, "cell", text, `["a","a","b"]`)
	genes, values := fromJSON(t, "gene", text, `["X","Y","X"]`), fromJSON(t, "count", ints, `[1,2,3]`)
	lists, numbers := fromJSON(t, "genes", arrow.ListOf(ints), `[[0,1],[2],[]]`), fromJSON(t, "counts", arrow.ListOf(ints), `[[1,2],[3],[]]`)
	two := &counts.Frame{Names: []string{"X", "Z"}}
	for name, c := range map[string]struct {
		columns []written
		opt     Options
		want    string
	}{
		"nothing fits": {[]written{cells, genes}, Options{}, "its 2 columns (cell, gene) are in none of the layouts wide, long and list: a wide table has a column of numbers for each gene; " +
			"a long one a column cell (or cell_id, barcode, obs), a column gene (or gene_id, gene_name, feature, var) and a column of numbers count (or value, counts, umi, n); " +
			"one of lists a column genes of lists of whole numbers or text, and a column counts of lists of numbers"},
		"another layout": {[]written{cells, genes, values}, Options{Layout: List}, "its 3 columns (cell, gene, count) are not in the layout list: it needs a column genes of lists of whole numbers or text, " +
			"and a column counts of lists of numbers: name another with --table-layout"},
		"no names":     {[]written{fromJSON(t, "donor", text, `["a","b","c"]`), values}, Options{}, "no column names the cells; its columns of text are donor: name the one that does with --cell-column, or call it cell_id"},
		"a null name":  {[]written{fromJSON(t, "cell_id", text, `["a",null,"c"]`), values}, Options{}, "column cell_id: row 1 has no name: give every row one"},
		"obs column":   {[]written{cells, values}, Options{ObsColumns: []string{"depth"}}, "column depth: there is no such column: --obs-columns names columns of the table"},
		"null gene":    {[]written{cells, fromJSON(t, "gene", text, `["X","Y",null]`), values}, Options{}, "column gene: row 2 is null, a name expected"},
		"null cell":    {[]written{fromJSON(t, "cell", text, `["X",null,"Y"]`), genes, values}, Options{}, "column cell: row 1 is null, a name expected"},
		"strange gene": {[]written{cells, genes, values}, Options{Genes: two}, "column gene: 1 genes are not among the 2 that were given, the first Y: --var must have a row for every gene"},
		"not constant": {[]written{cells, genes, values, fromJSON(t, "batch", text, `["p","q","q"]`)}, Options{}, `column batch: a has both "p" and "q": ` +
			"a column beside cell, gene and count must be the same in all rows of a cell, or of a gene if it is named for genes: leave it out"},
		"gene numbers": {[]written{lists, numbers}, Options{}, "column genes: it numbers genes, and nothing in the file names them: --var FILE names a table with a row a gene, in that order"},
		"gene too far": {[]written{lists, numbers}, Options{Genes: two}, "column genes: a gene is number 2, from 0, but there are 2 genes"},
		"lengths": {[]written{fromJSON(t, "genes", arrow.ListOf(text), `[["a"],["b"],["c"]]`), fromJSON(t, "counts", arrow.ListOf(ints), `[[1],[1],[1,2]]`)}, Options{},
			"column genes: row 2 has 1 genes, but 2 counts: the two lists of a row must be equally long"},
		"repeated genes": {[]written{cells, genes, values}, Options{Genes: &counts.Frame{Names: []string{"X", "Y", "X"}}}, "column gene: it names genes, and the names of the given genes repeat: 1 of 3, the first X: give each gene another name in --var"},
		"large number":   {[]written{fromJSON(t, "id", arrow.PrimitiveTypes.Uint64, `[1,18446744073709551615,2]`), values}, Options{ObsColumns: []string{"id"}}, "column id: holds 18446744073709551615, which is above 2⁶³−1: write the column as text"},
	} {
		for _, way := range []string{"ipc", "parquet"} {
			path := temporary(t, "x")
			storages[way](t, path, record(c.columns, ""), 2)
			if got := failure(t, path, c.opt); got != c.want {
				t.Errorf("%s, %s: %s\nwant %s", name, way, got, c.want)
			}
		}
	}
}

func TestFileErrors(t *testing.T) {
	whole := map[string][]byte{}
	for _, way := range []string{"ipc", "ipc stream", "parquet"} {
		path := temporary(t, "x")
		storages[way](t, path, wideRecord(seed()), 2)
		whole[way], _ = os.ReadFile(path)
	}
	truncated := "the end of the file is missing: it is truncated: write it again"
	for name, c := range map[string]struct {
		bytes []byte
		want  string
	}{
		"empty":            {nil, "the file is empty"},
		"text":             {[]byte("cell,gene,count\n"), "this is neither an Arrow nor a Parquet file"},
		"feather 1":        {[]byte("FEA1 and more"), "this is Feather version 1: write it again as version 2, which pyarrow does since 0.17"},
		"encrypted":        {[]byte("PARE and more"), "the Parquet file is encrypted: write it without encryption"},
		"ipc cut":          {whole["ipc"][:len(whole["ipc"])/2], truncated},
		"parquet cut":      {whole["parquet"][:len(whole["parquet"])/2], truncated},
		"stream cut":       {whole["ipc stream"][:len(whole["ipc stream"])-200], truncated},
		"parquet's footer": {append(append([]byte{}, whole["parquet"][:len(whole["parquet"])-8]...), "\xff\xff\xff\xffPAR1"...), ""},
	} {
		path := temporary(t, "x")
		if err := os.WriteFile(path, c.bytes, 0o666); err != nil {
			t.Fatal(err)
		}
		if got := failure(t, path, Options{}); got != c.want && c.want != "" {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if Is(filepath.Join(t.TempDir(), "none")) || Is(t.TempDir()) {
		t.Error("nothing is a table")
	}
}

func TestFolderErrors(t *testing.T) {
	text, ints := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64
	cells, a := fromJSON(t, "cell_id", text, `["a"]`), fromJSON(t, "A", ints, `[1]`)
	for name, c := range map[string]struct {
		second []written
		want   string
	}{
		"missing": {[]written{cells}, "DIR/2.parquet: column A: is missing, DIR/1.parquet has it: all files of a folder must have the same columns"},
		"more":    {[]written{cells, a, fromJSON(t, "B", ints, `[1]`)}, "DIR/2.parquet: column B: is not in DIR/1.parquet: all files of a folder must have the same columns"},
		"type":    {[]written{cells, fromJSON(t, "A", text, `["1"]`)}, "DIR/2.parquet: column A: is utf8, in DIR/1.parquet it is int64: all files of a folder must have the same columns"},
	} {
		dir := t.TempDir()
		storages["parquet"](t, filepath.Join(dir, "1.parquet"), record([]written{cells, a}, ""), 2)
		storages["parquet"](t, filepath.Join(dir, "2.parquet"), record(c.second, ""), 2)
		_, err := Open(dir, Options{})
		if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sample=a"), 0o777); err != nil {
		t.Fatal(err)
	}
	if got := failure(t, dir, Options{}); got != "sample=a: the folder is cut into sub-folders by a column, which is not read: write it without partitions, or give each sub-folder as an input" {
		t.Error(got)
	}
	if got := failure(t, t.TempDir(), Options{}); got != "the folder has no file that ends in .parquet, .pq, .arrow, .arrows, .feather, .ipc" {
		t.Error(got)
	}
}

func TestMemory(t *testing.T) {
	n := 100_000
	values := make([]float64, n)
	for i := range values {
		values[i] = float64(i)
	}
	many := []written{}
	for range 500 {
		many = append(many, written{"flag" + strings.Repeat("x", len(many)), fromJSON(t, "", arrow.BinaryTypes.String, `["`+strings.Repeat("long ", 2000)+`"]`).array})
	}
	large := "record batch 0: its columns that are read together are large (100,000 rows): reading it needs 1 MB, the reader may take 0 MB: raise --memory, or write the file in smaller record batches, or as Parquet"
	for _, c := range []struct {
		way     string
		columns []written
		memory  int64
		want    string
	}{
		{"ipc", []written{{"A", numbersOf(values, 0)}}, 700_000, large},
		{"ipc lz4", []written{{"A", numbersOf(values, 0)}}, 700_000, strings.Replace(large, "1 MB", "2 MB", 1)},
		{"parquet v2", []written{{"A", numbersOf(values, 0)}}, 700_000, "row group 0: a page of 800,000 bytes: reading it needs 4 MB, the reader may take 0 MB: raise --memory, or write the file in smaller pages"},
		{"parquet bare", append(many, written{"A", numbersOf(values[:1], 0)}), 5_000_000, "row group 0: 500 columns are read side by side: reading it needs 11 MB, the reader may take 5 MB: raise --memory, or write the file in smaller row groups"},
	} {
		path := temporary(t, "x")
		storages[c.way](t, path, record(c.columns, "flag"), int64(n))
		if got := failure(t, path, Options{Memory: c.memory}); got != c.want {
			t.Errorf("%s: %s", c.way, got)
		}
	}
}

// TestLittleMemory reads the same table in many passes.
func TestLittleMemory(t *testing.T) {
	full := &countstest.FullTable{Genes: &counts.Frame{}, Table: &counts.Table{Indptr: []int64{0}}}
	for g := range 30 {
		full.Genes.Names = append(full.Genes.Names, fmt.Sprint("G", g))
	}
	for i := range 20_000 {
		full.Table.Obs.Names = append(full.Table.Obs.Names, fmt.Sprint(i))
		for g := i % 3; g < 30; g += 1 + i%5 {
			full.Table.Genes, full.Table.Values = append(full.Table.Genes, uint32(g)), append(full.Table.Values, float64(1+i%7))
		}
		full.Table.Indptr = append(full.Table.Indptr, int64(len(full.Table.Genes)))
	}
	for way, memory := range map[string]int64{"parquet": 1 << 20, "ipc zstd": 1 << 19} {
		path := temporary(t, "x")
		storages[way](t, path, wideRecord(full), 10_000)
		r, err := Open(path, Options{Memory: memory})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		all, err := countstest.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if d := countstest.DiffTables(all, full.Table, 30); d != "" {
			t.Errorf("%s: %s", way, d)
		}
		if passes := r.filler.(*wideFiller).passes; passes < 3 {
			t.Errorf("%s: %d passes over the last part", way, passes)
		}
	}
}
