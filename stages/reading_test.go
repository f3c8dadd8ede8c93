package stages

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
	"cellvi/pipeline"
)

// file writes text under a new folder.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	check(t, os.MkdirAll(filepath.Dir(path), 0o777))
	check(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

// csvFile is three cells by three genes.
func csvFile(t *testing.T, name string) string {
	return file(t, name, "cell,A,B,C\nx,1,0,2\ny,0,3,0\nz,4,0,5\n")
}

// mtxFolder is two cells by the genes A, C and D, with identifiers.
func mtxFolder(t *testing.T) string {
	path := file(t, "sampleM/matrix.mtx", "%%MatrixMarket matrix coordinate integer general\n3 2 3\n1 1 7\n3 1 1\n2 2 6\n")
	dir := filepath.Dir(path)
	check(t, os.WriteFile(filepath.Join(dir, "genes.tsv"), []byte("ENSG00000000001.4\tA\nENSG00000000003.1\tC\nENSG00000000004.2\tD\n"), 0o666))
	check(t, os.WriteFile(filepath.Join(dir, "barcodes.tsv"), []byte("x\nw\n"), 0o666))
	return dir
}

// readTogether reads inputs as ingest does: every cell with its counts and its
// annotations, a line each, and the notes.
func readTogether(t *testing.T, o ReadOptions, paths ...string) (lines, notes []string, err error) {
	t.Helper()
	if o.Layer == "" {
		o.Layer = "X"
	}
	r := &reading{options: o, paths: paths, may: means{threads: 1}}
	table, err := r.open(context.Background())
	if err != nil {
		return nil, nil, err
	}
	defer table.Close()
	all, err := countstest.ReadAll(table)
	if err != nil {
		return nil, nil, err
	}
	for i := range all.Cells() {
		line := all.Obs.Names[i]
		genes, values := all.Row(i)
		for k, g := range genes {
			line += " " + table.Genes().Names[g] + "=" + counts.FormatValue(values[k])
		}
		for c := range all.Obs.Columns {
			line += " " + all.Obs.Columns[c].Name + ":" + all.Obs.Columns[c].Text(i)
		}
		lines = append(lines, line)
	}
	return lines, r.said(), nil
}

// TestReading: inputs of several kinds, with each flag of reading.
func TestReading(t *testing.T) {
	a, m := csvFile(t, "a.csv"), mtxFolder(t)
	obs := file(t, "obs.csv", "cell,type,n\nx,T,1\ny,B,2\nq,B,3\n")
	genes := file(t, "var.csv", "gene,kind\nA,good\nB,bad\nC,good\n")
	for name, c := range map[string]struct {
		o     ReadOptions
		paths []string
		cells string
		notes []string
	}{
		"one": {ReadOptions{}, []string{a}, "x A=1 C=2|y B=3|z A=4 C=5", []string{"rows are taken as cells"}},
		"inner": {ReadOptions{}, []string{a, m}, "a:x A=1 C=2 input:a|a:y input:a|a:z A=4 C=5 input:a|sampleM:x A=7 input:sampleM|sampleM:w C=6 input:sampleM",
			[]string{"cell names occur in several inputs, the first x", "2 genes are in every input, 66.7% of those of the input with the fewest", a + ": 1 gene is not in every input"}},
		"outer": {ReadOptions{Join: "outer"}, []string{a, m}, "a:x A=1 C=2 input:a|a:y B=3 input:a|a:z A=4 C=5 input:a|sampleM:x A=7 D=1 input:sampleM|sampleM:w C=6 input:sampleM", nil},
		"keep an input": {ReadOptions{Keep: []string{"input == sampleM"}}, []string{a, m}, "sampleM:x A=7 input:sampleM|sampleM:w C=6 input:sampleM",
			[]string{"3 cells are left out by --keep 'input == sampleM'"}},
		"obs": {ReadOptions{Obs: obs}, []string{a}, "x A=1 C=2 type:T n:1|y B=3 type:B n:2|z A=4 C=5 type: n:",
			[]string{obs + ": 1 cell has no row there, the first z", obs + ": 1 row is not used, the first q"}},
		"keep by obs": {ReadOptions{Obs: obs, Keep: []string{"type == B", "n >= 2"}}, []string{a}, "y B=3 type:B n:2",
			[]string{"2 cells are left out by --keep 'type == B', 1 of them without a value there", "0 cells are left out by --keep 'n >= 2'"}},
		"genes by var": {ReadOptions{Var: genes, KeepGenes: []string{"kind == good"}}, []string{a}, "x A=1 C=2|y|z A=4 C=5",
			[]string{"1 gene is left out by --keep-genes 'kind == good'"}},
		"identifiers": {ReadOptions{GeneID: "gene_ids", StripGeneVersion: true}, []string{m}, "x ENSG00000000001=7 ENSG00000000004=1|w ENSG00000000003=6",
			[]string{m + ": 3 gene names lost a version"}},
		"transposed": {ReadOptions{Transpose: true}, []string{a}, "A x=1 z=4|B y=3|C x=2 z=5", []string{"rows are taken as genes"}},
	} {
		t.Run(name, func(t *testing.T) {
			cells, notes, err := readTogether(t, c.o, c.paths...)
			check(t, err)
			if got := strings.Join(cells, "|"); got != c.cells {
				t.Errorf("got  %s\nwant %s", got, c.cells)
			}
			all := strings.Join(notes, "\n")
			for _, n := range c.notes {
				if !strings.Contains(all, n) {
					t.Errorf("no note %q in\n%s", n, all)
				}
			}
		})
	}
}

func TestReadingRefuses(t *testing.T) {
	a, m := csvFile(t, "a.csv"), mtxFolder(t)
	other := file(t, "other.csv", "cell,ENSG1,ENSG2,ENSG3,ENSG4,ENSG5,A\nq,1,2,3,4,5,6\n")
	obs := file(t, "obs.csv", "cell,type\nn,T\n")
	for name, c := range map[string]struct {
		o     ReadOptions
		paths []string
		code  int
		words []string
	}{
		"no use":         {ReadOptions{Genome: "hg19", TableLayout: "long"}, []string{a, m}, pipeline.ExitUsage, []string{"--genome is for 10x HDF5", "--table-layout is for Arrow and Parquet tables", "leave it out"}},
		"a layer of mtx": {ReadOptions{Layer: "counts"}, []string{m}, pipeline.ExitUsage, []string{m, "--layer counts is for AnnData and loom"}},
		"no overlap":     {ReadOptions{MinOverlap: 0.5}, []string{a, other}, pipeline.ExitBadInput, []string{"1 of the 3 genes", "--gene-id", "--min-overlap"}},
		"no identifiers": {ReadOptions{GeneID: "gene_ids"}, []string{a}, pipeline.ExitBadInput, []string{a, "gene_ids"}},
		"nobody's names": {ReadOptions{Obs: obs}, []string{a}, pipeline.ExitBadInput, []string{obs, "x", "n"}},
		"no column":      {ReadOptions{Keep: []string{"typ == T"}}, []string{a}, pipeline.ExitBadInput, []string{a, "typ"}},
		"nothing left":   {ReadOptions{Keep: []string{"index == q"}}, []string{a}, pipeline.ExitBadInput, []string{a, "no cell of 3 is kept"}},
		"no file":        {ReadOptions{Obs: a + "-none.csv"}, []string{a}, pipeline.ExitNoInput, []string{"none.csv"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readTogether(t, c.o, c.paths...)
			wantError(t, err, c.code, c.words...)
		})
	}
}

func TestReadOptionsValidate(t *testing.T) {
	good := DefaultReadOptions()
	check(t, good.Validate())
	bad := ReadOptions{Layer: "", Join: "left", TableLayout: "tall", MinOverlap: 2, Overwrite: true, Keep: []string{"a = b"}}
	wantError(t, bad.Validate(), pipeline.ExitUsage, "--layer", "--join", "--table-layout", "--min-overlap", "--obs-overwrite", `"a = b" cannot be understood`)
}

// TestInspectTellsAll: every problem at once, with its number, and the error is the
// first and says how many more there are.
func TestInspectTellsAll(t *testing.T) {
	x := exampleTable(6)
	x.rows[2][0], x.rows[3][1] = 0.5, -1
	x.cells[5] = "cell1"
	x.obs[1].Codes[4] = -1
	path := writeH5AD(t, x)
	l := &looking{o: InspectOptions{BatchKey: "smaple", LabelsKey: "type"}, job: quietJob(),
		reading: reading{options: DefaultReadOptions(), paths: []string{path}, lenient: true}}
	check(t, l.all(context.Background()))
	for i, want := range []struct {
		count int64
		words string
	}{
		{0, "no column smaple"},
		{2, "1 of 14 values is negative, the first -1 at cell cell3, gene g1; 1 of 14 values is not a whole number, the first 0.5 at cell cell2"},
		{1, "obs column type: 1 cell has no value, the first cell4"},
		{1, "1 cell has a name that occurred before, the first cell1"},
	} {
		if p := l.found.Problems[i]; !p.Refuse || p.Count != want.count || !strings.Contains(p.What, want.words) {
			t.Errorf("problem %d: %+v, want %+v", i, p, want)
		}
	}
	wantError(t, l.refused(), pipeline.ExitBadInput, "no column smaple", "and 3 more problems that inspect tells of")
}

// TestNameCheckGrows: names that come again are suspected, however many came between
// and whatever number was told before.
func TestNameCheckGrows(t *testing.T) {
	c := newNameCheck(1)
	for i := range 100_000 {
		c.add([]string{strconv.Itoa(i)})
	}
	before := len(c.again) // names that look alike
	c.add([]string{"7", "99999", "new"})
	if got := len(c.again) - before; got != 2 || before > 10 || len(c.tables) < 2 {
		t.Errorf("%d suspected of 2, %d before, %d tables", got, before, len(c.tables))
	}
}

// TestReadingBytes: a file's name need not be UTF-8.
func TestReadingBytes(t *testing.T) {
	path := csvFile(t, "caf\xe9.csv")
	cells, _, err := readTogether(t, ReadOptions{}, path)
	check(t, err)
	if len(cells) != 3 {
		t.Errorf("got %q", cells)
	}
	_, _, err = readTogether(t, ReadOptions{}, file(t, "caf\xe9.csv", "cell,A\nx,word\n"))
	wantError(t, err, pipeline.ExitBadInput, `caf\xe9.csv`, "line 2")
}

// TestKeepDropsLevels: a level whose cells were all left out is no level of a
// covariate; one that no cell had before stays, as in scvi-tools.
func TestKeepDropsLevels(t *testing.T) {
	path := writeH5AD(t, exampleTable(40))
	for keep, want := range map[string]int64{"": 3, "type == T": 1} {
		o := IngestOptions{Input: []string{path}, ReadOptions: DefaultReadOptions()}
		if keep != "" {
			o.Keep = []string{keep}
		}
		l, _, err := ingest(t, o)
		check(t, err)
		job, err := run(&Prepare{Layout: l, Options: PrepareOptions{BatchKey: "type", HVGSpan: 0.3}, Shared: DefaultShared()})
		check(t, err)
		wantCounts(t, job, map[string]int64{"batch_levels": want})
	}
}
