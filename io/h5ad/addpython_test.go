//go:build cgo

package h5ad

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func pythonFor(t *testing.T) string {
	t.Helper()
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has anndata, to check what becomes of its files")
	}
	return python
}

// adds are files that were added to, for Python to compare, all at once.
type adds struct{ args []string }

// add adds to a copy of a file.
func (a *adds) add(t *testing.T, original string, list []Addition) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.h5ad")
	bytes, err := os.ReadFile(original)
	check(t, err)
	check(t, os.WriteFile(path, bytes, 0o600))
	target, err := OpenTarget(path, list, false, Options{})
	check(t, err)
	cells := target.Cells
	check(t, target.Close())
	check(t, addSome(t, path, marked(cells), list))
	if a.args != nil {
		a.args = append(a.args, "--")
	}
	a.args = append(a.args, original, path)
	for _, x := range list {
		a.args = append(a.args, x.Group+"/"+x.Name)
	}
}

// compare holds all that was not added to the originals.
func (a *adds) compare(t *testing.T) {
	t.Helper()
	script := filepath.Join("..", "..", "testdata", "compare_h5ad.py")
	if out, err := exec.Command(pythonFor(t), append([]string{script}, a.args...)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAddToOthersFiles: in files of many versions and tools nothing else changes, and
// anndata reads what was added.
func TestAddToOthersFiles(t *testing.T) {
	pythonFor(t)
	var all adds
	for _, pattern := range []string{"fixtures/anndata/*.h5ad", "fixtures/bpcells/*.h5ad", "fixtures/others/*.h5ad", "data/*.h5ad"} {
		paths, err := filepath.Glob(shared(t, filepath.Dir(pattern)) + "/" + filepath.Base(pattern))
		check(t, err)
		for _, path := range paths {
			list := someAdditions()
			switch filepath.Base(path) {
			case "v0.5.0.h5ad": // its obsm is a table of records: see TestAddToRecords
				continue
			case "mini_mat.anndata-v0.6.22.h5ad": // its obs is
				list = []Addition{list[0], list[4]}
			}
			all.add(t, path, list)
		}
	}
	all.compare(t)
}

// writeOdd writes files as few do: of the newest format, with a user block, without
// obsm and encodings, and one whose obsm lies in another file.
const writeOdd = `
import sys, h5py, numpy as np
def fill(f, obsm=True):
    f["X"] = np.eye(9, dtype="f4")
    for name in "obs", "var":
        g = f.create_group(name)
        g.attrs["_index"] = "i"
        g["i"] = np.array([f"{name}{k}" for k in range(9)], dtype=object)
        g.attrs["encoding-type"], g.attrs["encoding-version"] = "dataframe", "0.2.0"
        g.attrs["column-order"] = np.array([], dtype="f8")
    if obsm:
        f.create_group("obsm").create_dataset("old", data=np.zeros((9, 3)), chunks=(2, 2), compression="gzip", shuffle=True)
with h5py.File(sys.argv[1] + "/latest.h5ad", "w", libver=("v110", "v110")) as f: fill(f)
with h5py.File(sys.argv[1] + "/userblock.h5ad", "w", userblock_size=2048) as f: fill(f)
with open(sys.argv[1] + "/userblock.h5ad", "r+b") as f: f.write(b"mine" * 512)
with h5py.File(sys.argv[1] + "/bare.h5ad", "w") as f: fill(f, obsm=False)
with h5py.File(sys.argv[1] + "/paged.h5ad", "w", fs_strategy="page", fs_persist=True) as f: fill(f)
with h5py.File(sys.argv[1] + "/other.h5", "w") as f: f.create_group("o")
with h5py.File(sys.argv[1] + "/link.h5ad", "w") as f:
    fill(f, obsm=False)
    f["obsm"] = h5py.ExternalLink("other.h5", "/o")
`

func TestAddToOddFiles(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command(pythonFor(t), "-c", writeOdd, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var all adds
	for _, name := range []string{"latest.h5ad", "userblock.h5ad", "bare.h5ad", "paged.h5ad"} {
		all.add(t, filepath.Join(dir, name), someAdditions())
	}
	all.compare(t)
	link := filepath.Join(dir, "link.h5ad")
	_, err := OpenAdder(link, someAdditions(), false, marked(9))
	if err == nil || !strings.HasPrefix(err.Error(), link+": /obsm: lies in another file") {
		t.Errorf("got %v", err)
	}
}
