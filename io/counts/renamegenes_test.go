package counts_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

func TestStripVersion(t *testing.T) {
	const same = ""
	for name, want := range map[string]string{
		"ENSG00000123456.12":        "ENSG00000123456",
		"ENSMUSG00000051951.6":      "ENSMUSG00000051951",
		"ENSDARG00000012345.1":      "ENSDARG00000012345",
		"ENST00000335137.4":         "ENST00000335137",
		"ENSMUSP00000012345.10":     "ENSMUSP00000012345",
		"ENSE00000012345.1":         "ENSE00000012345",
		"ENSG00000182378.15_PAR_Y":  "ENSG00000182378_PAR_Y",
		"ENSG00000182378_PAR_Y.15":  "ENSG00000182378_PAR_Y",
		"ENSG00000182378_PAR_Y":     same,
		"ENSG00000123456":           same,
		"ENSG00000123456.":          same,
		"ENSG00000123456.1a":        same,
		"ENSG0000012345.12":         same, // ten digits
		"ENSG000001234567.12":       same, // twelve
		"ensg00000123456.12":        same,
		"ENSFM00500000270089.1":     same, // a family
		"xENSG00000123456.12":       same,
		"AC012345.1":                same,
		"RP11-34P13.7":              same,
		"NM_000014.6":               same,
		"HLA-DRB1.2":                same,
		"ERCC-00002":                same,
		"":                          same,
		"ENSG00000123456.1\n":       same,
		"ENSG00000123456.1_PAR_Y.2": same,
	} {
		if want == same {
			want = name
		}
		r, err := counts.RenameGenes(countstest.Memory(table(nil, []string{name}), 1), counts.GeneNames{StripVersion: true})
		if err != nil || r.Genes().Names[0] != want {
			t.Errorf("%q: got %q, %v", name, r.Genes().Names, err)
		}
	}
}

func TestRenameGenes(t *testing.T) {
	full := table([]string{"c"}, []string{"A", "B", "A"})
	full.Genes.Columns = []counts.Column{
		{Name: "gene_ids", Kind: counts.Categorical, Levels: []string{"ENSG00000000001.2", "AC1.1", "ENSG00000000001.3"}, Codes: []int32{2, 1, 0}},
		{Name: "entrez", Kind: counts.Float, Floats: []float64{100287102, 1, 2}},
	}
	r, err := counts.RenameGenes(countstest.Memory(full, 1), counts.GeneNames{Column: "gene_ids", StripVersion: true})
	if err != nil {
		t.Fatal(err)
	}
	want := counts.Frame{Names: []string{"ENSG00000000001", "AC1.1", "ENSG00000000001"},
		Columns: append(full.Genes.Columns[:2:2], counts.Column{Name: "var_names", Kind: counts.String, Strings: []string{"A", "B", "A"}})}
	if d := countstest.DiffFrames(r.Genes(), &want); d != "" {
		t.Error(d)
	}
	if names, equal := r.Shortened(); names != 2 || equal != 1 {
		t.Errorf("%d shortened, %d equal", names, equal)
	}
	for column, want := range map[string][]string{"": {"A", "B", "A"}, "var_names": {"A", "B", "A"}, "entrez": {"100287102", "1", "2"}} {
		r, err := counts.RenameGenes(countstest.Memory(full, 1), counts.GeneNames{Column: column})
		if err != nil || !slices.Equal(r.Genes().Names, want) {
			t.Errorf("%q: got %q, %v", column, r.Genes().Names, err)
		}
		if kept := r.Genes().Column("var_names") != nil; kept != (column == "entrez") {
			t.Errorf("%q: old names kept: %v", column, kept)
		}
	}
}

func TestRenameGenesRefuses(t *testing.T) {
	full := table(nil, []string{"A", "B", "C"})
	full.Genes.Columns = []counts.Column{
		{Name: "id", Kind: counts.String, Strings: []string{"x", "", ""}, Missing: []bool{false, true, false}},
		{Name: "entrez", Kind: counts.Int, Ints: []int64{0, 1, 2}, Missing: []bool{true, false, false}},
		{Name: "mt", Kind: counts.Bool, Bools: []bool{true, false, false}},
	}
	for column, want := range map[string]string{
		"ids":    "f.h5ad: var: genes' names: no column ids: there are id, entrez, mt",
		"id":     `f.h5ad: var column id: 2 of 3 genes have no name there, the first is B: choose another column with --gene-id, or give every gene a name there`,
		"entrez": `f.h5ad: var column entrez: 1 of 3 genes have no name there, the first is A: choose another column with --gene-id, or give every gene a name there`,
		"mt":     "f.h5ad: var column mt: it is boolean, which names no gene: choose another with --gene-id",
	} {
		if _, err := counts.RenameGenes(countstest.Memory(full, 1), counts.GeneNames{File: "f.h5ad", Column: column}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	left, err := counts.KeepGenes(countstest.Memory(full, 1), keeps(t, "id != ''"), "f.h5ad")
	if err != nil || !slices.Equal(left.Genes().Names, []string{"A"}) {
		t.Errorf("the advice leaves %v, %v", left.Genes(), err)
	}
}

// TestRenameGenesNaive: counts stay where they are, names are those of the column
// with versions cut as a plain reading of each does.
func TestRenameGenesNaive(t *testing.T) {
	digits := regexp.MustCompile(`^[0-9]+$`)
	plain := func(name string) string {
		id, version, has := strings.Cut(name, ".")
		version = strings.TrimSuffix(version, "_PAR_Y")
		if !has || !strings.HasPrefix(id, "ENS") || len(id) < 15 || !digits.MatchString(id[len(id)-11:]) || !digits.MatchString(version) {
			return name
		}
		if strings.HasSuffix(name, "_PAR_Y") {
			id += "_PAR_Y"
		}
		return id
	}
	names := rapid.SampledFrom([]string{"ENSG00000000001", "ENSG00000000001.1", "ENSG00000000001.2", "ENSG00000000001.2_PAR_Y",
		"ENSG00000000001_PAR_Y", "ENSMUSG00000000001.12", "AC1.1", "CD3D", "ENSX.1", "ENSG00000000001.x"})
	rapid.Check(t, func(t *rapid.T) {
		full := countstest.Draw(t, countstest.Limits{})
		ids := rapid.SliceOfN(names, full.Genes.Len(), full.Genes.Len()).Draw(t, "ids")
		full.Genes.Columns = append(full.Genes.Columns, counts.Column{Name: "ids", Kind: counts.String, Strings: ids})
		opt := counts.GeneNames{Column: "ids", StripVersion: rapid.Bool().Draw(t, "strip")}
		want, shortened := slices.Clone(ids), 0
		for i := range want {
			if opt.StripVersion && plain(want[i]) != want[i] {
				want[i] = plain(want[i])
				shortened++
			}
		}
		r, err := counts.RenameGenes(strictly(full, 3), opt)
		if err != nil {
			t.Fatal(err)
		}
		equal := counts.MakeUnique(slices.Clone(want)) - counts.MakeUnique(slices.Clone(ids))
		if n, e := r.Shortened(); !slices.Equal(r.Genes().Names, want) || n != shortened || e != equal {
			t.Fatalf("got %q, %d, %d; want %q, %d, %d", r.Genes().Names, n, e, want, shortened, equal)
		}
		old := r.Genes().Columns[len(r.Genes().Columns)-1]
		if slices.Equal(want, full.Genes.Names) != (old.Name != "var_names") || old.Name == "var_names" && !slices.Equal(old.Strings, full.Genes.Names) {
			t.Fatalf("old names in %s: %q", old.Name, old.Strings)
		}
		got, err := countstest.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if d := countstest.DiffTables(got, full.Table, full.Genes.Len()); d != "" {
			t.Fatal(d)
		}
	})
}
