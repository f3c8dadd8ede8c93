"""Writes the small AnnData files that io/h5ad is tested on, and expected.json: what is in them.

usage: python make.py            needs: anndata 0.12, h5py, numpy, pandas, scipy
Every file holds the same 40 cells × 15 genes, stored in many ways. The fingerprint of a matrix is the SHA-256 of one
line a cell, "<cell> TAB <gene>=<count>;... NEWLINE", nonzero counts only, genes in the file's order.
"""
import hashlib, json, os, warnings

warnings.filterwarnings("ignore")
import anndata as ad, h5py, numpy as np, pandas as pd, scipy.sparse as sp

HERE = os.path.dirname(os.path.abspath(__file__))
CELLS, GENES = 40, 15
rng = np.random.default_rng(7)
COUNTS = rng.poisson(rng.gamma(0.4, 2.0, (CELLS, GENES)))
COUNTS[3], COUNTS[:, 4] = 0, 0  # a cell and a gene without counts
NAMES = [f"cell-{i}" for i in range(CELLS - 1)] + ["zelle-ü"]
GENE_NAMES = [f"Gene{i}" for i in range(GENES - 1)] + ["β-actin"]


def fingerprint(X):
    h = hashlib.sha256()
    for i in range(CELLS):
        h.update((NAMES[i] + "\t" + "".join(f"{GENE_NAMES[j]}={int(X[i, j])};" for j in np.flatnonzero(X[i])) + "\n").encode())
    return h.hexdigest()


def scrambled(X):
    """CSR with unsorted genes, values cut in two entries and zeros written out."""
    data, indices, indptr = [], [], [0]
    for row in X:
        entries = [(j, 1) for j in np.flatnonzero(row > 1)] + [(j, row[j] - (row[j] > 1)) for j in np.flatnonzero(row)]
        entries += [(j, 0) for j in np.flatnonzero(row == 0)[:3]]
        for k in rng.permutation(len(entries)):
            indices.append(entries[k][0])
            data.append(entries[k][1])
        indptr.append(len(data))
    m = sp.csr_matrix(X.shape, dtype=np.float32)
    m.data, m.indices, m.indptr = np.array(data, np.float32), np.array(indices, np.int32), np.array(indptr, np.int32)
    return m


def layers():
    kinds = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
    out = {f"dense_{k}": COUNTS.astype(k) for k in kinds}
    out |= {f"csr_{k}": sp.csr_matrix(COUNTS.astype(k)) for k in ("uint64",)}
    out["scrambled"] = scrambled(COUNTS)
    out["csr_int64_index"] = sp.csr_matrix(COUNTS)
    out["csr_int64_index"].indices = out["csr_int64_index"].indices.astype(np.int64)
    out["csr_int64_index"].indptr = out["csr_int64_index"].indptr.astype(np.int64)
    out["dense_big_endian"] = COUNTS.astype(">i4")
    return out


def columns():
    i = np.arange(CELLS)
    text = pd.Series([f"s{k % 7}é" for k in i], dtype=object)
    obs = pd.DataFrame({
        "sample": pd.Categorical([f"p{k % 3}" for k in i], categories=["p2", "p0", "p1", "unused"]),
        "stage": pd.Categorical([None if k % 5 == 0 else "late" if k % 2 else "early" for k in i], ["early", "late"], ordered=True),
        "plate": pd.Categorical(i % 4 * 10),
        "dose": pd.Categorical(i % 3 / 2),
        "treated_cat": pd.Categorical(i % 2 == 0),
        "n": i * 3 - 5, "small": (i % 200).astype(np.uint8),
        "frac": np.where(i % 6 == 0, np.nan, i / 7), "frac32": (i / 4).astype(np.float32),
        "flag": i % 3 == 0,
        "maybe_n": pd.array([None if k % 4 == 0 else int(k) for k in i], dtype="Int64"),
        "maybe_flag": pd.array([None if k % 5 == 0 else bool(k % 2) for k in i], dtype="boolean"),
        "maybe_text": pd.array([None if k % 6 == 0 else f"t{k}" for k in i], dtype="string"),
    })
    obs["text"] = text.values
    obs.index = NAMES
    return obs


def plain(v):
    """A value as expected.json holds it: text as Python prints it, or null where missing."""
    if v is None or v is pd.NA or (isinstance(v, float) and np.isnan(v)):
        return None
    return str(v.item() if isinstance(v, np.generic) else v)


def describe(obs):
    out = []
    for name in obs.columns:
        s = obs[name]
        k = {"i": "integer", "u": "integer", "f": "float", "b": "boolean"}.get(s.dtype.kind, "string")
        c = dict(name=name, kind="categorical" if isinstance(s.dtype, pd.CategoricalDtype) else k,
                 values=[plain(v) for v in s.astype(np.float64 if k == "float" else s.dtype)])
        if c["kind"] == "categorical":
            c.update(levels=[plain(v) for v in s.cat.categories], ordered=bool(s.cat.ordered))
        out.append(c)
    return out


def anndata(**more):
    return ad.AnnData(obs=pd.DataFrame(index=NAMES), var=pd.DataFrame(index=GENE_NAMES), **more)


def write(name, a, **more):
    a.write_h5ad(os.path.join(HERE, name), **more)


def legacy(path):
    """anndata 0.7: levels by reference in __categories, attributes as bytes, strings of fixed length."""
    with h5py.File(path, "w", libver="earliest") as f:
        X = sp.csr_matrix(COUNTS.astype("f4"))
        g = f.create_group("X")
        g.attrs["encoding-type"], g.attrs["shape"] = np.bytes_("csr_matrix"), np.array(X.shape)
        for k in ("data", "indices", "indptr"):
            g.create_dataset(k, data=getattr(X, k), compression="lzf" if k == "data" else None, chunks=(len(getattr(X, k)),))
        for frame, names in (("obs", NAMES), ("var", GENE_NAMES)):
            g = f.create_group(frame)
            g.attrs["_index"], g.attrs["column-order"] = np.bytes_("names"), np.array([], dtype="f8")
            g.create_dataset("names", data=np.array([n.encode() for n in names], dtype="S20"))
        obs = f["obs"]
        obs.attrs["column-order"] = np.array(["batch", "padded"], dtype="S6")
        levels = obs.create_dataset("__categories/batch", data=np.array(["a", "b"], dtype=h5py.string_dtype()))
        levels.attrs["ordered"] = True
        codes = obs.create_dataset("batch", data=(np.arange(CELLS) % 3 - 1).astype(np.int8))
        codes.attrs["categories"] = levels.ref
        space = h5py.h5t.C_S1.copy()
        space.set_size(4)
        space.set_strpad(h5py.h5t.STR_SPACEPAD)
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_obj_track_times(False)  # the same bytes each time
        d = h5py.h5d.create(obs.id, b"padded", space, h5py.h5s.create_simple((CELLS,)), plist)
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([b"x   ", b"y z "] * (CELLS // 2), dtype="S4"), space)


def oddities(path):
    """One matrix behind a filter that nobody has, columns that have no place in a table, no X (null), booleans with NA."""
    a = anndata(layers={"counts": sp.csr_matrix(COUNTS)}, uns={"anything": {"nested": [1, 2]}})
    a.write_h5ad(path)
    with h5py.File(path, "r+") as f:
        if "X" in f:
            del f["X"]
        f.create_dataset("X", data=h5py.Empty("f4")).attrs["encoding-type"] = "null"
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_obj_track_times(False)
        plist.set_chunk((CELLS, GENES))
        plist.set_filter(32099, h5py.h5z.FLAG_OPTIONAL, ())
        d = h5py.h5d.create(f["layers"].id, b"filtered", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((CELLS, GENES)), plist)
        d.write_direct_chunk((0, 0), b"12345", 0)
        obs = f["obs"]
        obs.create_dataset("coords", data=np.zeros((CELLS, 2)))
        obs.create_dataset("record", data=np.zeros(CELLS, dtype=[("a", "i4"), ("b", "f8")]))
        obs.create_group("group")
        e = h5py.enum_dtype({"FALSE": 0, "TRUE": 1, "NA": -128}, basetype="i1")
        obs.create_dataset("r_logical", data=np.where(np.arange(CELLS) % 3, 1, -128).astype("i1"), dtype=e)
        obs.attrs["column-order"] = np.array(["coords", "record", "group", "r_logical"], dtype=h5py.string_dtype())


def ancient(path):
    """anndata before 0.7: obs and var are compound tables."""
    with h5py.File(path, "w") as f:
        f.create_dataset("X", data=COUNTS.astype("f4"))
        f.create_dataset("obs", data=np.array([(n.encode(), 1) for n in NAMES], dtype=[("index", "S20"), ("n", "i4")]))
        f.create_dataset("var", data=np.array([(n.encode(),) for n in GENE_NAMES], dtype=[("index", "S20")]))


if __name__ == "__main__":
    ad.settings.allow_write_nullable_strings = True
    ordinary = dict(fingerprint=fingerprint(COUNTS), nnz=int((COUNTS > 0).sum()), total=int(COUNTS.sum()))
    yes = dict(fingerprint=fingerprint(COUNTS > 0), nnz=int((COUNTS > 0).sum()), total=int((COUNTS > 0).sum()))
    expected = {}

    many = layers()
    a = anndata(X=sp.csr_matrix(COUNTS.astype("f4")), layers=many | {"dense_bool": COUNTS > 0})
    write("storage.h5ad", a)
    expected["storage.h5ad"] = dict(matrices={"X": ordinary, "layers/dense_bool": yes} | {f"layers/{k}": ordinary for k in many}, obs=[])

    some = dict(dense_float32=many["dense_float32"], csr_int16=sp.csr_matrix(COUNTS.astype("int16")))
    write("gzip.h5ad", anndata(X=sp.csc_matrix(COUNTS.astype("f4")), layers=some), compression="gzip")
    expected["gzip.h5ad"] = dict(matrices={"X": ordinary} | {f"layers/{k}": ordinary for k in some}, obs=[])

    a = ad.AnnData(X=sp.csr_matrix(COUNTS[:, :5]), obs=columns(), var=pd.DataFrame(index=GENE_NAMES[:5]))
    a.raw = anndata(X=sp.csr_matrix(COUNTS))
    write("columns.h5ad", a, convert_strings_to_categoricals=False)
    expected["columns.h5ad"] = dict(matrices={"raw/X": ordinary}, obs=describe(a.obs))

    with h5py.File(os.path.join(HERE, "latest.h5ad"), "w", libver=("v110", "v110")) as f:
        b = anndata(X=sp.csr_matrix(COUNTS))
        b.obs = columns()[["sample", "text"]]
        ad.io.write_elem(f, "/", b)
    expected["latest.h5ad"] = dict(matrices={"X": ordinary}, obs=describe(b.obs))

    legacy(os.path.join(HERE, "legacy.h5ad"))
    i = np.arange(CELLS)
    expected["legacy.h5ad"] = dict(matrices={"X": ordinary}, obs=[
        dict(name="batch", kind="categorical", levels=["a", "b"], ordered=True, values=[[None, "a", "b"][k % 3] for k in i]),
        dict(name="padded", kind="string", values=[["x", "y z"][k % 2] for k in i])])

    oddities(os.path.join(HERE, "oddities.h5ad"))
    expected["oddities.h5ad"] = dict(matrices={"layers/counts": ordinary}, obs=[
        dict(name="r_logical", kind="boolean", values=["True" if k % 3 else None for k in i])])
    ancient(os.path.join(HERE, "ancient.h5ad"))
    with open(os.path.join(HERE, "expected.json"), "w") as f:
        json.dump(expected, f, indent=1, ensure_ascii=False)
        f.write("\n")
