package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// denseScript writes a dense X of 50,000 × 20,000 float32 through gzip, in chunks of so
// many rows or in one chunk of 4 GB, without holding it: twenty blocks of rows follow
// each other. It prints what must be found.
const denseScript = `
import json, sys, zlib
import anndata as ad, h5py, numpy as np, pandas as pd
path, rows = sys.argv[1], int(sys.argv[2])
cells, genes, block = 50_000, 20_000, 100
rng = np.random.default_rng(1)
blocks = [(rng.random((block, genes)) < 0.02) * rng.integers(1, 9, (block, genes)) for _ in range(20)]
order = [blocks[i % 20] for i in range(cells // block)]
ad.AnnData(obs=pd.DataFrame(index=[f"cell{i}" for i in range(cells)]), var=pd.DataFrame(index=[f"gene{i}" for i in range(genes)])).write_h5ad(path)
with h5py.File(path, "a") as f:
    if "X" in f: del f["X"]
    X = f.create_dataset("X", (cells, genes), np.float32, chunks=(rows, genes), compression="gzip", compression_opts=1)
    X.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
    if rows == cells:
        z = zlib.compressobj(1)
        X.id.write_direct_chunk((0, 0), b"".join([z.compress(b.astype(np.float32).tobytes()) for b in order] + [z.flush()]))
    else:
        packed = [zlib.compress(b.astype(np.float32).tobytes(), 1) for b in blocks]
        for i in range(cells // block):
            X.id.write_direct_chunk((i * block, 0), packed[i % 20])
print(json.dumps(dict(Cells=cells, Genes=genes, NNZ=int(sum((b > 0).sum() for b in order)), Total=float(sum(b.sum() for b in order)))))
`

// TestHugeDense: a dense h5ad of 4 GB is read within the budget, or refused with 137
// before memory is taken, whatever its chunks.
func TestHugeDense(t *testing.T) {
	if os.Getenv("CELLVI_HUGE") == "" {
		t.Skip("set CELLVI_HUGE=1 to read dense files of 4 GB: some minutes")
	}
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has what testdata/requirements.txt lists")
	}
	for name, rows := range map[string]string{"row chunks": "100", "one chunk": "50000"} {
		path := filepath.Join(t.TempDir(), "dense.h5ad")
		out, err := exec.Command(python, "-c", denseScript, path, rows).Output()
		if err != nil {
			t.Fatal(err)
		}
		var want expectation
		if err := json.Unmarshal(out, &want); err != nil {
			t.Fatal(err)
		}
		for size, budget := range map[string]int64{"300MB": 300e6, "1GB": 1e9} {
			t.Run(name+" in "+size, func(t *testing.T) { readDense(t, path, size, budget, want) })
		}
	}
}

func readDense(t *testing.T, path, size string, budget int64, want expectation) {
	c := command(t, "inspect", "--format", "json", "--memory", size, path)
	var out, talk bytes.Buffer
	c.Stdout, c.Stderr = &out, &talk
	began := time.Now()
	peak := runWatched(t, c)
	t.Logf("exit code %d, %d MB resident at most, %v", c.ProcessState.ExitCode(), peak/1e6, time.Since(began).Round(time.Second))
	if peak > budget*11/10 {
		t.Errorf("%d MB were resident with --memory %s", peak/1e6, size)
	}
	switch c.ProcessState.ExitCode() {
	case 0:
		var got inspected
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Cells != want.Cells || got.Genes != want.Genes || *got.NNZ != want.NNZ || *got.Total != want.Total {
			t.Errorf("got %d × %d, %d counts, total %v, want %+v", got.Cells, got.Genes, *got.NNZ, *got.Total, want)
		}
	case 137:
		if strings.Count(talk.String(), "\n") != 1 || peak > 250e6 {
			t.Errorf("refused after %d MB were taken:\n%s", peak/1e6, talk.String())
		}
	default:
		t.Errorf("exit code %d:\n%s", c.ProcessState.ExitCode(), talk.String())
	}
}

// runWatched runs a command and gives the most memory that it and its children had
// resident at a time, in bytes.
func runWatched(t *testing.T, c *exec.Cmd) (peak int64) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() { defer close(over); _ = c.Wait() }()
	for {
		select {
		case <-over:
			return peak
		case <-time.After(10 * time.Millisecond):
			peak = max(peak, resident(c.Process.Pid))
		}
	}
}

// resident is the memory of a process and its descendants.
func resident(pid int) (bytes int64) {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	if fields := strings.Fields(textOf(filepath.Join(proc, "statm"))); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		bytes = pages * int64(os.Getpagesize())
	}
	tasks, _ := filepath.Glob(filepath.Join(proc, "task", "*", "children"))
	for _, task := range tasks {
		for _, child := range strings.Fields(textOf(task)) {
			if n, err := strconv.Atoi(child); err == nil {
				bytes += resident(n)
			}
		}
	}
	return bytes
}

// textOf is what a file of /proc says; "" where the process is over.
func textOf(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}
