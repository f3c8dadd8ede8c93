"""From scvi-tools: opens what it saved."""
import math
import sys

import numpy as np

from bridge_needs import Refusal, Unfit, lacks, one_line
from bridge_parameters import CLASSES, EMBEDDING_DIM, INERT, INERT_LINEAR, INIT, MODULE, NAMES
from bridge_tensors import write_tensors


def import_(request, answer):
    """Reads model.pt, a pickle, and writes its tensors; the answer has the rest."""
    torch = need_torch(request)
    saved = load_pickle(torch, request["file"])
    attributes = saved["attr_dict"]
    registry = attributes.get("registry_")
    if not isinstance(registry, dict) or "field_registries" not in registry:
        raise Refusal(f"{request['file']}: has no registry: save it again with scvi-tools 0.17 or later")
    answer["versions"]["saved by scvi-tools"] = str(registry.get("scvi_version"))
    name = registry.get("model_name")
    check_importable(request["file"], name, registry, attributes)
    answer.update(covariates(registry))
    answer["genes"] = [str(g) for g in saved["var_names"]]
    answer["model"] = configuration(request["file"], name, attributes["init_params_"], answer)
    answer["history"] = history_of(attributes.get("history_"))
    answer["trained"] = bool(attributes.get("is_trained_"))
    answer["layer"] = registry.get("setup_args", {}).get("layer") or ""
    if "minify_type" in registry["field_registries"]:
        answer["notes"].append("it was saved with minified data, which has no counts: the model is whole, but cellvi needs the counts of the cells to put through it")
    write_tensors(request["tensors"], float_tensors(saved["model_state_dict"], answer))


def need_torch(request):
    """torch alone: the pickle itself says what more it needs."""
    try:
        import torch
    except ImportError as e:
        raise lacks("torch") from e
    torch.set_num_threads(request["threads"])
    return torch


def load_pickle(torch, path):
    """What torch.save wrote, checked for the parts that scvi-tools writes."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=False)
    except ModuleNotFoundError as e:
        raise Unfit(f"{path}: needs a Python package that {sys.executable} lacks ({one_line(e)}): name the Python that saved it with --python") from e
    except Exception as e:
        reason = one_line(e).split(". ")[0]  # torch goes on with guesses
        raise Refusal(f"{path}: cannot be opened as scvi-tools saves models ({type(e).__name__}: {reason}): save the model again with model.save") from e
    if not isinstance(saved, dict) or not {"model_state_dict", "var_names", "attr_dict"} <= set(saved):
        raise Refusal(f"{path}: is not a model that scvi-tools 0.15 or later saved: older ones are converted by scvi.model.SCVI.convert_legacy_save")
    return saved


def check_importable(path, name, registry, attributes):
    """Refuses another class, and a model that was not set up with an AnnData."""
    if name not in CLASSES:
        raise Refusal(f"{path}: is a model of class {name}, which cellvi has no counterpart for: it has {', '.join(CLASSES)}")
    method = registry.get("setup_method_name", "setup_anndata")
    if method != "setup_anndata":
        raise Refusal(f"{path}: was set up by {method}, which keeps no levels of an AnnData's obs: cellvi takes models set up by setup_anndata")
    if "init_params_" not in attributes:
        raise Refusal(f"{path}: does not say how it was constructed (init_params_): save it again with scvi-tools 0.15 or later")


def covariates(registry):
    """The obs columns with their levels in the order of the codes."""
    fields, keys = registry["field_registries"], registry.get("setup_args", {})
    found = {"batch": coded(fields, "batch", keys.get("batch_key")), "labels": coded(fields, "labels", keys.get("labels_key"))}
    state = fields.get("extra_categorical_covs", {}).get("state_registry") or {}
    found["categorical"] = [column(key, state["mappings"][key]) for key in state.get("field_keys", [])]
    state = fields.get("extra_continuous_covs", {}).get("state_registry") or {}
    found["continuous"] = [str(key) for key in state.get("columns", [])]
    found["size_factor"] = keys.get("size_factor_key") or ""
    return found


def coded(fields, field, key):
    state = fields.get(field, {}).get("state_registry") or {"categorical_mapping": np.array([0])}
    return column(key or "", state["categorical_mapping"])


def column(key, levels):
    """A column's levels as text, and the type that they were."""
    levels = [v.item() if isinstance(v, np.generic) else v for v in levels]
    kind = "string"
    for k, t in (("boolean", bool), ("integer", int), ("float", float)):
        if levels and all(type(v) is t for v in levels):
            kind = k
    return {"key": str(key), "levels": [str(v) for v in levels], "kind": kind}


def configuration(path, name, init, answer):
    """cellvi's configuration of the model; every parameter without a counterpart is refused, all at once."""
    given = given_parameters(init)
    known = {**INIT[name], **MODULE[name]}
    config = {k: plain(given.pop(k, v)) for k, v in known.items()}
    embedding = given.pop("batch_embedding_kwargs", None) or {}
    config["batch_embedding_dim"] = embedding.get("embedding_dim", EMBEDDING_DIM)
    problems = [f"batch_embedding_kwargs {k}" for k in embedding if k != "embedding_dim"]
    if name == "LinearSCVI":
        config["use_batch_norm"] = "both" if given.pop("use_batch_norm", True) else "encoder"
    if name == "AUTOZI":
        config["gene_likelihood"] = given.pop("gene_likelihood", "zinb")
        problems += [f"{k} None (learned)" for k in ("alpha_prior", "beta_prior") if config[k] is None]
    silent = INERT | (INERT_LINEAR if name == "LinearSCVI" else set())
    problems += [f"{k} {one_line(v)}" for k, v in given.items() if k not in silent and v not in (None, {}) and not is_dataless(k)]
    if problems:
        raise Refusal(f"{path}: was constructed with what cellvi has no counterpart for: {'; '.join(problems)}")
    config.update(model=name, n_input=len(answer["genes"]), n_batch=len(answer["batch"]["levels"]), n_labels=len(answer["labels"]["levels"]),
                  n_cats_per_cov=[len(c["levels"]) for c in answer["categorical"]] or None, n_continuous_cov=len(answer["continuous"]),
                  use_size_factor_key=bool(answer["size_factor"]))
    return config


def given_parameters(init):
    """The parameters that the model was constructed with, of the class and of its module together."""
    if "non_kwargs" not in init:
        return dict(init)
    given = dict(init["non_kwargs"])
    for more in init["kwargs"].values():
        given.update(more)
    return given


def is_dataless(name):
    """Tells a parameter that says where data came from."""
    return name in ("adata", "registry", "datamodule", "use_gpu", "use_cuda")


def plain(value):
    return value.item() if isinstance(value, np.generic) else value


def history_of(frames):
    """The losses per epoch as {name: [number or null]} over all epochs that any of them has."""
    tables = {}
    for name, frame in (frames or {}).items():
        if hasattr(frame, "index") and getattr(frame.index, "name", None) == "epoch" and len(frame):
            tables[name] = {int(e): float(v) for e, v in zip(frame.index, frame.iloc[:, 0])}
    epochs = sorted(set().union(*tables.values())) if tables else []
    history, ours = {"epoch": epochs}, {theirs: ours for ours, theirs in NAMES.items()}
    for name, values in tables.items():
        name = ours.get(name, name)
        numbers = [values.get(e, math.nan) for e in epochs]
        history[name] = [v if math.isfinite(v) else None for v in numbers]
    return history


def float_tensors(state, answer):
    """The tensors of numbers as float32; counters (num_batches_tracked) and pyro's empty store are none."""
    import torch

    tensors, others = {}, set()
    for key, t in state.items():
        if isinstance(t, torch.Tensor) and t.is_floating_point():
            if t.dtype != torch.float32:
                others.add(str(t.dtype))
            tensors[key] = t.detach().to("cpu", torch.float32).numpy()
    if others:
        answer["notes"].append(f"numbers of type {', '.join(sorted(others))} were made float32")
    return tensors
