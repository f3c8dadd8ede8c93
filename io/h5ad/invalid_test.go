//go:build cgo

package h5ad

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// parts is a sound HDF5 file whose AnnData may be unsound: 3 cells × 4 genes.
type parts struct {
	encoding              string
	shape                 []int64
	data                  []float32
	indices, indptr       []int64
	codes                 []int64
	categories, obs, vars []string
	columns               []string
	leaveOut              string
	textData              bool
}

func soundParts() parts {
	return parts{encoding: "csr_matrix", shape: []int64{3, 4}, data: []float32{1, 2, 3}, indices: []int64{0, 3, 1}, indptr: []int64{0, 2, 2, 3},
		codes: []int64{0, -1, 1}, categories: []string{"a", "b"}, obs: []string{"c1", "c2", "c3"}, vars: []string{"g1", "g2", "g3", "g4"}, columns: []string{"batch"}}
}

// build writes the parts, stopping at the first error.
func (p parts) build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pbmc.h5ad")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	x := group(t, root, "X", p.encoding)
	if p.shape != nil {
		check(t, x.SetInts("shape", p.shape))
	}
	if p.textData {
		keep(x.WriteTexts("data", []string{"1", "2", "3"}, hdf5.Layout{}))(t)
	} else if p.leaveOut != "data" {
		keep(hdf5.WriteArray(x, "data", []int64{int64(len(p.data))}, p.data, hdf5.Layout{}))(t)
	}
	keep(hdf5.WriteArray(x, "indices", []int64{int64(len(p.indices))}, p.indices, hdf5.Layout{}))(t)
	keep(hdf5.WriteArray(x, "indptr", []int64{int64(len(p.indptr))}, p.indptr, hdf5.Layout{}))(t)
	for name, names := range map[string][]string{"obs": p.obs, "var": p.vars} {
		if name == p.leaveOut {
			continue
		}
		g := group(t, root, name, "dataframe")
		check(t, g.SetText("_index", "names"))
		keep(g.WriteTexts("names", names, hdf5.Layout{}))(t)
		if name == "obs" {
			check(t, g.SetTexts("column-order", p.columns))
			b := group(t, g, "batch", "categorical")
			keep(hdf5.WriteArray(b, "codes", []int64{int64(len(p.codes))}, p.codes, hdf5.Layout{}))(t)
			keep(b.WriteTexts("categories", p.categories, hdf5.Layout{}))(t)
			b.Close()
		}
		g.Close()
	}
	x.Close()
	root.Close()
	check(t, f.Close())
	return path
}

func group(t *testing.T, parent *hdf5.Group, name, encoding string) *hdf5.Group {
	t.Helper()
	g, err := newGroup(parent, name, encoding, "0.1.0")
	check(t, err)
	return g
}

func keep(d *hdf5.Dataset, err error) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		check(t, err)
		check(t, d.Close())
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestInvalid holds the sentence for each way that the parts of a file may not
// fit together.
func TestInvalid(t *testing.T) {
	for _, c := range []struct {
		why   string
		spoil func(*parts)
		want  string
	}{
		{"sound", func(p *parts) {}, ""},
		{"end", func(p *parts) { p.indptr[3] = 5 }, "/X/indptr: ends at 5, but data has 3 values: the file is truncated or damaged"},
		{"start", func(p *parts) { p.indptr[0] = 1 }, "/X/indptr: begins at 1, 0 expected"},
		{"falls", func(p *parts) { p.indptr[1] = 4 }, "/X/indptr: falls from 4 to 2 at 2"},
		{"negative", func(p *parts) { p.indptr[1] = -1 }, "/X/indptr: falls from 0 to -1 at 1"},
		{"short indptr", func(p *parts) { p.indptr = []int64{0, 3} }, "/X/indptr: has 2 values, but the shape 3 × 4 needs 4"},
		{"gene", func(p *parts) { p.indices[1] = 4 }, "/X/indices: value 1 is 4, but there are 4 genes"},
		{"negative gene", func(p *parts) { p.indices[2] = -1 }, "/X/indices: value 2 is -1, but there are 4 genes"},
		{"csc cell", func(p *parts) { p.encoding, p.indptr, p.indices[1] = "csc_matrix", []int64{0, 1, 2, 2, 3}, 3 }, "/X/indices: value 1 is 3, but there are 3 cells"},
		{"lengths", func(p *parts) { p.indices = p.indices[:2] }, "/X/indices: has 2 values, but data has 3"},
		{"shape", func(p *parts) { p.shape = []int64{3, 5} }, "/X: has shape 3 × 5, but there are 3 cells in obs and 4 genes in var"},
		{"cells", func(p *parts) { p.obs, p.codes = p.obs[:2], p.codes[:2] }, "/X: has shape 3 × 4, but there are 2 cells in obs"},
		{"odd shape", func(p *parts) { p.shape = []int64{3} }, "/X: has shape [3], cells × genes expected"},
		{"no shape", func(p *parts) { p.shape = nil }, "/X: has no attribute shape"},
		{"text", func(p *parts) { p.textData = true }, "/X/data: holds string values, numbers expected"},
		{"no data", func(p *parts) { p.leaveOut = "data" }, "/X: has no dataset data"},
		{"no obs", func(p *parts) { p.leaveOut = "obs" }, "/obs: is missing: is it an AnnData file?"},
		{"encoding", func(p *parts) { p.encoding = "coo" }, "/X: is encoded as coo: csr_matrix, csc_matrix or a dense array is needed"},
		{"code", func(p *parts) { p.codes[2] = 2 }, "/obs/batch/codes: row 2 has code 2, but there are 2 categories"},
		{"codes", func(p *parts) { p.codes = p.codes[:1] }, "/obs/batch/codes: has 1 values, but the index has 3 names"},
		{"twice", func(p *parts) { p.categories[1] = "a" }, `/obs/batch/categories: has the category "a" twice`},
		{"column", func(p *parts) { p.columns = append(p.columns, "donor") }, "/obs: lists column donor, but there is no such member"},
		{"utf8", func(p *parts) { p.obs[1] = "z\xfcrich" }, `/obs/names: row 1 is "z\xfcrich", which is not UTF-8`},
	} {
		t.Run(c.why, func(t *testing.T) {
			p := soundParts()
			c.spoil(&p)
			_, err := factsOf(p.build(t), Options{})
			var input *counts.InputError
			if c.want == "" && err == nil {
				return
			}
			if !errors.As(err, &input) || !strings.Contains(err.Error(), "pbmc.h5ad: "+c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestSystemErrors: what the operating system says stays recognizable.
func TestSystemErrors(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none.h5ad"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("folder: %v", err)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here to try a full disk on")
	}
	err := writeTable("/dev/full", &counts.Frame{Names: make([]string, 50)}, big(20000, 50), WriteOptions{}, 1000)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full disk: %v", err)
	}
}

// TestClosed: Close leaves no handle open, since libhdf5 would keep the file.
func TestClosed(t *testing.T) {
	for _, name := range []string{"columns.h5ad", "storage.h5ad", "oddities.h5ad", "ancient.h5ad", "legacy.h5ad", "foreign.h5ad", "huge.h5ad"} {
		path, err := filepath.Abs(filepath.Join(made, name))
		check(t, err)
		factsOf(path, Options{})
		factsOf(path, Options{Matrix: "raw/X"})
		Describe(path)
		if n := openCount(t, path); n != 0 {
			t.Errorf("%s is still open %d times", name, n)
		}
	}
}

func openCount(t *testing.T, path string) (n int) {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc here to count open files in")
	}
	for _, fd := range fds {
		if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); target == path {
			n++
		}
	}
	return n
}
