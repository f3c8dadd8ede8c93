package arrowtable

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
	"cellvi/io/store"
)

// fromJSON makes a column of a type from JSON.
func fromJSON(t testing.TB, name string, typ arrow.DataType, text string) written {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return written{name, a}
}

func text32(index arrow.DataType, ordered bool) arrow.DataType {
	return &arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String, Ordered: ordered}
}

// readBoth reads columns written as IPC and as Parquet, in batches of two rows.
func readBoth(t *testing.T, columns []written, opt Options, check func(t *testing.T, r *Reader, all *counts.Table)) {
	for _, way := range []string{"ipc", "ipc stream", "parquet"} {
		t.Run(way, func(t *testing.T) {
			path := temporary(t, "x")
			storages[way](t, path, record(columns, ""), 2)
			r, err := Open(path, opt)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			all, err := countstest.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			check(t, r, all)
		})
	}
}

// shape is a table as text: cells, genes and counts.
func shape(r *Reader, all *counts.Table) string {
	var b strings.Builder
	for i := range all.Cells() {
		b.WriteString(all.Obs.Names[i] + ":")
		genes, values := all.Row(i)
		for k, g := range genes {
			b.WriteString(" " + r.genes.Names[g] + "=" + counts.FormatValue(values[k]))
		}
		b.WriteString("; ")
	}
	return b.String()
}

func TestLong(t *testing.T) {
	columns := func(gene arrow.DataType) []written {
		return []written{
			fromJSON(t, "Barcode", arrow.BinaryTypes.LargeString, `["c2","c1","c2","c1","c3"]`),
			fromJSON(t, "gene_id", gene, `["B","A","A","B","B"]`),
			fromJSON(t, "gene_name", arrow.BinaryTypes.String, `["b","a","a","b","b"]`),
			fromJSON(t, "sample", text32(arrow.PrimitiveTypes.Int8, false), `["x","y","x","y",null]`),
			fromJSON(t, "depth", arrow.PrimitiveTypes.Uint16, `[1,2,1,2,3]`),
			fromJSON(t, "umi", arrow.PrimitiveTypes.Float32, `[1,2,3,4,null]`),
		}
	}
	readBoth(t, columns(arrow.BinaryTypes.String), Options{}, func(t *testing.T, r *Reader, all *counts.Table) {
		if got := shape(r, all); got != "c2: B=1 A=3; c1: B=4 A=2; c3:; " {
			t.Error(got)
		}
		if c := r.Genes().Column("gene_name"); c == nil || !slices.Equal(c.Strings, []string{"b", "a"}) || !slices.Equal(all.Obs.Column("depth").Ints, []int64{1, 2, 3}) ||
			all.Obs.Column("sample").Text(1) != "y" || !all.Obs.Column("sample").IsMissing(2) {
			t.Errorf("%+v %+v", r.Genes(), all.Obs)
		}
		notes := r.Notes()
		if len(notes) != 2 || !strings.HasSuffix(notes[0], ": taken as a long table: 2 annotations, 2 genes, cells named by column Barcode") || !strings.HasSuffix(notes[1], ": 1 counts are null and taken for zero") {
			t.Errorf("%q", notes)
		}
		if names, err := r.CellNames(t.Context()); err != nil || !slices.Equal(names, []string{"c2", "c1", "c3"}) {
			t.Errorf("%q %v", names, err)
		}
	})
	given := Options{Genes: &counts.Frame{Names: []string{"A", "unseen", "B"}}}
	readBoth(t, columns(arrow.BinaryTypes.String), given, func(t *testing.T, r *Reader, all *counts.Table) {
		if got := shape(r, all); got != "c2: A=3 B=1; c1: A=2 B=4; c3:; " || r.Genes().Len() != 3 {
			t.Error(got)
		}
	})
}

func TestLongDictionary(t *testing.T) {
	levels := stringsOf([]string{"A", "unseen", "B"}, nil)
	indices, _, _ := array.FromJSON(memory.DefaultAllocator, arrow.PrimitiveTypes.Uint8, strings.NewReader(`[2,0,0]`))
	cells := array.NewDictionaryArray(text32(arrow.PrimitiveTypes.Int32, false), mustJSON(t, arrow.PrimitiveTypes.Int32, `[1,1,0]`), stringsOf([]string{"z", "y", "nobody"}, nil))
	columns := []written{{"cell", cells}, {"gene", array.NewDictionaryArray(text32(arrow.PrimitiveTypes.Uint8, false), indices, levels)},
		fromJSON(t, "n", arrow.PrimitiveTypes.Int16, `[1,2,3]`)}
	readBoth(t, columns, Options{}, func(t *testing.T, r *Reader, all *counts.Table) {
		if got := shape(r, all); got != "y: A=2 B=1; z: A=3; " || r.Genes().Len() != 3 {
			t.Error(got, r.Genes().Names)
		}
		if notes := r.Notes(); len(notes) != 2 || !strings.HasSuffix(notes[0], ": categories of column cell that no row has are no cells: 1, the first nobody") {
			t.Errorf("%q", notes)
		}
	})
}

func mustJSON(t testing.TB, typ arrow.DataType, text string) arrow.Array {
	return fromJSON(t, "", typ, text).array
}

func TestList(t *testing.T) {
	for _, types := range [][2]arrow.DataType{
		{arrow.ListOf(arrow.BinaryTypes.String), arrow.ListOf(arrow.PrimitiveTypes.Int64)},
		{arrow.LargeListOf(arrow.BinaryTypes.LargeString), arrow.LargeListOf(arrow.PrimitiveTypes.Float32)},
	} {
		columns := []written{
			fromJSON(t, "barcode", arrow.BinaryTypes.String, `["c1","c2","c3","c4"]`),
			fromJSON(t, "who", types[0], `[["B","A"],null,["A","A","B"],[]]`),
			fromJSON(t, "how many", types[1], `[[1,2],null,[1,5,0],[]]`),
			fromJSON(t, "embedding", arrow.FixedSizeListOf(2, arrow.BinaryTypes.String), `[["a","b"],["a","b"],["a","b"],["a","b"]]`),
		}
		columns = columns[:3]
		readBoth(t, columns, Options{}, func(t *testing.T, r *Reader, all *counts.Table) {
			if got := shape(r, all); got != "c1: B=1 A=2; c2:; c3: A=6; c4:; " {
				t.Error(got)
			}
		})
	}
}

// TestNullLists: a cell whose list of counts is null has none, which a note counts.
func TestNullLists(t *testing.T) {
	columns := []written{
		fromJSON(t, "barcode", arrow.BinaryTypes.String, `["c1","c2","c3","c4"]`),
		fromJSON(t, "genes", arrow.ListOf(arrow.BinaryTypes.String), `[["B","A"],null,[],null]`),
		fromJSON(t, "counts", arrow.ListOf(arrow.PrimitiveTypes.Int64), `[[1,null],null,null,[]]`),
	}
	readBoth(t, columns, Options{}, func(t *testing.T, r *Reader, all *counts.Table) {
		if got := shape(r, all); got != "c1: B=1; c2:; c3:; c4:; " {
			t.Error(got)
		}
		want := []string{r.path + ": taken as a table of lists: 0 annotations, 2 genes, cells named by column barcode",
			r.path + ": 1 counts are null and taken for zero", r.path + ": 2 cells have null for a list of counts, and so no counts"}
		if notes := r.Notes(); !slices.Equal(notes, want) {
			t.Errorf("%q", notes)
		}
	})
}

// TestIndexLevels: no level of a pandas index is a gene; the one of text names cells.
func TestIndexLevels(t *testing.T) {
	rec := func(levels string, columns ...written) arrow.RecordBatch {
		rec := record(columns, "")
		md := arrow.NewMetadata([]string{"pandas"}, []string{`{"index_columns": [` + levels + `]}`})
		return array.NewRecordBatch(arrow.NewSchema(rec.Schema().Fields(), &md), rec.Columns(), -1)
	}
	text, ints := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64
	a, donor := fromJSON(t, "A", ints, `[1,2,3]`), fromJSON(t, "donor", text, `["p","q","p"]`)
	day, well, plate := fromJSON(t, "day", ints, `[0,0,7]`), fromJSON(t, "well", text, `["w1","w2","w3"]`), fromJSON(t, "plate", text, `["x","x","y"]`)
	for _, c := range []struct {
		levels, want string
		columns      []written
	}{
		{`"well", "day"`, "w1: A=1; w2: A=2; w3: A=3; ", []written{a, donor, well, day}},
		{`"score"`, "column score: float64 values cannot name cells: write them as text", []written{a, donor, fromJSON(t, "score", arrow.PrimitiveTypes.Float64, `[1,2,3]`)}},
		{`"day", "hour"`, "0: A=1; 1: A=2; 2: A=3; ", []written{a, day, {"hour", day.array}}},
		{`"day", "barcode", "plate"`, "w1: A=1; w2: A=2; w3: A=3; ", []written{a, donor, day, {"barcode", well.array}, plate}},
		{`"well", "plate", "day"`, "its pandas index has 3 levels (well, plate, day), and which names the rows is not known: " +
			"make the one that does the index, and columns of the others, with reset_index", []written{a, well, plate, day}},
	} {
		path := temporary(t, "x")
		storages["parquet"](t, path, rec(c.levels, c.columns...), 2)
		if !strings.Contains(c.want, "A=1") {
			if got := failure(t, path, Options{}); got != c.want {
				t.Errorf("%s: %s", c.levels, got)
			}
			if _, _, err := ReadFrame(path, FrameOptions{}); err == nil || err.Error() != path+": "+c.want {
				t.Errorf("%s: as a frame: %v", c.levels, err)
			}
			continue
		}
		r, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		all, err := countstest.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := shape(r, all); got != c.want {
			t.Errorf("%s: %s", c.levels, got)
		}
		if d := all.Obs.Column("day"); d == nil || !slices.Equal(d.Ints, []int64{0, 0, 7}) {
			t.Errorf("%s: day is %+v", c.levels, d)
		}
	}
	path := temporary(t, "x")
	storages["ipc"](t, path, rec(`"well", "day"`, donor, day, well), 2)
	if f, _, err := ReadFrame(path, FrameOptions{}); err != nil || !slices.Equal(f.Names, []string{"w1", "w2", "w3"}) || len(f.Columns) != 2 {
		t.Errorf("a frame: %+v, %v", f, err)
	}
}

func TestListViews(t *testing.T) {
	columns := []written{
		fromJSON(t, "barcode", arrow.BinaryTypes.StringView, `["c1","c2","a name that is longer than twelve bytes"]`),
		fromJSON(t, "genes", arrow.ListViewOf(text32(arrow.PrimitiveTypes.Uint32, false)), `[["B","A"],[],["A"]]`),
		fromJSON(t, "counts", arrow.LargeListViewOf(arrow.PrimitiveTypes.Uint8), `[[1,2],[],[3]]`),
	}
	path := temporary(t, "x")
	storages["ipc"](t, path, record(columns, ""), 10)
	r, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := countstest.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := shape(r, all); got != "c1: B=1 A=2; c2:; a name that is longer than twelve bytes: A=3; " {
		t.Error(got)
	}
}

func TestWide(t *testing.T) {
	columns := []written{
		fromJSON(t, "when", arrow.FixedWidthTypes.Date32, `["2020-01-31","2020-02-01",null]`),
		fromJSON(t, "A", arrow.PrimitiveTypes.Uint32, `[4294967295,0,1]`),
		fromJSON(t, "n_genes", arrow.PrimitiveTypes.Int64, `[7,null,9]`),
		fromJSON(t, "total_counts", arrow.PrimitiveTypes.Float64, `[1,2,3]`),
		fromJSON(t, "B", arrow.FixedWidthTypes.Float16, `[0,1.5,null]`),
		fromJSON(t, "pair", arrow.StructOf(arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Int8}), `[{"x":1},{"x":1},{"x":1}]`),
		fromJSON(t, "empty", arrow.Null, `[null,null,null]`),
	}
	readBoth(t, columns, Options{ObsColumns: []string{"n_genes"}}, func(t *testing.T, r *Reader, all *counts.Table) {
		if got := shape(r, all); got != "0: A=4294967295 total_counts=1; 1: total_counts=2 B=1.5; 2: A=1 total_counts=3; " {
			t.Error(got)
		}
		c := all.Obs.Columns
		if len(c) != 3 || c[0].Text(0) != "2020-01-31" || !c[0].IsMissing(2) || c[1].Text(0) != "7" || !c[1].IsMissing(1) || c[2].Kind != counts.String || !c[2].IsMissing(0) {
			t.Errorf("%+v", c)
		}
		want := []string{
			"columns that look computed are taken for genes: 1, the first total_counts: --obs-columns names those that annotate cells",
			"taken as a wide table: 3 annotations, 3 genes, row numbers as the cells' names",
			"column pair is left out: struct<x: int8> is not read as an annotation",
			"1 counts are null and taken for zero",
		}
		for i, note := range r.Notes() {
			if _, after, _ := strings.Cut(note, ": "); i >= len(want) || after != want[i] {
				t.Errorf("note %d: %s", i, note)
			}
		}
	})
}

// TestShards reads a folder whose files differ in what may differ.
func TestShards(t *testing.T) {
	dir := t.TempDir()
	first := []written{fromJSON(t, "cell_id", arrow.BinaryTypes.String, `["a","b"]`), fromJSON(t, "A", arrow.PrimitiveTypes.Int64, `[1,2]`),
		fromJSON(t, "sample", text32(arrow.PrimitiveTypes.Int8, false), `["x","y"]`), fromJSON(t, "score", arrow.PrimitiveTypes.Int64, `[1,2]`), fromJSON(t, "note", arrow.Null, `[null,null]`)}
	second := []written{fromJSON(t, "A", arrow.PrimitiveTypes.Float32, `[3]`), fromJSON(t, "cell_id", arrow.BinaryTypes.LargeString, `["c"]`),
		fromJSON(t, "note", arrow.BinaryTypes.String, `["hm"]`), fromJSON(t, "sample", text32(arrow.PrimitiveTypes.Int32, false), `["z"]`), fromJSON(t, "score", arrow.PrimitiveTypes.Float64, `[null]`)}
	storages["parquet"](t, filepath.Join(dir, "part-1.parquet"), record(first, ""), 10)
	storages["ipc lz4"](t, filepath.Join(dir, "part-2.arrow"), record(second, ""), 10)
	for _, name := range []string{"_SUCCESS", ".part-0.parquet.crc", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if !Is(dir) {
		t.Error("the folder is none")
	}
	r, err := Open(dir, Options{ObsColumns: []string{"score"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := countstest.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := shape(r, all); got != "a: A=1; b: A=2; c: A=3; " {
		t.Error(got)
	}
	want := []counts.Column{
		{Name: "sample", Kind: counts.Categorical, Levels: []string{"x", "y", "z"}, Codes: []int32{0, 1, 2}},
		{Name: "score", Kind: counts.Float, Floats: []float64{1, 2, nan}},
		{Name: "note", Kind: counts.String, Strings: []string{"", "", "hm"}, Missing: []bool{true, true, false}},
	}
	if d := countstest.DiffFrames(&all.Obs, &counts.Frame{Names: []string{"a", "b", "c"}, Columns: want}); d != "" {
		t.Error(d)
	}
}

// TestStore reads the two files of a cells store, as a file and as a folder.
func TestStore(t *testing.T) {
	full := seed()
	full.Table.Obs.Columns = append(full.Table.Obs.Columns, counts.Column{Name: "genes", Kind: counts.Int, Ints: []int64{1, 2, 3}})
	full.Genes.Columns = []counts.Column{{Name: "total", Kind: counts.String, Strings: []string{"a", "b", "c"}}}
	dir := t.TempDir()
	header := full.Table.Obs.Header()
	w, err := store.Create(dir, full.Genes, &header, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(full.Table); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, store.CellsFile)} {
		r, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		all, err := countstest.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if d := countstest.DiffTables(all, full.Table, 3); d != "" {
			t.Error(d)
		}
		if d := countstest.DiffFrames(r.Genes(), full.Genes); d != "" {
			t.Error(d)
		}
	}
}

func TestDescribe(t *testing.T) {
	path := temporary(t, "x.parquet")
	storages["parquet v2"](t, path, record(append(annotations(&seed().Table.Obs), fromJSON(t, "A", arrow.PrimitiveTypes.Uint16, "[1,2,3]")), ""), 2)
	d, err := Describe(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := d.Matrices[0]
	if d.Format != "Parquet (wide table)" || d.Cells != 3 || d.Genes != 1 || len(d.Obs) != 3 || !slices.Equal(d.Obs[0].Levels, []string{"x", "y"}) ||
		m.Storage != "wide" || m.Type != "uint16" || !slices.Equal(m.Filters, []string{"zstd"}) || m.Stored != 3 {
		t.Errorf("%+v", d)
	}
}

func TestReadFrame(t *testing.T) {
	want := seed().Table.Obs
	for _, way := range []string{"ipc zstd", "parquet"} {
		path := temporary(t, "x")
		storages[way](t, path, record(annotations(&want), "__index_level_0__"), 2)
		got, _, err := ReadFrame(path, FrameOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if d := countstest.DiffFrames(got, &want); d != "" {
			t.Error(d)
		}
	}
	path := temporary(t, "x")
	storages["parquet"](t, path, record([]written{fromJSON(t, "id", arrow.BinaryTypes.String, `["a","b","a","a"]`)}, ""), 2)
	if got, _, err := ReadFrame(path, FrameOptions{}); err != nil || !slices.Equal(got.Names, []string{"a", "b", "a", "a"}) {
		t.Errorf("names as in the file: %v, %v", got, err)
	}
}

// TestGeneNumbers: whole numbers in lists stand for the values of a column of the
// genes made for that, for names that are numbers, else for places; a note says which.
func TestGeneNumbers(t *testing.T) {
	path := temporary(t, "x.parquet")
	genes := array.NewListBuilder(memory.DefaultAllocator, arrow.PrimitiveTypes.Int64)
	genes.Append(true)
	genes.ValueBuilder().(*array.Int64Builder).AppendValues([]int64{1, 2}, nil)
	values := array.NewListBuilder(memory.DefaultAllocator, arrow.PrimitiveTypes.Int64)
	values.Append(true)
	values.ValueBuilder().(*array.Int64Builder).AppendValues([]int64{5, 7}, nil)
	storages["parquet"](t, path, record([]written{{"well", stringsOf([]string{"c"}, nil)}, {"genes", genes.NewArray()}, {"counts", values.NewArray()}}, ""), 10)
	for _, c := range []struct {
		genes counts.Frame
		want  string
		note  string
	}{
		{counts.Frame{Names: []string{"A", "B", "C"}}, "B=5 C=7", "the numbers in column genes are places among the genes, from 0"},
		{counts.Frame{Names: []string{"2", "1", "9"}}, "2=7 1=5", "the numbers in column genes are the genes' names"},
		{counts.Frame{Names: []string{"A", "B", "C"}, Columns: []counts.Column{{Name: "token_id", Kind: counts.Int, Ints: []int64{2, 3, 1}}}},
			"A=7 C=5", "the numbers in column genes are those of the genes' column token_id"},
	} {
		r, err := Open(path, Options{Genes: &c.genes, CellColumn: "well"})
		if err != nil {
			t.Fatal(err)
		}
		table, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		g, v := table.Row(0)
		got := []string{}
		for k := range g {
			got = append(got, c.genes.Names[g[k]]+"="+counts.FormatValue(v[k]))
		}
		if strings.Join(got, " ") != c.want || table.Obs.Names[0] != "c" || !strings.Contains(strings.Join(r.Notes(), "\n"), c.note) {
			t.Errorf("got %v of %v, %q; want %s, %s", got, table.Obs.Names, r.Notes(), c.want, c.note)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Open(path, Options{CellColumn: "row"}); err == nil || !strings.Contains(err.Error(), "column row: there is no such column: --cell-column names a column of the table") {
		t.Error(err)
	}
}
