"""Makes fields.h5: records with a field of one-byte bits, as Julia writes booleans.

    python make_fields.py fields.h5

Needs h5py and numpy.
"""

import sys

import h5py
import numpy as np

ROWS = 5
record = h5py.h5t.create(h5py.h5t.COMPOUND, 11)
record.insert(b"id", 0, h5py.h5t.STD_U64LE)
record.insert(b"bit", 8, h5py.h5t.STD_B8LE)
record.insert(b"wide", 9, h5py.h5t.STD_B16LE)
values = np.zeros(ROWS, dtype=[("id", "<u8"), ("bit", "u1"), ("wide", "<u2")])
values["id"] = 2**64 - 1 - np.arange(ROWS, dtype="u8")
values["bit"] = np.arange(ROWS) % 2

with h5py.File(sys.argv[1], "w", libver=("earliest", "v108")) as f:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_obj_track_times(False)
    d = h5py.h5d.create(f.id, b"obs", record, h5py.h5s.create_simple((ROWS,)), plist)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, values, mtype=record)
