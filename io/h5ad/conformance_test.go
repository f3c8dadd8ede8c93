//go:build cgo

package h5ad

import (
	"path/filepath"
	"slices"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
	"cellvi/io/hdf5"
)

// TestConformance holds the reader to the contract, in each storage of X.
func TestConformance(t *testing.T) {
	for name, put := range map[string]func(*testing.T, *hdf5.Group, *countstest.FullTable){"csr": putCSR, "csc": putCSC, "dense": putDense} {
		t.Run(name, func(t *testing.T) {
			countstest.Run(t, func(t *testing.T, want *countstest.FullTable) counts.Reader {
				path := filepath.Join(t.TempDir(), name+".h5ad")
				writeStored(t, path, want, put)
				r, err := Open(path, Options{BatchCells: 1 + want.Table.Cells()/3, Memory: 1 << 20})
				check(t, err)
				return r
			})
		})
	}
}

func writeStored(t *testing.T, path string, want *countstest.FullTable, put func(*testing.T, *hdf5.Group, *countstest.FullTable)) {
	t.Helper()
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	check(t, writeFrame(root, "obs", &want.Table.Obs, want.Table.Cells()%2))
	check(t, writeFrame(root, "var", want.Genes, 0))
	put(t, root, want)
	root.Close()
	check(t, f.Close())
}

func putDense(t *testing.T, root *hdf5.Group, want *countstest.FullTable) {
	t.Helper()
	cells, genes := want.Table.Cells(), want.Genes.Len()
	x := make([]float64, cells*genes)
	for i := range cells {
		row, values := want.Table.Row(i)
		for k, g := range row {
			x[i*genes+int(g)] = values[k]
		}
	}
	keep(hdf5.WriteArray(root, "X", []int64{int64(cells), int64(genes)}, x, chunked(cells, 7)))(t)
}

// putCSR writes the genes of a cell backwards: readers sort them.
func putCSR(t *testing.T, root *hdf5.Group, want *countstest.FullTable) {
	t.Helper()
	genes, values := make([]int64, 0), make([]float64, 0)
	for i := range want.Table.Cells() {
		g, v := want.Table.Row(i)
		for k := range slices.Backward(g) {
			genes, values = append(genes, int64(g[k])), append(values, v[k])
		}
	}
	putSparse(t, root, "csr_matrix", want, values, genes, want.Table.Indptr)
}

func putCSC(t *testing.T, root *hdf5.Group, want *countstest.FullTable) {
	t.Helper()
	indptr, cells, values := []int64{0}, make([]int64, 0), make([]float64, 0)
	columns := make([][]int, want.Genes.Len()) // places of each gene's counts, cell by cell
	cell := make([]int64, len(want.Table.Genes))
	for i := range want.Table.Cells() {
		for k := want.Table.Indptr[i]; k < want.Table.Indptr[i+1]; k++ {
			g := want.Table.Genes[k]
			columns[g], cell[k] = append(columns[g], int(k)), int64(i)
		}
	}
	for _, places := range columns {
		for _, k := range places {
			cells, values = append(cells, cell[k]), append(values, want.Table.Values[k])
		}
		indptr = append(indptr, int64(len(cells)))
	}
	putSparse(t, root, "csc_matrix", want, values, cells, indptr)
}

func putSparse(t *testing.T, root *hdf5.Group, encoding string, want *countstest.FullTable, data []float64, indices, indptr []int64) {
	t.Helper()
	x := group(t, root, "X", encoding)
	defer x.Close()
	check(t, x.SetInts("shape", []int64{int64(want.Table.Cells()), int64(want.Genes.Len())}))
	keep(hdf5.WriteArray(x, "data", []int64{int64(len(data))}, data, chunked(len(data), 100)))(t)
	keep(hdf5.WriteArray(x, "indices", []int64{int64(len(indices))}, indices, chunked(len(indices), 30)))(t)
	keep(hdf5.WriteArray(x, "indptr", []int64{int64(len(indptr))}, indptr, hdf5.Layout{}))(t)
}

// chunked is chunks of so many of n rows with gzip, or no chunks for no rows.
func chunked(n, rows int) hdf5.Layout {
	if n == 0 {
		return hdf5.Layout{}
	}
	return hdf5.Layout{Chunk: int64(min(n, rows)), Gzip: 1}
}
