"""Makes claims.loom: one gene of 2³² - 2 cells without names, of which one chunk,
through the filter scaleoffset, is stored.

    python make_claims.py claims.loom

Needs h5py and numpy.
"""

import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "w", libver=("earliest", "v108")) as f:
    d = f.create_dataset("matrix", (1, 2**32 - 2), "i4", chunks=(1, 1024), scaleoffset=0, track_times=False)
    d[0, :1024] = np.arange(1024) % 5
    f.create_group("col_attrs")
    f.create_group("layers")
    f.create_group("row_attrs").create_dataset("Gene", data=np.array(["A"], dtype="S1"), track_times=False)
