"""Compares an .h5ad with a copy to which arrays were added: everything but these must be the same.

    compare_h5ad.py ORIGINAL COPY [ADDED ...] [-- ORIGINAL COPY [ADDED ...]] ...

ADDED are the paths of what was added, such as obsm/X_scVI. anndata must read the copy, where it reads the original, and
find the same in it.
"""
import sys
import warnings

import anndata
import h5py
import numpy as np
import pandas as pd


def same_attrs(path, a, b, columns):
    names, others = set(a.attrs), set(b.attrs)
    assert names == others, f"{path}: attributes {names} became {others}"
    for name in names:
        x, y = a.attrs[name], b.attrs[name]
        if path == "obs" and name == "column-order" and columns:
            assert list(y) == [c for c in list(x) if c not in columns] + columns or list(y) == list(x), (list(x), list(y))
        elif isinstance(x, h5py.Reference):
            assert a.file[x].name == b.file[y].name, f"{path}: {name} refers elsewhere"
        else:
            assert np.array_equal(np.asarray(x), np.asarray(y)) and np.asarray(x).dtype == np.asarray(y).dtype, f"{path}: attribute {name}"


def same(path, a, b, added):
    same_attrs(path, a, b, columns_of(added))
    if isinstance(a, h5py.Dataset):
        facts = [(d.shape, d.dtype, d.chunks, d.compression, d.shuffle, d.maxshape) for d in (a, b)]
        assert facts[0] == facts[1], f"{path}: {facts}"
        if a.shape is not None:
            x, y = a[()], b[()]
            equal = np.array_equal(x, y) or np.asarray(x).tobytes() == np.asarray(y).tobytes()
            assert equal, f"{path}: other values"
        return
    members = {name for name in b if f"{path}/{name}".strip("/") not in added}
    here = {name for name in a if f"{path}/{name}".strip("/") not in added}
    if path == "":
        members -= {path.split("/")[0] for path in added} - set(a)
    assert members == here, f"{path}: members {here} became {members}"
    for name in here:
        same(f"{path}/{name}".strip("/"), a[name], b[name], added)


def compare(original, copy, *added):
    with h5py.File(original) as a, h5py.File(copy) as b:
        assert a.userblock_size == b.userblock_size
        same("", a, b, added)
        for path in added:
            assert path in b, f"{path} is not there"
    with open(original, "rb") as a, open(copy, "rb") as b, h5py.File(original) as f:
        assert a.read(f.userblock_size) == b.read(f.userblock_size), "the user block"
    try:
        x = anndata.read_h5ad(original)
    except Exception as e:
        print(original, "anndata does not read the original:", e)
        return
    y = anndata.read_h5ad(copy)
    assert x.shape == y.shape and list(x.obs_names) == list(y.obs_names) and list(x.var_names) == list(y.var_names)
    kept = [c for c in x.obs.columns if c not in columns_of(added)]
    pd.testing.assert_frame_equal(x.obs[kept], y.obs[kept])
    pd.testing.assert_frame_equal(x.var, y.var)
    for path in added:
        group, name = path.split("/")
        assert len(getattr(y, group)[name]) == y.n_obs, path


def columns_of(added):
    return [path.split("/")[1] for path in added if path.startswith("obs/")]


warnings.simplefilter("ignore")
group = []
for arg in sys.argv[1:] + ["--"]:
    if arg != "--":
        group.append(arg)
        continue
    try:
        compare(*group)
    except AssertionError as e:
        sys.exit(f"{group[0]}: {e}")
    group = []
