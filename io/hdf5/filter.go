package hdf5

import (
	"fmt"
	"os"
)

// Filter is one step through which the chunks of a dataset were written.
type Filter struct {
	ID        int // as registered with the HDF Group
	Available bool
}

// String names the filter as users know it.
func (f Filter) String() string {
	if n := f.name(); n != "" {
		return n
	}
	return fmt.Sprintf("filter %d", f.ID)
}

func (f Filter) name() string {
	return map[int]string{1: "gzip", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset",
		307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp", 32015: "zstd",
		32017: "sz", 32024: "sz3", 32026: "blosc2"}[f.ID]
}

// plugin is the file that the Python package hdf5plugin has for the filter.
func (f Filter) plugin() string {
	return map[int]string{307: "libh5bzip2.so", 32001: "libh5blosc.so", 32004: "libh5lz4.so", 32008: "libh5bshuf.so", 32013: "libh5zfp.so",
		32015: "libh5zstd.so", 32017: "libh5sz.so", 32024: "libh5sz3.so", 32026: "libh5blosc2.so"}[f.ID]
}

// Missing says of a filter that is not available what that means and what to do.
func (f Filter) Missing() (found, advice string) {
	found = fmt.Sprintf("compressed with %s (HDF5 filter %d), which is not built in", f, f.ID)
	if f.name() == "" {
		found = fmt.Sprintf("compressed with HDF5 filter %d, which is not built in", f.ID)
	}
	if dir := os.Getenv("HDF5_PLUGIN_PATH"); dir != "" {
		found += fmt.Sprintf(", and HDF5_PLUGIN_PATH=%s has no plugin for it that can be loaded", dir)
	}
	advice = "set HDF5_PLUGIN_PATH to the folder of its plugin, or write the file again with gzip"
	if so := f.plugin(); so != "" {
		advice = fmt.Sprintf("set HDF5_PLUGIN_PATH to the folder of its plugin (%s: pip install hdf5plugin, then the folder hdf5plugin.PLUGINS_PATH), or write the file again with gzip", so)
	}
	return found, advice
}
