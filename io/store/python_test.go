package store

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// script opens both files as pyarrow and polars users do.
const script = `
import json, sys
import polars as pl, pyarrow as pa
t = pa.ipc.open_file(pa.memory_map(sys.argv[1])).read_all()
t.validate(full=True)
d, g = pl.read_ipc(sys.argv[1]), pl.read_ipc(sys.argv[2])
lazy = pl.scan_ipc(sys.argv[1]).select(pl.col("counts").list.sum().sum()).collect().item()
assert t.to_pylist() == d.to_dicts(), "pyarrow and polars differ"
assert pa.ipc.open_file(sys.argv[2]).read_all().to_pylist() == g.to_dicts()
print(json.dumps(dict(columns=t.column_names, batch=t["batch"].to_pylist(), sum=lazy, total=g["total"].sum(),
    types=[str(f.type) for f in t.schema], obs=d["obs_genes"].to_list(), genes=d["genes"].to_list(), nulls=d["note"].null_count())))
`

func TestPythonReads(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has pyarrow and polars")
	}
	full := sample(1500, 40, 100)
	full.Table.Obs.Columns = append(full.Table.Obs.Columns, counts.Column{Name: "note", Kind: counts.String})
	full.Table.Obs.Columns[2].AppendMissing(1500)
	full.Table.Obs.Columns = append(full.Table.Obs.Columns,
		counts.Column{Name: "ok", Kind: counts.Bool, Bools: make([]bool, 1500)},
		counts.Column{Name: "score", Kind: counts.Float, Floats: make([]float64, 1500)})
	full.Table.Obs.Columns = append(full.Table.Obs.Columns, counts.Column{Name: "no levels", Kind: counts.Categorical})
	full.Table.Obs.Columns[5].AppendMissing(1500)
	dir := t.TempDir()
	write(t, dir, full, Uint16, 1500)
	got := runScript(t, python, dir)
	total := 0.0
	for _, v := range full.Table.Values {
		total += v
	}
	if got.Sum != total || got.Total != total || got.Nulls != 1500 {
		t.Errorf("sums %g and %g, want %g; %d nulls", got.Sum, got.Total, total, got.Nulls)
	}
	for i := range full.Table.Cells() {
		genes, _ := full.Table.Row(i)
		batch := full.Table.Obs.Columns[0].Text(i)
		if len(genes) != len(got.Genes[i]) || got.Obs[i] != int64(i) ||
			(got.Batch[i] == nil) != (batch == "") || batch != "" && *got.Batch[i] != batch {
			t.Fatalf("cell %d: %v %v %v", i, got.Genes[i], got.Obs[i], got.Batch[i])
		}
	}
	t.Log(got.Columns, got.Types)
}

type seen struct {
	Columns []string
	Types   []string
	Batch   []*string
	Sum     float64
	Total   float64
	Obs     []int64
	Genes   [][]int
	Nulls   int
}

func runScript(t *testing.T, python, dir string) (got seen) {
	t.Helper()
	cmd := exec.Command(python, "-c", script, filepath.Join(dir, CellsFile), filepath.Join(dir, GenesFile))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestPythonReadsNothing holds for a store without cells and genes of one kind.
func TestPythonReadsNothing(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has pyarrow and polars")
	}
	full := &countstest.FullTable{Genes: &counts.Frame{Names: []string{"a"}}, Table: &counts.Table{Indptr: []int64{0}}}
	dir := t.TempDir()
	write(t, dir, full, Uint8, 1)
	cmd := exec.Command(python, "-c", "import sys,polars as pl,pyarrow as pa; assert pl.read_ipc(sys.argv[1]).height==0; assert pa.ipc.open_file(sys.argv[1]).read_all().num_rows==0",
		filepath.Join(dir, CellsFile))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
