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


def untimed(group, name, values, dtype=None, **more):
    """A dataset without times, so that the bytes are the same each time, even for types that h5py has no words for."""
    return group.create_dataset(name, data=values, dtype=dtype, track_times=False, **more)


def ancient(path):
    """anndata before 0.7: obs and var are tables of records, levels stand in uns, raw.X and raw.var in the root."""
    text, i = h5py.string_dtype(), np.arange(CELLS)
    kinds = [("index", text), ("batch", "i1"), ("only", "<i2"), ("dose", "i1"), ("plate", "<i8"), ("ascii", "S5"), ("text", text),
             ("frac", "<f4"), ("flag", "?"), ("big", ">u2"), ("coords", "<f4", (2,))]
    obs = np.empty(CELLS, dtype=kinds)
    obs["index"], obs["batch"], obs["only"], obs["dose"], obs["plate"] = NAMES, i % 3 - 1, 0, i % 2, i * 2
    obs["ascii"], obs["text"] = [f"s{k % 4}".encode() for k in i], [f"ß{k % 4}" for k in i]
    obs["frac"], obs["flag"], obs["big"], obs["coords"] = i / 4, i % 2 == 0, i * 1000, 0
    genes = np.array([n.encode() for n in GENE_NAMES], dtype="S20")
    with h5py.File(path, "w", libver="earliest") as f:
        untimed(f, "obs", obs, compression="gzip", chunks=(7,))
        for name in ("var", "raw.var"):
            var = np.empty(GENES, dtype=[("index", "S20"), ("batch", "i1")])
            var["index"], var["batch"] = genes, np.arange(GENES)  # as many as genes: no codes into the two levels of obs
            untimed(f, name, var)
        g = f.create_group("raw.X")
        X = sp.csr_matrix(COUNTS.astype("f4"))
        g.attrs["h5sparse_format"], g.attrs["h5sparse_shape"] = "csr", np.array(X.shape)
        for k in ("data", "indices", "indptr"):
            untimed(g, k, getattr(X, k), chunks=(len(getattr(X, k)),))
        untimed(f, "X", COUNTS.astype("f4"))
        uns = f.create_group("uns")
        untimed(uns, "batch_categories", np.array([b"a", b"b"]))
        untimed(uns, "only_categories", "one level", text)
        untimed(uns, "dose_categories", np.array([10, 20]))
        untimed(uns, "plate_categories", np.array([b"too few"]))
        untimed(uns, "record", np.zeros(3, dtype=[("a", "S3"), ("b", "f4")]))


def foreign(path):
    """As SeuratDisk, Julia and pandas 3 write: levels without reference, R's NA as code, bit fields, an index with a mask."""
    with h5py.File(path, "w", libver="earliest") as f:
        X = sp.csc_matrix(COUNTS)
        g = f.create_group("X")
        g.attrs["encoding-type"], g.attrs["encoding-version"] = np.bytes_("csc_matrix"), np.bytes_("0.1.0")
        untimed(g, "shape", np.array(X.shape, dtype="u4"))
        for k in ("data", "indices", "indptr"):
            untimed(g, k, getattr(X, k), dict(data=">f8", indices="u1", indptr="<u8")[k], chunks=(5,), maxshape=(None,), compression="gzip", shuffle=True)
        layers = f.create_group("layers")
        untimed(layers, "none", h5py.Empty("f4"))
        untimed(layers, "a/b", COUNTS.astype("<f2"))
        i, text = np.arange(CELLS), h5py.string_dtype()
        obs = f.create_group("obs")
        index = obs.create_group("cell names")
        index.attrs["encoding-type"], index.attrs["encoding-version"], index.attrs["na-value"] = "nullable-string-array", "0.1.0", "NaN"
        untimed(index, "values", np.array(NAMES, dtype=object), text)
        untimed(index, "mask", np.zeros(CELLS, dtype=bool))
        untimed(obs, "seurat", np.where(i % 5 == 0, -2147483648, i % 2).astype("i4"))
        untimed(obs, "__categories/seurat", np.array([b"zero", b"one"]))
        maybe = obs.create_group("maybe")
        maybe.attrs["encoding-type"] = "nullable-integer"
        untimed(maybe, "values", i.astype("i4"))
        untimed(maybe, "mask", (i % 3 == 0).astype("u1"))
        untimed(obs, "beyond", np.full(CELLS, 2**64 - 1, dtype="u8"))
        untimed(obs, "slash/ed", (i * 3).astype("u8"))
        julia = obs.create_group("julia")
        julia.attrs["encoding-type"] = np.bytes_("categorical")
        untimed(julia, "codes", (i % 2).astype("i8"))
        untimed(julia, "categories", np.array([b"x", b"y"]))
        bit = h5py.h5t.STD_B8LE
        h5py.h5a.create(julia.id, b"ordered", bit, h5py.h5s.create(h5py.h5s.SCALAR)).write(np.array(1, "u1"), bit)
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_obj_track_times(False)
        d = h5py.h5d.create(obs.id, b"bits", bit, h5py.h5s.create_simple((CELLS,)), plist)
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, (i % 2).astype("u1"), bit)
        obs.attrs["_index"] = "cell names"
        obs.attrs["column-order"] = np.array(["seurat", "maybe", "beyond", "slash/ed", "julia", "bits", "bits", "cell names"], dtype="S10")
        var = f.create_group("var")
        untimed(var, "index", np.array(GENE_NAMES, dtype=object), text)


def huge(path, indptr, stored):
    """A header that claims 2³¹ + 1000 values, or offsets that overflowed 32 bits; no more than stored values are there."""
    with h5py.File(path, "w", libver="earliest") as f:
        g = f.create_group("X")
        g.attrs["encoding-type"], g.attrs["shape"] = "csr_matrix", np.array([3, 4])
        for k, t in (("data", "f4"), ("indices", "i4")):
            g.create_dataset(k, shape=(stored,), dtype=t, chunks=(1000,), track_times=False)
        untimed(g, "indptr", indptr)
        for frame, n in (("obs", 3), ("var", 4)):
            untimed(f.create_group(frame), "index", np.arange(n))


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
    text = lambda v: [plain(x) for x in v]
    expected["ancient.h5ad"] = dict(matrices={"X": ordinary, "raw/X": ordinary}, obs=[
        dict(name="batch", kind="categorical", levels=["a", "b"], values=[[None, "a", "b"][k % 3] for k in i]),
        dict(name="only", kind="categorical", levels=["one level"], values=["one level"] * CELLS),
        dict(name="dose", kind="categorical", levels=["10", "20"], values=[["10", "20"][k % 2] for k in i]),
        dict(name="plate", kind="integer", values=text(i * 2)), dict(name="ascii", kind="string", values=[f"s{k % 4}" for k in i]),
        dict(name="text", kind="string", values=[f"ß{k % 4}" for k in i]), dict(name="frac", kind="float", values=text(i / 4)),
        dict(name="flag", kind="boolean", values=text(i % 2 == 0)), dict(name="big", kind="integer", values=text(i * 1000))])
    foreign(os.path.join(HERE, "foreign.h5ad"))
    expected["foreign.h5ad"] = dict(matrices={"X": ordinary, "layers/a/b": ordinary}, obs=[
        dict(name="seurat", kind="categorical", levels=["zero", "one"], values=[None if k % 5 == 0 else ["zero", "one"][k % 2] for k in i]),
        dict(name="maybe", kind="integer", values=[None if k % 3 == 0 else str(k) for k in i]),
        dict(name="slash/ed", kind="integer", values=text(i * 3)),
        dict(name="julia", kind="categorical", levels=["x", "y"], ordered=True, values=[["x", "y"][k % 2] for k in i]),
        dict(name="bits", kind="integer", values=text(i % 2)), dict(name="cell names", kind="string", values=NAMES)])
    huge(os.path.join(HERE, "huge.h5ad"), np.array([0, 2**30, 2**31, 2**31 + 1000]), 2**31 + 1000)
    huge(os.path.join(HERE, "overflow.h5ad"), np.array([0, 2**30, 2**31, 2**31 + 1000]).astype(np.int32), 1000)
    with open(os.path.join(HERE, "expected.json"), "w") as f:
        json.dump(expected, f, indent=1, ensure_ascii=False)
        f.write("\n")
