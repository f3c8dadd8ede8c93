"""Writes one small table of counts in every format that cellvi reads, by the tools that users write them with.

usage: python formats.py OUTDIR --seed N [--annotations]
needs: anndata, h5py, numpy, pandas, polars, pyarrow, scipy (testdata/requirements.txt). Prints nothing.

The table has 60 cells × 40 genes with names in plain ASCII, none twice; every tenth cell has counts of hundreds. Every
cell and every gene has counts, and the first cell has some of each gene: formats that tell of genes only beside their
counts tell of them in the same order as the others. Without --annotations no file has any but the identifiers and types
of genes that 10x' formats always have.

    csr.h5ad csc.h5ad                CSR of float32, CSC of int64, by anndata
    dense.h5ad                       contiguous, by anndata
    dense_blocks.h5ad dense_tall.h5ad    chunks of some cells × some genes; of all cells × some genes
    tenx_v3.h5 tenx_v2.h5            Cell Ranger's layouts, by h5py
    mtx_v3/ mtx_v2/                  features.tsv.gz and so on; genes.tsv and so on, not compressed
    counts.loom                      loom 3.0, by h5py
    wide.parquet long.parquet list.parquet    by pandas with an index, by polars, by pyarrow
    shards/                          wide.parquet's table in three files, by pyarrow
    wide.arrow long.arrow list.arrow by pyarrow (LZ4), by polars, by pyarrow (ZSTD)
    cells_by_genes.csv               by pandas
    genes_by_cells.tsv.gz            by pandas: as genes × cells
"""
import argparse
import gzip
import warnings
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import scipy.io
import scipy.sparse as sp

CELLS, GENES = 60, 40


class Counts:
    """The table: X is (CELLS, GENES) int64; cells and genes are names; obs and var are annotations, perhaps none."""

    def __init__(self, seed, annotations):
        rng = np.random.default_rng(seed)
        depth = np.where(np.arange(CELLS) % 10 == 5, 200.0, 2.0)
        self.X = rng.poisson(depth[:, None] * rng.gamma(0.3, 1.0, (CELLS, GENES))).astype(np.int64)
        self.X[0] += 1
        self.X[np.arange(CELLS), np.arange(CELLS) % GENES] += 1
        codes = rng.choice(4**16, CELLS, replace=False)
        self.cells = ["".join("ACGT"[code >> 2 * k & 3] for k in range(16)) + "-1" for code in codes.tolist()]
        self.genes = [f"Gene{g}" for g in rng.permutation(GENES)]
        self.ids = [f"ENSG{rng.integers(10**6):08d}{g:03d}" for g in range(GENES)]
        self.obs, self.var = pd.DataFrame(index=self.cells), pd.DataFrame(index=self.genes)
        if annotations:
            samples = rng.integers(3, size=CELLS)
            self.obs["sample"] = pd.Categorical([f"p{s}" for s in samples], categories=["p2", "p0", "p1"])
            self.obs["age"] = rng.integers(20, 90, 3)[samples]
            self.var["gene_ids"] = self.ids

    def annotations(self, *columns):
        """Those of these annotations of cells that there are, as columns of plain values."""
        return {c: self.obs[c].astype(str if c == "sample" else np.int64).tolist() for c in columns if c in self.obs}


def h5ad(t, out):
    def write(name, X):
        ad.AnnData(X, obs=t.obs.copy(), var=t.var.copy()).write_h5ad(out / name)

    write("csr.h5ad", sp.csr_matrix(t.X.astype(np.float32)))
    write("csc.h5ad", sp.csc_matrix(t.X))
    write("dense.h5ad", t.X.astype(np.float32))
    for name, chunks in ("dense_blocks.h5ad", (7, 13)), ("dense_tall.h5ad", (CELLS, 3)):
        write(name, t.X.astype(np.float32))
        with h5py.File(out / name, "a") as f:
            attributes = dict(f["X"].attrs)
            del f["X"]
            X = f.create_dataset("X", data=t.X.astype(np.float32), chunks=chunks, compression="gzip", shuffle=True)
            X.attrs.update(attributes)


def text(values):
    """Text of fixed length, as Cell Ranger writes it."""
    return np.array(values, dtype="S")


def tenx_matrix(group, t):
    """What both of Cell Ranger's layouts have: the cells' rows are the columns of a CSC of genes × cells."""
    X = sp.csr_matrix(t.X)
    group["barcodes"] = text(t.cells)
    group.create_dataset("data", data=X.data.astype(np.int32), chunks=True, compression="gzip", shuffle=True)
    group.create_dataset("indices", data=X.indices.astype(np.int64), chunks=True, compression="gzip", shuffle=True)
    group["indptr"] = X.indptr.astype(np.int64)
    group["shape"] = np.array([GENES, CELLS], np.int32)


def tenx(t, out):
    with h5py.File(out / "tenx_v3.h5", "w") as f:
        f.attrs.update({"chemistry_description": "Single Cell 3' v3", "filetype": "matrix", "version": 2})
        tenx_matrix(f.create_group("matrix"), t)
        features = f.create_group("matrix/features")
        features["_all_tag_keys"] = text(["genome"])
        features["id"], features["name"] = text(t.ids), text(t.genes)
        features["feature_type"], features["genome"] = text(["Gene Expression"] * GENES), text(["GRCh38"] * GENES)
    with h5py.File(out / "tenx_v2.h5", "w") as f:
        f.attrs.update({"chemistry_description": "Single Cell 3' v2", "filetype": "matrix"})
        tenx_matrix(f.create_group("GRCh38"), t)
        f["GRCh38/genes"], f["GRCh38/gene_names"] = text(t.ids), text(t.genes)


def mtx(t, out):
    def lines(path, rows):
        with (gzip.open if path.suffix == ".gz" else open)(path, "wt", newline="") as f:
            f.writelines("\t".join(row) + "\n" for row in rows)

    for name in "mtx_v3", "mtx_v2":
        (out / name).mkdir()
    with gzip.open(out / "mtx_v3/matrix.mtx.gz", "wb") as f:
        scipy.io.mmwrite(f, sp.coo_matrix(t.X.T), field="integer")
    with open(out / "mtx_v2/matrix.mtx", "wb") as f:
        scipy.io.mmwrite(f, sp.coo_matrix(t.X.T), field="integer")
    lines(out / "mtx_v3/barcodes.tsv.gz", zip(t.cells))
    lines(out / "mtx_v2/barcodes.tsv", zip(t.cells))
    lines(out / "mtx_v3/features.tsv.gz", zip(t.ids, t.genes, ["Gene Expression"] * GENES))
    lines(out / "mtx_v2/genes.tsv", zip(t.ids, t.genes))


def loom(t, out):
    with h5py.File(out / "counts.loom", "w") as f:
        strings = h5py.string_dtype()
        for name in "attrs", "layers", "row_attrs", "col_attrs", "row_graphs", "col_graphs":
            f.create_group(name)
        f["attrs"].create_dataset("LOOM_SPEC_VERSION", data="3.0.0", dtype=strings)
        f.create_dataset("matrix", data=t.X.T.astype(np.float32), chunks=(16, 64), maxshape=(GENES, None), compression="gzip")
        f["row_attrs"].create_dataset("Gene", data=t.genes, dtype=strings)
        f["col_attrs"].create_dataset("CellID", data=t.cells, dtype=strings)
        for column in t.var:
            f["row_attrs"].create_dataset(column, data=t.var[column].tolist(), dtype=strings)
        for column, values in t.annotations("sample", "age").items():
            f["col_attrs"].create_dataset(column, data=values, dtype=strings if column == "sample" else np.int64)


def wide(t, out):
    """One column a gene. A whole number beside them would look like a gene: of the annotations only the sample is there."""
    frame = pd.DataFrame(t.X.astype(np.int32), index=pd.Index(t.cells, name="cell_id"), columns=t.genes)
    if "sample" in t.obs:
        frame.insert(0, "sample", t.obs["sample"].to_numpy())
    frame.to_parquet(out / "wide.parquet")
    table = pa.Table.from_pandas(frame.reset_index(), preserve_index=False)
    feather.write_feather(table, str(out / "wide.arrow"), compression="lz4", chunksize=25)
    (out / "shards").mkdir()
    for i, lo in enumerate(range(0, CELLS, 25)):
        pq.write_table(table.slice(lo, 25), out / f"shards/part-{i}.parquet", compression="zstd")


def long(t, out):
    """One row a count that is not zero."""
    cell, gene = np.nonzero(t.X)
    columns = {"cell": np.array(t.cells)[cell].tolist(), "gene": np.array(t.genes)[gene].tolist(), "count": t.X[cell, gene]}
    for name, values in t.annotations("sample", "age").items():
        columns[name] = np.array(values)[cell].tolist()
    frame = pl.DataFrame(columns)
    frame.write_parquet(out / "long.parquet", row_group_size=100)
    frame.with_columns(pl.col("gene").cast(pl.Categorical)).write_ipc(out / "long.arrow")


def lists(t, out):
    """One row a cell, with lists of genes and of counts."""
    rows = [np.flatnonzero(row) for row in t.X]
    table = pa.table({
        "cell_id": t.cells,
        "genes": pa.array([[t.genes[g] for g in row] for row in rows], pa.list_(pa.string())),
        "counts": pa.array([t.X[i, row].tolist() for i, row in enumerate(rows)], pa.list_(pa.int32())),
        **t.annotations("sample", "age"),
    })
    pq.write_table(table, out / "list.parquet", row_group_size=25)
    with pa.ipc.new_file(out / "list.arrow", table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as f:
        f.write_table(table, max_chunksize=25)


def texts(t, out):
    """Numbers and names alone: which columns of a text are annotations, nothing tells."""
    frame = pd.DataFrame(t.X, index=t.cells, columns=t.genes)
    frame.to_csv(out / "cells_by_genes.csv")
    frame.T.to_csv(out / "genes_by_cells.tsv.gz", sep="\t")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Writes one table of counts in every format.")
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--annotations", action="store_true")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    args.outdir.mkdir(parents=True, exist_ok=True)
    table = Counts(args.seed, args.annotations)
    for write in (h5ad, tenx, mtx, loom, wide, long, lists, texts):
        write(table, args.outdir)
