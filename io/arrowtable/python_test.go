package arrowtable

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// writers writes the same 300 cells in many ways, and their fingerprint, whose
// genes are in the order of genes.parquet.
const writers = `
import sys, hashlib, numpy as np, pandas as pd, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq, pyarrow.feather as pf, polars as pl
D = sys.argv[1] + "/"
rng = np.random.default_rng(1)
n, g = 300, 50
X = rng.poisson(0.5, (n, g))
cells, genes = [f"cell{i}" for i in range(n)], [f"G{i}" for i in range(g)]
obs = pd.DataFrame(dict(sample=pd.Categorical(rng.choice(["b", "a"], n), categories=["b", "a", "unused"]),
    stage=pd.Categorical(rng.choice(["lo", "hi"], n), categories=["lo", "hi"], ordered=True), note=[None if i % 7 == 0 else f"ñ{i % 5}" for i in range(n)],
    ok=rng.random(n) < .5, depth=pd.array([None if i % 9 == 0 else i for i in range(n)], dtype="Int64"), score=rng.random(n)), index=cells)
wide = pd.concat([obs, pd.DataFrame(X, index=cells, columns=genes)], axis=1)
for c in ["snappy", "gzip", "zstd", "brotli", "lz4", None]: wide.to_parquet(f"{D}wide-{c}.parquet", compression=c, row_group_size=130)
t = pa.Table.from_pandas(wide)
pq.write_table(t, D + "wide-v2.parquet", data_page_version="2.0", data_page_size=100)
pq.write_table(t, D + "wide-delta.parquet", use_dictionary=["sample", "stage"], column_encoding={c: "DELTA_BINARY_PACKED" for c in genes} | {"note": "DELTA_LENGTH_BYTE_ARRAY", "__index_level_0__": "DELTA_BYTE_ARRAY"})
types = [pa.uint8(), pa.int8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float32(), pa.float64(), pa.decimal128(30, 2), pa.float16()]
tt = t
for k, c in enumerate(genes):
    v = pa.array(X[:, k].astype("float16")) if k % 9 == 8 else tt[c].combine_chunks().cast(types[k % 9])
    tt = tt.set_column(tt.schema.get_field_index(c), c, pa.chunked_array([v]))
pq.write_table(tt, D + "wide-types.parquet", row_group_size=77)
tf = t
for c in genes: tf = tf.set_column(tf.schema.get_field_index(c), c, tf[c].cast(pa.float32()))
pq.write_table(tf, D + "wide-split.parquet", use_dictionary=["sample", "stage"], use_byte_stream_split=genes)
for c in ["lz4", "zstd", "uncompressed"]: pf.write_feather(tt, f"{D}wide-{c}.feather", compression=c, chunksize=64)
with pa.ipc.new_stream(D + "wide.arrows", tt.schema) as w: w.write_table(tt, max_chunksize=50)
P = pl.from_pandas(wide.reset_index(names="cell_id"))
for c in ["lz4", "uncompressed", "snappy", "gzip", "brotli", "zstd"]: P.write_parquet(f"{D}wide-polars-{c}.parquet", compression=c, row_group_size=90)
for c in ["lz4", "zstd", "uncompressed"]: P.write_ipc(f"{D}wide-polars-{c}.arrow", compression=c)
P.write_ipc_stream(D + "wide-polars.arrows")
i, j = np.nonzero(X)
long = pd.DataFrame(dict(cell=np.array(cells)[i], gene=pd.Categorical(np.array(genes)[j], categories=genes), count=X[i, j], sample=obs["sample"].to_numpy().astype(str)[i]))
long.to_parquet(D + "long.parquet", index=False, row_group_size=500)
long.assign(gene=long.gene.astype(str)).to_parquet(D + "long-text.parquet", row_group_size=500)
long.assign(gene=j).to_feather(D + "long-numbers.feather")
L = pl.from_pandas(long).with_columns(pl.col("gene").cast(pl.Enum(genes)))
L.write_parquet(D + "long-polars.parquet", row_group_size=500)
L.write_ipc(D + "long-polars.arrow")
L.with_columns(pl.col("gene").cast(pl.String)).write_ipc(D + "long-polars-text.arrow", compression="zstd")
rows = [np.nonzero(r)[0] for r in X]
l = pa.table(dict(cell_id=cells, sample=obs["sample"].astype(str), genes=pa.array([[genes[k] for k in r] for r in rows]), counts=pa.array([X[i, r].tolist() for i, r in enumerate(rows)])))
pq.write_table(l, D + "list.parquet", row_group_size=77)
pq.write_table(l.set_column(2, "genes", pa.array(rows, pa.list_(pa.int16()))), D + "list-numbers.parquet")
pf.write_feather(l.set_column(2, "genes", pa.array([[genes[k] for k in r] for r in rows], pa.list_(pa.dictionary(pa.int32(), pa.string())))), D + "list-dictionary.feather")
o = l["counts"].combine_chunks().offsets
view = lambda v: pa.ListViewArray.from_arrays(o[:-1], pc.subtract(o[1:], o[:-1]), v)
lv = l.set_column(3, "counts", view(l["counts"].combine_chunks().values)).set_column(2, "genes", view(l["genes"].combine_chunks().values.cast(pa.string_view())))
pf.write_feather(lv, D + "list-view.feather", compression="uncompressed") # pyarrow 21 dies compressing views
pl.from_arrow(l).write_parquet(D + "list-polars.parquet")
pl.from_arrow(l).write_ipc(D + "list-polars.arrow")
obs.to_parquet(D + "obs.pq")
pd.DataFrame(index=pd.Index(genes, name="gene")).assign(chromosome="1").to_parquet(D + "genes.pq")
h = hashlib.sha256()
for r in range(n): h.update((cells[r] + "\t" + "".join(f"{genes[k]}={X[r, k]};" for k in rows[r]) + "\n").encode())
print(h.hexdigest(), end="")
`

func TestReadsWhatOthersWrite(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has pandas, pyarrow and polars")
	}
	dir := t.TempDir()
	cmd := exec.Command(python, "-c", writers, dir)
	cmd.Stderr = os.Stderr
	sum, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	obs, _, err := ReadFrame(filepath.Join(dir, "obs.pq"), FrameOptions{})
	if err != nil {
		t.Fatal(err)
	}
	genes, _, err := ReadFrame(filepath.Join(dir, "genes.pq"), FrameOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if kinds := kindsOf(obs); kinds != "sample categorical, stage categorical, note string, ok boolean, depth integer, score float" {
		t.Error(kinds)
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "*-*.*"))
	more, _ := filepath.Glob(filepath.Join(dir, "[lw]*.[pa]*"))
	for _, path := range slices.Compact(slices.Sorted(slices.Values(append(paths, more...)))) {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) { checkOthers(t, path, name, string(sum), obs, genes) })
	}
}

func checkOthers(t *testing.T, path, name, sum string, obs, genes *counts.Frame) {
	opt := Options{Genes: genes}
	wide := strings.HasPrefix(name, "wide")
	if wide {
		opt = Options{ObsColumns: []string{"depth", "score"}}
	}
	r, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := countstest.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var got counts.Fingerprint
	if got.Add(all, r.Genes()); got.Sum() != sum {
		t.Errorf("another fingerprint: %d cells, %g", got.Cells, got.Total)
	}
	if !wide {
		return
	}
	if !strings.Contains(name, "polars") && kindsOf(&all.Obs) != kindsOf(obs) {
		t.Error(kindsOf(&all.Obs))
	}
	for k := range obs.Columns {
		for i := range obs.Len() {
			if a, b := all.Obs.Columns[k].Text(i), obs.Columns[k].Text(i); a != b {
				t.Fatalf("row %d of %s: %q, want %q", i, obs.Columns[k].Name, a, b)
			}
		}
	}
}

func kindsOf(f *counts.Frame) string {
	var list []string
	for _, c := range f.Columns {
		list = append(list, c.Name+" "+c.Kind.String())
	}
	return strings.Join(list, ", ")
}
