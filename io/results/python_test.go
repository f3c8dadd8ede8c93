package results

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// python is the interpreter for the tests of what pandas and polars make of the
// files; they are skipped where none is named.
func python(t *testing.T) string {
	t.Helper()
	p := os.Getenv("CELLVI_PYTHON")
	if p == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has pandas, pyarrow and polars")
	}
	return p
}

func run(t *testing.T, script string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(python(t), append([]string{"-c", script}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const readScript = `
import json, sys
import pandas as pd, polars as pl
d, l = pd.read_parquet(sys.argv[1]), pl.read_parquet(sys.argv[1])
r = d.reindex(["c", "a", "b"])
assert d.index.name == "cell_id" and list(d.columns) == l.columns[1:], (d.index, l.columns)
assert not l.null_count().select(pl.sum_horizontal(pl.all())).item()
print(json.dumps(dict(index=list(d.index), types=[str(t) for t in d.dtypes], polars=[str(t) for t in l.dtypes],
    f32=[float(x) for x in r["latent.0"].fillna(-1)], texts=list(r["split"]), bools=[bool(x) for x in r["kept"]])))
`

func TestPandasAndPolarsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	nan := float32(math.NaN())
	if err := Write(path, "cell_id", map[string]string{"cellvi": `{"a":1}`},
		Column{Name: "cell_id", String: []string{"a", "b", "c"}},
		Column{Name: "latent.0", Float32: []float32{0.5, nan, -2}},
		Column{Name: "library", Float64: []float64{1, 2, 3}},
		Column{Name: "row", Int64: []int64{1, 2, 1 << 60}},
		Column{Name: "batch", Int32: []int32{1, 2, -3}},
		Column{Name: "kept", Bool: []bool{true, false, true}},
		Column{Name: "split", String: []string{"train", "", "é"}},
	); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Index, Types, Polars, Texts []string
		F32                         []float64
		Bools                       []bool
	}
	if err := json.Unmarshal(run(t, readScript, path), &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Index, []string{"a", "b", "c"}) || !slices.Equal(got.F32, []float64{-2, 0.5, -1}) ||
		!slices.Equal(got.Texts, []string{"é", "train", ""}) || !slices.Equal(got.Bools, []bool{true, true, false}) {
		t.Errorf("got %+v", got)
	}
	if types := strings.Join(got.Types[:5], " "); types != "float32 float64 int64 int32 bool" {
		t.Errorf("pandas types %s", types)
	}
	if types := strings.Join(got.Polars, " "); types != "String Float32 Float64 Int64 Int32 Boolean String" {
		t.Errorf("polars types %s", types)
	}
}

func TestPandasReadsNoRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := Write(path, "cell_id", nil, Column{Name: "cell_id", String: []string{}}, Column{Name: "x", Float32: []float32{}}); err != nil {
		t.Fatal(err)
	}
	run(t, `import sys, pandas as pd; d = pd.read_parquet(sys.argv[1]); assert d.shape == (0, 1) and d.index.name == "cell_id", d`, path)
}

func TestPandasReadsWide(t *testing.T) {
	s, cols := wide(500, 3000)
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := Write(path, s.Index, nil, cols...); err != nil {
		t.Fatal(err)
	}
	out := run(t, `import sys, time, pandas as pd; t = time.time(); d = pd.read_parquet(sys.argv[1]); e = time.time() - t
assert d.shape == (500, 3000) and (d.dtypes == "float32").all() and d.index[3] == "ACGT-3"
print(f"{e:.2f} s")`, path)
	t.Logf("pandas reads 500 × 3,000 in %s", out)
}

const writeScript = `
import sys, pandas as pd, numpy as np, polars as pl, pyarrow as pa, pyarrow.parquet as pq
d = pd.DataFrame(dict(split=["train", "validation", None], cat=pd.Categorical(["x", None, "y"]), small=np.array([1, 2, 3], "int8"),
    flag=[True, False, True], maybe=pd.array([1, None, 3], dtype="Int64"), x=np.array([1, np.nan, 3], "float32"),
    when=pd.to_datetime(["2020-01-01"] * 3)), index=["a", "b", "c"])
d.to_parquet(sys.argv[1] + "/pandas.parquet")
d.rename_axis("cell_id").to_parquet(sys.argv[1] + "/named.parquet")
d.reset_index().to_parquet(sys.argv[1] + "/range.parquet")
pl.DataFrame(dict(cell_id=["a", "b"], split=["train", "validation"])).write_parquet(sys.argv[1] + "/polars.parquet")
pq.write_table(pa.table(dict(cell_id=pa.array(["a"], pa.large_string()), split=pa.array(["train"], pa.string_view()))), sys.argv[1] + "/large.parquet")
`

func TestReadsWhatPandasAndPolarsWrite(t *testing.T) {
	dir := t.TempDir()
	run(t, writeScript, dir)
	for name, index := range map[string]string{"pandas": "__index_level_0__", "named": "cell_id"} {
		got, err := Read(filepath.Join(dir, name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		if got.Index != index || !slices.Equal(got.Column(index).String, []string{"a", "b", "c"}) {
			t.Errorf("%s: index %q of %+v", name, got.Index, got.Columns)
		}
		split, cat, maybe := got.Column("split"), got.Column("cat"), got.Column("maybe")
		if !slices.Equal(split.String, []string{"train", "validation", ""}) || !slices.Equal(split.Missing, []bool{false, false, true}) ||
			!slices.Equal(cat.String, []string{"x", "", "y"}) || !cat.Missing[1] ||
			!slices.Equal(maybe.Int64, []int64{1, 0, 3}) || !maybe.Missing[1] {
			t.Errorf("%s: %+v", name, got.Columns)
		}
		x := got.Column("x").Float32
		if !slices.Equal(got.Column("small").Int32, []int32{1, 2, 3}) || !slices.Equal(got.Column("flag").Bool, []bool{true, false, true}) ||
			x[0] != 1 || x[1] == x[1] || x[2] != 3 {
			t.Errorf("%s: %+v", name, got.Columns)
		}
		if len(got.Skipped) != 1 || !strings.HasPrefix(got.Skipped[0], "when (timestamp") {
			t.Errorf("%s: skipped %v", name, got.Skipped)
		}
	}
	for _, name := range []string{"range", "polars", "large"} {
		got, err := Read(filepath.Join(dir, name+".parquet"))
		if err != nil {
			t.Fatal(name, err)
		}
		if got.Index != "" || got.Column("split").String[0] != "train" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
