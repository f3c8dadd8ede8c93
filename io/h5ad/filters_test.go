//go:build cgo

package h5ad

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMissingFilter names the filter and the setting that finds its plugin, also
// where the setting leads nowhere.
func TestMissingFilter(t *testing.T) {
	path := filepath.Join(made, "oddities.h5ad")
	t.Setenv("HDF5_PLUGIN_PATH", "")
	_, err := factsOf(path, Options{Matrix: "layers/filtered"})
	want := path + ": /layers/filtered: compressed with HDF5 filter 32099, which is not built in: set HDF5_PLUGIN_PATH to the folder of its plugin, or write the file again with gzip"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	t.Setenv("HDF5_PLUGIN_PATH", "/none")
	want = ", which is not built in, and HDF5_PLUGIN_PATH=/none has no plugin for it that can be loaded: set"
	if _, err := factsOf(path, Options{Matrix: "layers/filtered"}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// writeFiltered writes 200 cells × 50 genes through the filter named by argv[2].
const writeFiltered = `
import sys, hdf5plugin, h5py, numpy as np
with h5py.File(sys.argv[1], "w", libver="earliest") as f:
    f.create_dataset("X", data=np.arange(10000).reshape(200, 50) % 7, chunks=(64, 50), **dict(getattr(hdf5plugin, sys.argv[2])()))
    for name, n in (("obs", 200), ("var", 50)):
        f.create_group(name).create_dataset("index", data=np.arange(n))
print(hdf5plugin.PLUGINS_PATH)
`

// TestPlugins reads filters that are not built in through the plugins of the Python
// package hdf5plugin, each in a child, since libhdf5 looks at the setting only once.
func TestPlugins(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" || exec.Command(python, "-c", "import hdf5plugin").Run() != nil {
		t.Skip("set CELLVI_PYTHON to a Python that has hdf5plugin, to read files through its plugins")
	}
	for _, filter := range []string{"Zstd", "Blosc", "LZ4", "Bitshuffle"} {
		t.Setenv("HDF5_PLUGIN_PATH", "")
		path := filepath.Join(t.TempDir(), filter+".h5ad")
		out, err := exec.Command(python, "-c", writeFiltered, path, filter).Output()
		if err != nil {
			t.Fatal(err)
		}
		o := readInChild(t, path)
		word := map[string]string{"Zstd": "zstd (HDF5 filter 32015)", "Blosc": "blosc (HDF5 filter 32001)", "LZ4": "lz4 (HDF5 filter 32004)", "Bitshuffle": "bitshuffle (HDF5 filter 32008)"}[filter]
		if o.code != 10 || !strings.Contains(o.said, word) || !strings.Contains(o.said, "set HDF5_PLUGIN_PATH to the folder of its plugin (libh5") {
			t.Errorf("%s without plugin: exit %d, %s", filter, o.code, o.said)
		}
		t.Setenv("HDF5_PLUGIN_PATH", strings.TrimSpace(string(out)))
		if o := readInChild(t, path); o.code != 0 {
			t.Errorf("%s with plugin: exit %d, %s", filter, o.code, o.said)
		}
	}
}
