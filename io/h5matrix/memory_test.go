//go:build cgo && linux

package h5matrix

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// writeLarge makes dense datasets of 10⁹ values, 2% of them not zero, by storing
// the same chunk again and again.
const writeLarge = `
import sys, zlib, h5py, numpy as np
path, rows, cols, deep, wide, dtype = sys.argv[1], *map(int, sys.argv[2:6]), sys.argv[6]
with h5py.File(path, "w") as f:
    if deep == 0:
        d = f.create_dataset("x", (rows, cols), dtype)
        d[rows - 1, :] = np.arange(cols) % 2
        sys.exit()
    d = f.create_dataset("x", (rows, cols), dtype, chunks=(deep, wide), compression="gzip", compression_opts=1)
    flat = np.zeros(deep * wide, dtype)
    flat[::50] = 1 + np.arange(len(flat[::50])) % 7
    raw = zlib.compress(flat.tobytes(), 1)
    del flat
    for r in range(0, rows, deep):
        for c in range(0, cols, wide):
            d.id.write_direct_chunk((r, c), raw)
`

// largeCase is a dataset and how it is read.
type largeCase struct {
	Name       string
	Rows, Cols int64
	Deep, Wide int64
	Type       string
	ByGene     bool
	Memory     int64
	Refused    bool
}

// TestMemory reads dense matrices of 10⁹ values within a budget, each in a process of
// its own, or has them refused.
func TestMemory(t *testing.T) {
	if task := os.Getenv("CELLVI_READ_LARGE"); task != "" {
		readLarge(t, task)
		return
	}
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" || os.Getenv("CELLVI_LARGE_TESTS") == "" {
		t.Skip("set CELLVI_LARGE_TESTS=1, and CELLVI_PYTHON to a Python that has h5py, to read matrices of 4 GB")
	}
	const m = 1 << 20
	for _, c := range []largeCase{
		{"rows", 50_000, 20_000, 64, 20_000, "f4", false, 128 * m, false},
		{"short", 50_000, 20_000, 1, 20_000, "f4", false, 128 * m, false},
		{"tall", 50_000, 20_000, 50_000, 1, "f4", false, 256 * m, false},
		{"square", 50_000, 20_000, 64, 64, "f4", false, 128 * m, false},
		{"large squares", 50_000, 20_000, 5000, 2000, "f4", false, 256 * m, false},
		{"half floats, tall", 20_000, 1000, 20_000, 4, "f2", false, 64 * m, false}, // libhdf5 converts these slowly,
		{"one chunk of bytes", 20_000, 20_000, 20_000, 20_000, "u1", false, 800 * m, false},
		{"one chunk of bytes, by gene", 20_000, 20_000, 20_000, 20_000, "u1", true, 800 * m, false},
		{"one chunk of bytes, small budget", 20_000, 20_000, 20_000, 20_000, "u1", false, 256 * m, true},
		{"one chunk of 4 GB", 50_000, 20_000, 50_000, 20_000, "f4", false, 1024 * m, true},
		{"contiguous", 50_000, 20_000, 0, 0, "f4", false, 128 * m, false},
		{"contiguous by gene", 20_000, 50_000, 0, 0, "f4", true, 128 * m, false},
		{"square by gene", 20_000, 50_000, 64, 64, "f4", true, 128 * m, false},
		{"rows by gene", 20_000, 50_000, 32, 50_000, "f4", true, 256 * m, false},
	} {
		t.Run(c.Name, func(t *testing.T) { measure(t, python, c) })
	}
}

func measure(t *testing.T, python string, c largeCase) {
	path := filepath.Join(t.TempDir(), "x.h5")
	args := []string{"-c", writeLarge, path}
	for _, n := range []int64{c.Rows, c.Cols, c.Deep, c.Wide} {
		args = append(args, fmt.Sprint(n))
	}
	out, err := exec.Command(python, append(args, c.Type)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	task, err := json.Marshal(c)
	check(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestMemory$")
	cmd.Env = append(os.Environ(), "CELLVI_READ_LARGE="+path+"\t"+string(task), "MALLOC_ARENA_MAX=2")
	start := time.Now()
	out, err = cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var peak, entries int64
	var refused bool
	_, err = fmt.Sscanf(string(out), "peak %d entries %d refused %t", &peak, &entries, &refused)
	check(t, err)
	t.Logf("budget %d MB: peak %d MB, %d counts, %.1f s, refused %v", c.Memory>>20, peak>>20, entries, time.Since(start).Seconds(), refused)
	if refused != c.Refused || peak > c.Memory+60<<20 || refused && peak > 60<<20 {
		t.Error("too much")
	}
}

// readLarge is the other process.
func readLarge(t *testing.T, task string) {
	path, text, _ := strings.Cut(task, "\t")
	var c largeCase
	check(t, json.Unmarshal([]byte(text), &c))
	pool := hdf5.NewDecoders(2)
	defer pool.Close()
	d, err := opened(t, path).OpenDataset("x")
	check(t, err)
	m, err := OpenDense(d, c.ByGene, Options{Memory: c.Memory, Pool: pool})
	var memory *counts.MemoryError
	entries := 0
	if !errors.As(err, &memory) {
		check(t, err)
		defer m.Close()
		var table counts.Table
		for at := int64(0); at < m.About().Cells; {
			n, err := m.Fill(context.Background(), at, min(1024, m.About().Cells-at), &table)
			check(t, err)
			at += n
			entries += len(table.Genes)
		}
	}
	fmt.Printf("peak %d entries %d refused %v\n", peakMemory(t), entries, memory != nil)
}

// peakMemory is the most that was resident of this process, in bytes.
func peakMemory(t *testing.T) (bytes int64) {
	f, err := os.Open("/proc/self/status")
	check(t, err)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "VmHWM: %d kB", &bytes); err == nil {
			return bytes << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}
