//go:build cgo

package h5matrix

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// dense values, a third of them not zero, with an empty cell and an empty gene.
func drawn(cells, genes int) []float64 {
	rng := rand.New(rand.NewPCG(5, 6))
	v := make([]float64, cells*genes)
	for i := range v {
		if rng.IntN(3) == 0 && i/genes != 5 && i%genes != 3 {
			v[i] = float64(1 + rng.IntN(300))
		}
	}
	return v
}

// written makes a file and gives its root, opened again.
func written(t testing.TB, write func(root *hdf5.Group)) *hdf5.Group {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.h5")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	write(root)
	check(t, root.Close())
	check(t, f.Close())
	return opened(t, path)
}

func opened(t testing.TB, path string) *hdf5.Group {
	t.Helper()
	f, err := hdf5.Open(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	t.Cleanup(func() { check(t, root.Close()); check(t, f.Close()) })
	return root
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes an array and closes it.
func put[T hdf5.Stored](t testing.TB, g *hdf5.Group, name string, shape []int64, v []T, l hdf5.Layout) {
	t.Helper()
	d, err := hdf5.WriteArray(g, name, shape, v, l)
	check(t, err)
	check(t, d.Close())
}

// readWhole gives all values of a matrix as cells × genes, and closes it.
func readWhole(t testing.TB, m Matrix) []float64 {
	t.Helper()
	defer m.Close()
	is := m.About()
	out := make([]float64, is.Cells*is.Genes)
	var table counts.Table
	for at := int64(0); at < is.Cells; {
		n, err := m.Fill(context.Background(), at, min(17, is.Cells-at), &table)
		check(t, err)
		table.Obs.Names = make([]string, n)
		check(t, table.Validate(int(is.Genes)))
		for i := range int(n) {
			genes, values := table.Row(i)
			for k, g := range genes {
				out[(at+int64(i))*is.Genes+int64(g)] = values[k]
			}
		}
		at += n
	}
	return out
}

// turned is genes × cells of cells × genes.
func turned[T any](v []T, cells, genes int) []T {
	out := make([]T, len(v))
	for i := range v {
		out[i%genes*cells+i/genes] = v[i]
	}
	return out
}

// ways are numbers of threads and memory that must not matter: the least sorts one
// block of cells at a time.
func ways(do func(opt Options)) {
	for _, threads := range []int{1, 3} {
		pool := hdf5.NewDecoders(threads)
		defer pool.Close()
		for _, memory := range []int64{1, 20_000, 1 << 30} {
			do(Options{Memory: memory, Pool: pool})
		}
	}
}

// TestDense: whatever the chunks, both ways around, in any memory.
func TestDense(t *testing.T) {
	const cells, genes = 300, 70
	want := drawn(cells, genes)
	for _, l := range []hdf5.Layout{{}, {Chunk: 7, Gzip: 1}, {Chunk: 1}, {Chunk: cells, Wide: 1, Gzip: 1}, {Chunk: 300, Wide: 300},
		{Chunk: 64, Wide: 64, Gzip: 1}, {Chunk: 500, Wide: 500, Gzip: 1}, {Chunk: 2, Wide: 9}} {
		for _, byGene := range []bool{false, true} {
			t.Run(fmt.Sprintf("%+v byGene=%v", l, byGene), func(t *testing.T) {
				shape, v := []int64{cells, genes}, want
				if byGene {
					shape, v = []int64{genes, cells}, turned(want, cells, genes)
				}
				l.Chunk, l.Wide = min(l.Chunk, shape[0]), min(l.Wide, shape[1])
				root := written(t, func(root *hdf5.Group) { put(t, root, "x", shape, v, l) })
				ways(func(opt Options) {
					for _, force := range []bool{false, true} {
						d, err := root.OpenDataset("x")
						check(t, err)
						m, err := openEither(d, byGene, opt, force)
						check(t, err)
						if got := readWhole(t, m); !slices.Equal(got, want) {
							t.Fatalf("memory %d, block by block %v: other values", opt.Memory, force)
						}
					}
				})
			})
		}
	}
}

// openEither is OpenDense, or the way of a dataset whose chunks do not fit.
func openEither(d *hdf5.Dataset, byGene bool, opt Options, blockwise bool) (Matrix, error) {
	if !blockwise {
		return OpenDense(d, byGene, opt)
	}
	about, err := aboutDense(d, byGene)
	if err != nil {
		return nil, err
	}
	return newBlocks(d, byGene, about, opt)
}

// TestSparse: CSR and CSC in chunks of any size.
func TestSparse(t *testing.T) {
	const cells, genes = 300, 70
	want := drawn(cells, genes)
	for _, l := range []hdf5.Layout{{}, {Chunk: 50, Gzip: 1}, {Chunk: 33}, {Chunk: 1 << 20, Gzip: 1}} {
		for _, byGene := range []bool{false, true} {
			major, minor, v := cells, genes, want
			if byGene {
				major, minor, v = genes, cells, turned(want, cells, genes)
			}
			root := written(t, func(root *hdf5.Group) { putSparse(t, root, v, major, minor, l) })
			ways(func(opt Options) {
				m, err := OpenSparse(Parts{At: root, Data: "data", Indices: "indices", Indptr: "indptr", Cells: cells, Genes: genes, ByGene: byGene}, opt)
				check(t, err)
				if is := m.About(); is.Storage != map[bool]string{true: "csc", false: "csr"}[byGene] || is.Cells != cells || is.Genes != genes {
					t.Errorf("%+v", is)
				}
				if got := readWhole(t, m); !slices.Equal(got, want) {
					t.Fatalf("%+v, byGene %v, memory %d: other values", l, byGene, opt.Memory)
				}
			})
		}
	}
}

// putSparse writes the values of major × minor that are not zero.
func putSparse(t testing.TB, g *hdf5.Group, v []float64, major, minor int, l hdf5.Layout) {
	var data []float32
	var indices []int32
	indptr := []int64{0}
	for i := range major {
		for k, x := range v[i*minor : (i+1)*minor] {
			if x != 0 {
				data, indices = append(data, float32(x)), append(indices, int32(k))
			}
		}
		indptr = append(indptr, int64(len(data)))
	}
	l.Chunk = min(l.Chunk, int64(len(data)))
	put(t, g, "data", []int64{int64(len(data))}, data, l)
	put(t, g, "indices", []int64{int64(len(data))}, indices, l)
	l.Chunk = min(l.Chunk, int64(len(indptr)))
	put(t, g, "indptr", []int64{int64(len(indptr))}, indptr, l)
}

// TestTooLarge: a chunk beyond the memory is refused in words, before it is read.
func TestTooLarge(t *testing.T) {
	const n = 8 << 20
	root := written(t, func(root *hdf5.Group) {
		put(t, root, "dense", []int64{1000, n / 1000}, make([]float64, n/1000*1000), hdf5.Layout{Chunk: 1000, Gzip: 1})
		put(t, root, "data", []int64{n}, make([]int32, n), hdf5.Layout{Chunk: n, Gzip: 1})
		put(t, root, "indices", []int64{n}, make([]int32, n), hdf5.Layout{Chunk: n, Gzip: 1})
		put(t, root, "indptr", []int64{2}, []int64{0, n}, hdf5.Layout{})
	})
	path := root.File().Path()
	opt := Options{Memory: 50 << 20, Pool: hdf5.NewDecoders(0)}
	d, err := root.OpenDataset("dense")
	check(t, err)
	_, err = OpenDense(d, false, opt)
	want := path + ": /dense: one chunk holds 1000 × 8388 values: reading it needs 108 MB, the reader may take 52 MB: raise --memory, or write it in smaller chunks"
	var memory *counts.MemoryError
	if !errorAs(err, &memory) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, err = OpenSparse(Parts{At: root, Data: "data", Indices: "indices", Indptr: "indptr", Cells: 1, Genes: n}, opt)
	want = path + ": /data: one chunk holds 8388608 values: reading it needs 108 MB, the reader may take 52 MB: raise --memory, or write it in smaller chunks"
	if !errorAs(err, &memory) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	opt.Memory = memory.Need
	m, err := OpenSparse(Parts{At: root, Data: "data", Indices: "indices", Indptr: "indptr", Cells: 1, Genes: n}, opt)
	check(t, err)
	m.Close()
}

func errorAs(err error, to **counts.MemoryError) (ok bool) {
	*to, ok = err.(*counts.MemoryError)
	return ok
}
