"""Writes scores.json: small latents, and the scores that scib-metrics gives them.

usage: python make_scores.py                                   writes scores.json beside this file
       python make_scores.py LATENT.parquet CELLS.parquet      prints the scores of a run's latent.parquet and
                                                               prepared/cells.parquet, to compare with its report
needs: numpy, scikit-learn, scib-metrics 0.5.10; for a run also pandas and pyarrow
"""

import json
import sys
from pathlib import Path

import numpy as np
import scib_metrics as sm
from scib_metrics.nearest_neighbors import NeighborsResults
from sklearn.neighbors import NearestNeighbors


def scores(z, batch, label):
    """iLISI, cLISI, and the silhouettes, with exact neighbours. None where there is one level."""
    k = min(90, len(z))
    distances, indices = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(z).kneighbors(z)
    near = NeighborsResults(indices=indices, distances=distances)
    batches, labels = len(set(batch)) > 1, len(set(label)) > 1
    return {
        "ilisi": float(sm.ilisi_knn(near, batch)) if batches else None,
        "clisi": float(sm.clisi_knn(near, label)) if labels else None,
        "asw_label": float(sm.silhouette_label(z, label)) if labels else None,
        "asw_batch": float(sm.silhouette_batch(z, label, batch)) if batches and labels else None,
    }


def draw(seed, cells, batches, labels, shift):
    """A cloud for each label, moved a little by batch; the last label has one cell."""
    r = np.random.default_rng(seed)
    label = r.integers(0, labels - 1, cells)
    label[7] = labels - 1
    batch = r.integers(0, batches, cells)
    z = r.normal(0, 2, (labels, 4))[label] + shift * r.normal(0, 1, (batches, 4))[batch] + r.normal(0, 1, (cells, 4))
    return np.round(z, 3).astype(np.float32), batch, label


def main():
    cases = []
    for name, seed, cells, batches, labels, shift in (
        ("mixed", 0, 150, 3, 5, 0.1),
        ("apart", 1, 120, 2, 4, 4.0),
        ("fewer cells than neighbours", 2, 40, 3, 3, 0.5),
    ):
        z, batch, label = draw(seed, cells, batches, labels, shift)
        cases.append(
            {
                "name": name,
                "latent": [[float(str(v)) for v in column] for column in z.T],
                "batch": batch.tolist(),
                "label": label.tolist(),
                "want": scores(z, batch, label),
            }
        )
    path = Path(__file__).with_name("scores.json")
    path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


def run(latent, cells):
    import pandas as pd

    z, c = pd.read_parquet(latent), pd.read_parquet(cells)
    print(json.dumps(scores(z.filter(regex="^latent_[0-9]+$").to_numpy(), c["batch"].to_numpy(), c["label"].to_numpy())))


if __name__ == "__main__":
    run(*sys.argv[1:]) if len(sys.argv) == 3 else main()
