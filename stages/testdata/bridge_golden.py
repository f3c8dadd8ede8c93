"""Takes scvi-tools' own golden models through the bridge and back.

usage: bridge_golden.py BRIDGE.py GOLDEN_FOLDER SCRATCH_FOLDER [case ...]

Each case's tensors and configuration are made a folder by `bridge.py export`; scvi-tools loads it over the golden counts;
its cells are coded as they were, and it computes the recorded numbers. `bridge.py import` then gives back the same
tensors, to the bit, and the same configuration. Prints a line a case; exit 1 where one is off.
"""
import importlib
import json
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import anndata as ad
import numpy as np
import scvi
import torch
import torch.distributions.normal as normal

torch.set_num_threads(1)
scvi.settings.verbosity = 40


def request_of(config, adata, folder, out):
    """What cellvi would ask for this model."""
    setup = config["setup"]

    def coded(key):
        levels = list(adata.obs[key].astype("category").cat.categories) if key else [0]
        return {"key": key or "", "levels": [str(v) for v in levels], "kind": "string" if key else "integer"}

    model = {k: v for k, v in config.items() if k not in ("setup", "parameters", "scvi_tools", "torch", "seed")}
    model.setdefault("use_observed_lib_size", config["model"] != "LinearSCVI")
    model.setdefault("gene_likelihood", "nb")
    model["use_size_factor_key"] = "size_factor_key" in setup
    model["n_labels"] = len(coded(setup["labels_key"])["levels"])  # scvi-tools tells its LinearSCVI of none
    return {"threads": 1, "out": str(out), "tensors": str(folder / "initial.safetensors"), "model": model, "genes": list(adata.var_names),
            "batch": coded(setup.get("batch_key")), "labels": coded(setup.get("labels_key")),
            "categorical": [coded(k) for k in setup.get("categorical_covariate_keys", [])],
            "continuous": setup.get("continuous_covariate_keys", []), "size_factor": setup.get("size_factor_key", ""), "layer": "",
            "history": {"epoch": [0, 1], "elbo_train": [3.5, 2.5], "elbo_validation": [None, 3.0]}, "cells": adata.n_obs,
            "train": [0, 2, 3], "validation": [1]}


def bridge(script, work, request, scratch):
    """One call of the script, in this process: another would import scvi-tools again."""
    (scratch / "request.json").write_text(json.dumps(request))
    sys.argv = [str(script), work, str(scratch / "request.json"), str(scratch / "answer.json")]
    sys.path.insert(0, str(script.parent))
    importlib.import_module("bridge").main()
    answer = json.loads((scratch / "answer.json").read_text())
    assert "error" not in answer, answer
    return answer


def evaluate(model, minibatch):
    """The recorded numbers, with the recorded noise."""
    def frozen(shape, dtype=None, device=None):
        for name in ("eps_z", "eps_l"):
            if tuple(minibatch[name].shape) == tuple(shape):
                return minibatch[name]
        raise RuntimeError(f"no noise of shape {tuple(shape)}")

    t = {"X": minibatch["x"], "batch": minibatch["batch_index"], "labels": minibatch["labels"]}
    t.update({k: minibatch.get(n) for k, n in (("extra_categorical_covs", "cat_covs"), ("extra_continuous_covs", "cont_covs"), ("size_factor", "size_factor"))})
    original, normal._standard_normal = normal._standard_normal, frozen
    try:
        with torch.inference_mode():
            inference, generative, loss = model.module(t, loss_kwargs={"kl_weight": 1.0})
    finally:
        normal._standard_normal = original
    px, qz = generative["px"], inference["qz"]
    found = {"qz_m": qz.loc, "qz_v": qz.scale**2, "library": inference["library"], "px_scale": px.scale, "log_prob": px.log_prob(t["X"]),
             "px_rate": px.rate if hasattr(px, "rate") else px.mu, "reconstruction_loss": loss.reconstruction_loss["reconstruction_loss"],
             "kl_z": loss.kl_local["kl_divergence_z"], "kl_l": loss.kl_local["kl_divergence_l"]}
    if hasattr(px, "theta"):
        found["px_r"] = px.theta.expand(len(t["X"]), -1)
    return found


def check(read, script, golden, scratch, case):
    """The largest relative differences of a case."""
    folder, out = golden / case, scratch / case
    config = json.loads((folder / "config.json").read_text())
    adata = ad.read_h5ad(golden / "golden_counts.h5ad")
    request = request_of(config, adata, folder, out)
    bridge(script, "export", request, scratch)
    model = getattr(scvi.model, config["model"]).load(str(out), adata, accelerator="cpu")
    minibatch = {k: torch.from_numpy(v.copy()) for k, v in read(folder / "minibatch.safetensors").items()}
    rows = np.sort(np.random.RandomState(config["seed"]).permutation(adata.n_obs)[: len(minibatch["x"])])
    loaded = next(iter(model._make_data_loader(adata=adata, indices=rows, batch_size=len(rows), shuffle=False)))
    for name, key in (("x", "X"), ("batch_index", "batch"), ("labels", "labels"), ("cat_covs", "extra_categorical_covs"), ("cont_covs", "extra_continuous_covs")):
        if name in minibatch:
            assert torch.equal(loaded[key].double(), minibatch[name].double()), f"{name} is coded otherwise"
    worst = 0
    for name, want in read(folder / "eval.safetensors").items():
        got = evaluate(model, minibatch).get(name)
        if got is not None:
            off = np.abs(got.numpy() - want) / np.maximum(np.abs(want), 1e-3)
            worst = max(worst, float(off.max()))
    assert list(model.history["elbo_train"]["elbo_train"]) == [3.5, 2.5] and model.is_trained, "the history is another"
    assert list(model.train_indices) == [0, 2, 3] and list(model.validation_indices) == [1], "the split is another"
    back = bridge(script, "import", {"threads": 1, "file": str(out / "model.pt"), "tensors": str(scratch / "back.safetensors")}, scratch)
    for key in ("batch", "labels", "categorical", "continuous", "size_factor", "genes", "layer"):
        assert back[key] == request[key], f"{key} came back as {back[key]}"
    assert back["history"] == {"epoch": [0, 1], "elbo_train": [3.5, 2.5], "elbo_validation": [None, 3.0]}, back["history"]
    for key, value in request["model"].items():
        if not key.startswith("batch_norm") and key != "kl_weight_train":
            assert back["model"][key] == value, f"{key} came back as {back['model'][key]}"
    tensors, before = read(scratch / "back.safetensors"), read(folder / "initial.safetensors")
    before = {k: v for k, v in before.items() if not k.endswith("num_batches_tracked")}
    assert set(tensors) == set(before), set(tensors) ^ set(before)
    for name, values in before.items():
        assert np.array_equal(tensors[name].view(np.int32), values.view(np.int32)), f"{name} came back otherwise"
    return worst


def main():
    script, golden, scratch = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    sys.path.insert(0, str(script.parent))
    from bridge_tensors import read_tensors

    failed, cases = False, sys.argv[4:]
    for case in cases or sorted(p.parent.name for p in golden.glob("*/initial.safetensors")):
        try:
            worst = check(read_tensors, script, golden, scratch, case)
            good = worst < 1e-5
            print(f"{case}: {worst:.2g}" + ("" if good else ": above 1e-5"))
        except AssertionError as e:
            good = False
            print(f"{case}: {e}")
        failed |= not good
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
