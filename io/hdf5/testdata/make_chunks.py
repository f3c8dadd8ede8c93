"""Makes chunks.h5: one dataset for each way in which chunks can lie in a file.

    python make_chunks.py chunks.h5

Needs h5py and numpy; the file in the repository is from h5py 3.
"""

import sys

import h5py
import numpy as np

rng = np.random.default_rng(1)
FILTERS = {
    "none": {},
    "gzip": {"compression": "gzip", "compression_opts": 4},
    "shuffle": {"shuffle": True},
    "gzip_shuffle": {"compression": "gzip", "shuffle": True},
    "lzf": {"compression": "lzf"},
    "lzf_shuffle": {"compression": "lzf", "shuffle": True},
    "gzip_fletcher32": {"compression": "gzip", "fletcher32": True},
}


def values(dtype, shape):
    """Mostly small numbers, and the type's extremes."""
    v = rng.poisson(2, shape).astype(dtype)
    flat = v.reshape(-1)
    if np.dtype(dtype).kind in "iu":
        info = np.iinfo(dtype)
        flat[3], flat[-2] = info.min, info.max
    else:
        flat[3], flat[-2] = -1.5, np.finfo(dtype).max
        flat[5], flat[-4] = np.nan, np.inf
    return v


def write(root, name, data, **kw):
    root.create_dataset(name, data=data, track_times=False, **kw)


def direct(root, name, data, chunk):
    """Chunks that left filters out, which HDF5 marks in a mask."""
    d = root.create_dataset(name, data.shape, data.dtype, chunks=chunk, compression="gzip", shuffle=True, track_times=False)
    d[...] = data
    c = chunk[0]
    d.id.write_direct_chunk((0,), data[:c].tobytes(), 0b11)  # neither
    shuffled = data[c:2 * c].view(np.uint8).reshape(c, -1).T.tobytes()
    d.id.write_direct_chunk((c,), shuffled, 0b10)  # shuffled alone


def main(path):
    with h5py.File(path, "w", libver=("earliest", "v108")) as f:
        for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"):
            for order in "<>":
                dtype = order + kind
                write(f, "type_" + kind + ("_le" if order == "<" else "_be"), values(dtype, (95,)), chunks=(40,),
                      compression="gzip", shuffle=kind != "i1")
        for name, kw in FILTERS.items():
            write(f, "line_" + name, values("f4", (95,)), chunks=(40,), **kw)
            write(f, "table_" + name, values("i4", (23, 17)), chunks=(10, 7), **kw)
        write(f, "table_wide", values("f4", (23, 17)), chunks=(5, 17), compression="gzip")
        write(f, "table_wider", values("f4", (23, 17)), chunks=(40, 30), compression="gzip", maxshape=(None, None))
        write(f, "half", values("f2", (95,)), chunks=(40,), compression="gzip")
        write(f, "bool", rng.random(95) < 0.5, chunks=(40,), compression="gzip")
        write(f, "scaleoffset", rng.poisson(3, 95), chunks=(40,), scaleoffset=0)
        write(f, "contiguous", values("f4", (95,)))
        direct(f, "masked_f4", values("f4", (95,)), (40,))
        for name, shape, chunk in (("gaps", (200,), (40,)), ("table_gaps", (23, 17), (10, 7))):
            d = f.create_dataset(name, shape, "f4", chunks=chunk, compression="gzip", fillvalue=7, track_times=False)
            d[tuple(slice(c, c + 3) for c in chunk)] = 5
    with h5py.File(path, "a", libver=("earliest", "v110")) as f:  # other indexes of chunks
        g = f.create_group("latest", track_order=False)
        write(g, "single", values("i4", (95,)), chunks=(95,), compression="gzip")
        write(g, "fixed", values("i4", (95,)), chunks=(40,), compression="gzip")
        write(g, "implicit", values("i4", (80,)), chunks=(40,))
        write(g, "extensible", values("i4", (95,)), chunks=(40,), compression="gzip", maxshape=(None,))
        write(g, "tree", values("i4", (23, 17)), chunks=(10, 7), compression="gzip", maxshape=(None, None))


main(sys.argv[1])
