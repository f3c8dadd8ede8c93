//go:build cgo

package tenx

import (
	"path/filepath"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
	"cellvi/io/hdf5"
)

// file is what a 10x file is made of in these tests.
type file struct {
	group    string // "matrix", or the genome
	legacy   bool
	layout   hdf5.Layout
	barcodes []string
	shape    []int64
	data     []float64
	indices  []int32
	indptr   []int64
	texts    map[string][]string // of features; of the group in version 2
	leaveOut string
	more     func(t testing.TB, matrix, features *hdf5.Group)
}

// sound is 3 cells of 4 features, of which one is an antibody.
func sound() file {
	return file{group: "matrix", barcodes: []string{"AAA-1", "CCC-1", "GGG-2"}, shape: []int64{4, 3},
		data: []float64{1, 2, 3}, indices: []int32{0, 3, 1}, indptr: []int64{0, 2, 2, 3},
		texts: map[string][]string{"name": {"A", "B", "A", "CD3"}, "id": {"G1", "G2", "G3", "CD3"},
			"feature_type": {"Gene Expression", "Gene Expression", "Gene Expression", "Antibody Capture"},
			"genome":       {"hg", "mm", "hg", ""}}}
}

// soundLegacy is the same as version 2 has it, without types.
func soundLegacy() file {
	f := sound()
	f.group, f.legacy = "hg19", true
	f.texts = map[string][]string{"gene_names": {"A", "B", "A", "CD3"}, "genes": {"G1", "G2", "G3", "G4"}}
	return f
}

// write makes a file of matrices.
func write(t testing.TB, files ...file) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pbmc.h5")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	for _, one := range files {
		one.write(t, root)
	}
	check(t, root.Close())
	check(t, f.Close())
	return path
}

func (f file) write(t testing.TB, root *hdf5.Group) {
	m, err := root.CreateGroup(f.group)
	check(t, err)
	defer m.Close()
	features := m
	if !f.legacy && f.leaveOut != "features" {
		features, err = m.CreateGroup("features")
		check(t, err)
		defer features.Close()
	}
	put := func(name string, write func(l hdf5.Layout) (*hdf5.Dataset, error), n int) {
		if name == f.leaveOut {
			return
		}
		l := f.layout
		if l.Chunk = min(l.Chunk, int64(n)); l.Chunk == 0 {
			l.Gzip = 0
		}
		d, err := write(l)
		check(t, err)
		check(t, d.Close())
	}
	for name, v := range f.texts {
		put(name, func(l hdf5.Layout) (*hdf5.Dataset, error) { return features.WriteTexts(name, v, l) }, len(v))
	}
	put("barcodes", func(l hdf5.Layout) (*hdf5.Dataset, error) { return m.WriteTexts("barcodes", f.barcodes, l) }, len(f.barcodes))
	put("shape", numbers(m, "shape", f.shape), len(f.shape))
	put("data", numbers(m, "data", f.data), len(f.data))
	put("indices", numbers(m, "indices", f.indices), len(f.indices))
	put("indptr", numbers(m, "indptr", f.indptr), len(f.indptr))
	if f.more != nil {
		f.more(t, m, features)
	}
}

func numbers[T hdf5.Stored](g *hdf5.Group, name string, v []T) func(hdf5.Layout) (*hdf5.Dataset, error) {
	return func(l hdf5.Layout) (*hdf5.Dataset, error) {
		return hdf5.WriteArray(g, name, []int64{int64(len(v))}, v, l)
	}
}

// bare hides the annotations of genes, which the suite's tables lack.
type bare struct{ *Reader }

func (b bare) Genes() *counts.Frame { return &counts.Frame{Names: b.Reader.Genes().Names} }

// TestConformance: both versions, chunked and not, with features between that are
// left out.
func TestConformance(t *testing.T) {
	layouts := map[string]hdf5.Layout{"contiguous": {}, "chunked": {Chunk: 50, Gzip: 1}}
	for name, l := range layouts {
		for _, version := range []string{"v2", "v3", "v3 with antibodies"} {
			t.Run(version+" "+name, func(t *testing.T) {
				countstest.RunWithin(t, countstest.Limits{NoObs: true, NoVar: true}, func(t *testing.T, want *countstest.FullTable) counts.Reader {
					f := fileOf(want, version)
					f.layout = l
					r, err := Open(write(t, f), Options{Threads: 2})
					check(t, err)
					return bare{r}
				})
			})
		}
	}
}

// fileOf is a table as a file; with antibodies, feature 2i is gene i and the others
// have counts that must not be seen.
func fileOf(want *countstest.FullTable, version string) file {
	f := file{group: "matrix", barcodes: want.Table.Obs.Names, indptr: want.Table.Indptr, data: want.Table.Values}
	names := want.Genes.Names
	for _, g := range want.Table.Genes {
		f.indices = append(f.indices, int32(g))
	}
	f.shape = []int64{int64(len(names)), int64(len(f.barcodes))}
	f.texts = map[string][]string{"name": names, "id": names}
	switch version {
	case "v2":
		f.group, f.legacy = "hg19", true
		f.texts = map[string][]string{"gene_names": names, "genes": names}
	case "v3 with antibodies":
		f.addAntibodies()
	}
	return f
}

func (f *file) addAntibodies() {
	var names, types []string
	for _, n := range f.texts["name"] {
		names, types = append(names, n, "antibody"), append(types, counts.GeneExpression, "Antibody Capture")
	}
	f.texts = map[string][]string{"name": names, "id": names, "feature_type": types}
	f.shape[0] *= 2
	var data []float64
	var indices []int32
	indptr := []int64{0}
	for i := 1; i < len(f.indptr); i++ {
		for k := f.indptr[i-1]; k < f.indptr[i]; k++ {
			data, indices = append(data, 7, f.data[k]), append(indices, 2*f.indices[k]+1, 2*f.indices[k])
		}
		indptr = append(indptr, int64(len(data)))
	}
	f.data, f.indices, f.indptr = data, indices, indptr
}
