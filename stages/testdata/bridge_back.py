"""Takes models that scvi-tools trained through the bridge to cellvi's form and back, and looks at what it refuses.

usage: bridge_back.py BRIDGE.py COUNTS.h5ad SCRATCH_FOLDER

COUNTS is shared/golden/golden_counts.h5ad. Each model is saved, imported, exported from what the import told, loaded again:
the same tensors and the same registry as far as the model's use goes, and it takes a query. Prints a line a model; exit 1
where one is off.
"""
import importlib
import json
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import anndata as ad
import numpy as np
import pandas as pd
import scvi
import torch

torch.set_num_threads(1)
scvi.settings.verbosity = 40


def counts(path):
    """The golden counts, with columns of every type: an integer batch, a boolean, a float, categories that no cell has."""
    a = ad.read_h5ad(path)
    n = np.arange(a.n_obs)
    a.obs["integer"] = n % 11 + 5  # 5 … 15: as text another order
    a.obs["truth"] = n % 2 == 0
    a.obs["half"] = n % 3 / 2
    a.obs["unused"] = pd.Categorical([["b", "a"][i] for i in n % 2], categories=["z", "b", "a", "y"])
    a.obs["whole"] = pd.Categorical(n % 4)  # categories that are numbers
    a.layers["counts"] = a.X.copy()
    return a


MODELS = {
    "AUTOZI": ("AUTOZI", {"batch_key": "batch"}, {}),
    "AUTOZI, gene-batch, latent library": ("AUTOZI", {"batch_key": "batch", "labels_key": "label"},
                                           {"zero_inflation": "gene-batch", "use_observed_lib_size": False, "alpha_prior": 0.4}),
    "embedding": ("SCVI", {"batch_key": "batch"}, {"batch_representation": "embedding", "encode_covariates": True, "batch_embedding_kwargs": {"embedding_dim": 3}}),
    "no keys": ("SCVI", {}, {"dropout_rate": 0.2, "log_variational": False}),
    "types of levels": ("SCVI", {"batch_key": "integer", "labels_key": "truth", "categorical_covariate_keys": ["half", "unused", "whole"],
                                 "continuous_covariate_keys": ["cov_num", "size_factor"], "layer": "counts"}, {"dispersion": "gene-label"}),
    "size factor, normal": ("SCVI", {"size_factor_key": "size_factor"}, {"gene_likelihood": "normal", "n_layers": 2, "use_layer_norm": "encoder"}),
    "linear": ("LinearSCVI", {"batch_key": "unused"}, {"use_batch_norm": False, "bias": True, "dispersion": "gene-batch"}),
}


def bridge(script, work, request, scratch):
    """One call of the script, in this process: another would import scvi-tools again."""
    (scratch / "request.json").write_text(json.dumps(request))
    sys.argv = [str(script), work, str(scratch / "request.json"), str(scratch / "answer.json")]
    sys.path.insert(0, str(script.parent))
    importlib.import_module("bridge").main()
    return json.loads((scratch / "answer.json").read_text())


def same_state(got, want):
    return [k for k in want if k not in got or not torch.equal(got[k], want[k])] + [k for k in got if k not in want]


def fields(registry):
    """The registry's fields without what says which cells there were."""
    kept = {}
    for name, f in registry["field_registries"].items():
        state = {k: v for k, v in (f["state_registry"] or {}).items() if k != "n_obs"}
        kept[name] = json.dumps([f["data_registry"], state, {k: v for k, v in f["summary_stats"].items() if k != "n_cells"}], default=listed, sort_keys=True)
    return kept


def listed(v):
    return [type(v).__name__, str(v.dtype), v.tolist()] if isinstance(v, np.ndarray) else v.item()


def there_and_back(script, path, scratch, kind, setup, options):
    cls = getattr(scvi.model, kind)
    a = counts(path)
    cls.setup_anndata(a, **setup)
    scvi.settings.seed = 3
    model = cls(a, **options)
    model.train(max_epochs=2, accelerator="cpu", enable_progress_bar=False, logger=None)
    model.save(str(scratch / "saved"), overwrite=True)
    tensors = scratch / "model.safetensors"
    told = bridge(script, "import", {"threads": 1, "file": str(scratch / "saved/model.pt"), "tensors": str(tensors)}, scratch)
    assert "error" not in told, told
    split = {"train": [int(i) for i in model.train_indices], "validation": [int(i) for i in model.validation_indices]}
    request = {**told, **split, "threads": 1, "out": str(scratch / "again"), "tensors": str(tensors), "cells": a.n_obs}
    answer = bridge(script, "export", request, scratch)
    assert "error" not in answer, answer
    again = cls.load(str(scratch / "again"), counts(path), accelerator="cpu")
    drop = lambda state: {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    assert not (off := same_state(drop(again.module.state_dict()), drop(model.module.state_dict()))), f"other tensors: {off}"
    assert fields(again.registry_) == fields(model.registry_), f"other registry: {fields(again.registry_)} {fields(model.registry_)}"
    assert again.registry_["setup_args"] == model.registry_["setup_args"], again.registry_["setup_args"]
    assert set(again.history) == set(model.history), set(again.history) ^ set(model.history)
    assert all(np.allclose(again.history[k].to_numpy(float), model.history[k].to_numpy(float)) for k in model.history), "other history"
    assert list(again.train_indices) == split["train"] and list(again.validation_indices) == split["validation"]
    for m in (model, again):
        m.module.eval()
        torch.manual_seed(5)
        m.numbers = m.get_latent_representation(m.adata), m.get_elbo(m.adata)
    assert np.array_equal(again.numbers[0], model.numbers[0]), "other latent"
    assert float(again.numbers[1]) == float(model.numbers[1]), "other ELBO"
    again.train(max_epochs=1, accelerator="cpu", enable_progress_bar=False, logger=None)
    assert len(again.history["elbo_train"]) == 3, "training did not go on"
    if setup.get("batch_key") and kind == "SCVI":
        query(cls, path, scratch, setup["batch_key"])


def query(cls, path, scratch, batch_key):
    """New cells of a new batch, onto what was exported."""
    a = counts(path)[:60].copy()
    levels = a.obs[batch_key].to_numpy()
    a.obs[batch_key] = np.full(a.n_obs, "new" if isinstance(levels[0], str) else 99)
    model = cls.load_query_data(a, str(scratch / "again"), accelerator="cpu")
    model.train(max_epochs=1, accelerator="cpu", enable_progress_bar=False, logger=None)
    assert np.isfinite(model.get_latent_representation()).all()


def refusal(script, path, scratch, build, *words):
    """A model that cellvi has no counterpart for is refused by name."""
    a = counts(path)
    model = build(a)
    model.is_trained_ = True
    model.save(str(scratch / "refused"), overwrite=True)
    told = bridge(script, "import", {"threads": 1, "file": str(scratch / "refused/model.pt"), "tensors": str(scratch / "t")}, scratch)
    missing = [w for w in words if w not in told.get("error", "")]
    assert not missing and told["cause"] == "input", f"not said: {missing} in {told}"


def scanvi(a):
    scvi.model.SCANVI.setup_anndata(a, labels_key="label", unlabeled_category="none", batch_key="batch")
    return scvi.model.SCANVI(a)


def strange(a):
    scvi.model.SCVI.setup_anndata(a, batch_key="batch")
    return scvi.model.SCVI(a, var_activation=torch.nn.functional.softplus, extra_decoder_kwargs={"bias": False})


def learned_prior(a):
    scvi.model.AUTOZI.setup_anndata(a, batch_key="batch")
    return scvi.model.AUTOZI(a, alpha_prior=None, beta_prior=None)


def damaged(script, scratch):
    """A file that is no model is refused, and so is none."""
    for name, text in (("zeros.pt", b"\0" * 100), ("empty.pt", b""), ("cut.pt", b"PK\3\4" + b"\0" * 1000)):
        (scratch / name).write_bytes(text)
        told = bridge(script, "import", {"threads": 1, "file": str(scratch / name), "tensors": str(scratch / "t")}, scratch)
        assert told["cause"] == "input" and "cannot be opened as scvi-tools saves models" in told["error"], told
        assert "If you are seeing" not in told["error"], told
    torch.save({"weights": torch.zeros(2)}, scratch / "other.pt")
    told = bridge(script, "import", {"threads": 1, "file": str(scratch / "other.pt"), "tensors": str(scratch / "t")}, scratch)
    assert "is not a model that scvi-tools 0.15 or later saved" in told["error"], told


def main():
    script, path, scratch = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    checks = {name: (lambda m=m: there_and_back(script, path, scratch, *m)) for name, m in MODELS.items()}
    checks["another class"] = lambda: refusal(script, path, scratch, scanvi, "SCANVI", "SCVI, LinearSCVI, AUTOZI")
    checks["strange parts"] = lambda: refusal(script, path, scratch, strange, "var_activation", "extra_decoder_kwargs")
    checks["learned prior"] = lambda: refusal(script, path, scratch, learned_prior, "alpha_prior None", "beta_prior None")
    checks["damaged"] = lambda: damaged(script, scratch)
    failed = False
    for name, check in checks.items():
        try:
            check()
            print(f"{name}: the same")
        except AssertionError as e:
            print(f"{name}: {e}")
            failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
