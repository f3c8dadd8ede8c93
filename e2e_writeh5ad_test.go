package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cellvi/pipeline"
)

// h5adInput is a small simulated h5ad; the test is skipped in a build without HDF5.
func h5adInput(t *testing.T) string {
	t.Helper()
	input := simulated(t)
	if filepath.Ext(input) != ".h5ad" {
		t.Skip("this build has no HDF5")
	}
	if err := os.Chmod(input, 0o444); err != nil {
		t.Fatal(err)
	}
	return input
}

func sumOf(t *testing.T, path string) string {
	t.Helper()
	return fmt.Sprintf("%x", sha256.Sum256([]byte(read(t, path))))
}

// everything is all that can be written into a copy.
func everything(out string) []string {
	return []string{"--write-h5ad", out, "--write-obs", "--write-layers", "px_rate,px_scale"}
}

// TestWriteH5AD: the copy has the embedding, NaN where a cell was left out, and has
// the same bytes for any number of threads, from run and from embed; the input stays
// as it was.
func TestWriteH5AD(t *testing.T) {
	input, dir := h5adInput(t), t.TempDir()
	before, err := os.Stat(input)
	if err != nil {
		t.Fatal(err)
	}
	sum, out, again := sumOf(t, input), filepath.Join(dir, "out.h5ad"), filepath.Join(dir, "again.h5ad")
	talk := cellvi(t, 0, append(append(runArgs(input, dir, "1", "2"), "--no-reconstruct"), everything(out)...)...)
	if !strings.Contains(talk, "no latent, and NaN in obsm X_scVI: 6 left out by prepare") {
		t.Errorf("it does not tell of the cells without a latent:\n%s", talk)
	}
	if talk := cellvi(t, 0, append([]string{"embed", "--outdir", dir}, everything(out)...)...); !strings.Contains(talk, "already done") {
		t.Errorf("it was done again:\n%s", talk)
	}
	cellvi(t, 0, append([]string{"embed", "--outdir", dir, "--threads", "3"}, everything(again)...)...)
	if sumOf(t, out) != sumOf(t, again) {
		t.Error("other bytes with other threads")
	}
	after, err := os.Stat(input)
	if err != nil || sumOf(t, input) != sum || !after.ModTime().Equal(before.ModTime()) || after.Mode() != before.Mode() {
		t.Errorf("the input was touched: %v, %v", after, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*cellvi-part")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	comparePython(t, input, out, dir)
}

// readCopy has anndata hold the copy to what the run wrote beside it.
const readCopy = `
import sys, warnings, anndata, numpy as np, pandas as pd
warnings.simplefilter("ignore")
a, run = anndata.read_h5ad(sys.argv[1]), sys.argv[2]
latent = pd.read_parquet(run + "/latent.parquet").reindex(a.obs_names)
cells = pd.read_parquet(run + "/prepared/cells.parquet").reindex(a.obs_names)
genes = pd.read_parquet(run + "/genes.parquet")
gone = latent.latent_0.isna().to_numpy()
assert 0 < gone.sum() < len(a), gone.sum()
assert a.obsm["X_scVI"].dtype == np.float32 and np.array_equal(a.obsm["X_scVI"], latent.to_numpy(), equal_nan=True)
assert (a.obs.cellvi_kept == ~gone).all() and a.obs.cellvi_kept.dtype == bool
for column, own in (("cellvi_split", cells.split), ("cellvi_batch", a.obs.batch), ("cellvi_label", a.obs.label)):
    assert a.obs[column].isna().to_numpy().tolist() == gone.tolist(), column
    assert (a.obs[column][~gone].astype(str) == own[~gone].astype(str)).all(), column
assert np.array_equal(a.obs.cellvi_library_size, cells.library_size, equal_nan=True)
selected = genes.selected.reindex(a.var_names).to_numpy()
scale, rate = a.layers["scvi_px_scale"], a.layers["scvi_px_rate"]
for layer in scale, rate:
    assert np.array_equal(~np.isnan(layer), np.outer(~gone, selected))
assert np.allclose(np.nansum(scale, axis=1)[~gone], 1, atol=1e-5)
library = np.asarray(a.X[:, selected].sum(axis=1)).ravel()
assert np.allclose(rate[~gone][:, selected], scale[~gone][:, selected] * library[~gone, None], rtol=1e-5)
`

func comparePython(t *testing.T, input, out, dir string) {
	t.Helper()
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has anndata, to check what it reads")
	}
	added := []string{"obsm/X_scVI", "obs/cellvi_kept", "obs/cellvi_split", "obs/cellvi_library_size", "obs/cellvi_batch", "obs/cellvi_label", "layers/scvi_px_rate", "layers/scvi_px_scale"}
	args := append([]string{filepath.Join("testdata", "compare_h5ad.py"), input, out}, added...)
	if said, err := exec.Command(python, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	if said, err := exec.Command(python, "-c", readCopy, out, dir).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

// TestWriteNewH5AD: where there is no one .h5ad to copy, a new one has the store's
// cells, and the embedding; --from copies one of several inputs.
func TestWriteNewH5AD(t *testing.T) {
	input, dir := h5adInput(t), t.TempDir()
	second := filepath.Join(dir, "second.h5ad")
	cellvi(t, 0, "simulate", "--output", second, "--cells", "300", "--genes", "300", "--seed", "4")
	out, one := filepath.Join(dir, "out.h5ad"), filepath.Join(dir, "one.h5ad")
	run := []string{"run", "-i", input, "-i", second, "--outdir", filepath.Join(dir, "run"), "--batch-key", "input", "--min-counts", "700", "--max-epochs", "1", "--no-reconstruct", "--write-h5ad", out}
	if talk := cellvi(t, 0, run...); !strings.Contains(talk, "a new file of the store's counts and annotations: there were several inputs") {
		t.Errorf("it says:\n%s", talk)
	}
	cellvi(t, 0, "embed", "--outdir", filepath.Join(dir, "run"), "--write-h5ad", one, "--from", second)
	cellvi(t, pipeline.ExitBadInput, "embed", "--outdir", filepath.Join(dir, "run"), "--write-h5ad", filepath.Join(dir, "no.h5ad"), "--from", out)
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has anndata, to check what it reads")
	}
	const script = `
import sys, warnings, anndata, numpy as np, pandas as pd
warnings.simplefilter("ignore")
first, second, out, one, latent = [anndata.read_h5ad(p) for p in sys.argv[1:5]] + [pd.read_parquet(sys.argv[5])]
assert len(out) == 800 and np.array_equal(out.obsm["X_scVI"], latent.reindex(out.obs_names).to_numpy(), equal_nan=True)
assert np.isnan(out.obsm["X_scVI"]).any() and (out.X[:500] != first.X).nnz == 0 and (out.X[500:] != second.X).nnz == 0
assert list(out.obs_names[:2]) == ["cells:" + n for n in first.obs_names[:2]] and list(one.obs_names) == list(second.obs_names)
assert np.array_equal(one.obsm["X_scVI"], out.obsm["X_scVI"][500:], equal_nan=True)
`
	if said, err := exec.Command(python, "-c", script, input, second, out, one, filepath.Join(dir, "run", "latent.parquet")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

// TestWriteH5ADRefused: what is in the way is said before hours are spent, in one line,
// and leaves nothing.
func TestWriteH5ADRefused(t *testing.T) {
	input, dir := h5adInput(t), t.TempDir()
	out := filepath.Join(dir, "out.h5ad")
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{pipeline.ExitUsage, "which is the input: name another file", []string{"--write-h5ad", input}},
		{pipeline.ExitUsage, "given without --write-h5ad", []string{"--write-obs"}},
		{pipeline.ExitBadInput, "/obsm/X_latent: is there already: pass --overwrite-keys", []string{"--write-h5ad", out, "--obsm-key", "X_latent"}},
		{pipeline.ExitNoInput, "there is no such file", []string{"--write-h5ad", out, "--from", input + "x"}},
	} {
		talk := cellvi(t, c.code, append([]string{"run", "--input", input, "--outdir", filepath.Join(dir, "run")}, c.args...)...)
		if !strings.Contains(talk, c.want) || strings.Count(talk, "\n") != 1 {
			t.Errorf("it says: %s", talk)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestWriteH5ADFullTmpfs fills a real file system: while the input is copied, and while
// libhdf5 adds to the copy.
func TestWriteH5ADFullTmpfs(t *testing.T) {
	input, run, dir := h5adInput(t), t.TempDir(), t.TempDir()
	cellvi(t, 0, append(runArgs(input, run, "1", "1"), "--no-reconstruct")...)
	info, err := os.Stat(input)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{info.Size() / 2, info.Size() + 200<<10} { // a layer takes 600 kB
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
				t.Skipf("mounting a small tmpfs: %v", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
			out := filepath.Join(dir, "out.h5ad")
			talk := cellvi(t, pipeline.ExitIO, "embed", "--log-level", "error", "--outdir", run, "--write-h5ad", out, "--write-layers", "px_rate")
			if !strings.HasPrefix(talk, "cellvi: "+out+": the disk is full") || strings.Count(talk, "\n") != 1 {
				t.Errorf("it says: %s", talk)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}
