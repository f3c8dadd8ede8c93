"""Prints as JSON the fingerprint of a count file as anndata, scanpy or h5py read it.

usage: python agree.py FILE [--layer NAME | --genome NAME]        needs: anndata, scanpy, h5py
The fingerprint is the SHA-256 of one line a cell, "<cell> TAB <gene>=<count>;... NEWLINE", nonzero counts only,
genes in the file's order.
"""
import hashlib, json, os, resource, sys, warnings

warnings.filterwarnings("ignore")
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))  # the files are damaged
import anndata as ad, h5py, numpy as np, scanpy as sc, scipy.sparse as sp


def fingerprint(X, cells, genes):
    X = sp.csr_matrix(X)
    X.sum_duplicates()
    X.eliminate_zeros()
    X.sort_indices()
    h = hashlib.sha256()
    for i in range(X.shape[0]):
        s = slice(X.indptr[i], X.indptr[i + 1])
        h.update((str(cells[i]) + "\t" + "".join(f"{genes[j]}={int(c)};" for j, c in zip(X.indices[s], X.data[s])) + "\n").encode())
    return h.hexdigest()


def texts(x):
    return [s.decode() if isinstance(s, bytes) else str(s) for s in np.asarray(x).ravel()]


def read(path, flag, name):
    if path.endswith(".h5ad"):
        a = ad.read_h5ad(path)
        if name == "raw/X":
            return a.raw.X, a.obs_names, a.raw.var_names
        return (a.layers[name] if name and name != "X" else a.X), a.obs_names, a.var_names
    if path.endswith(".h5"):
        a = sc.read_10x_h5(path, genome=name, gex_only=True)
        return a.X, a.obs_names, a.var_names
    if path.endswith(".loom"):
        with h5py.File(path) as f:
            X = f["matrix"][:].T
            cells = texts(f["col_attrs/CellID"][:]) if "CellID" in f["col_attrs"] else [str(i) for i in range(X.shape[0])]
            return X, cells, texts(f["row_attrs/Gene"][:])
    if os.path.isdir(path):
        a = sc.read_10x_mtx(path, var_names="gene_symbols", make_unique=False)
        return a.X, a.obs_names, a.var_names
    raise ValueError("no reader for " + path)


if __name__ == "__main__":
    flag, name = (sys.argv[2], sys.argv[3]) if len(sys.argv) > 3 else (None, None)
    json.dump({"Fingerprint": fingerprint(*read(sys.argv[1], flag, name))}, sys.stdout)
