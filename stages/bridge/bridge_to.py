"""To scvi-tools: builds a model there and saves it."""
import math
import sys
import uuid

import numpy as np

from bridge_needs import Refusal, Unfit, lacks, one_line, package_version, release
from bridge_parameters import CLASSES, EMBEDDING_DIM, INIT, MODULE, NAMES
from bridge_tensors import read_tensors


def export(request, answer):
    """Builds the model in scvi-tools over a small table of cells with the same genes and levels, and saves it."""
    scvi, torch = need_scvi(request, answer)
    config = request["model"]
    name = config.get("model", "SCVI")
    check_exportable(name, request)
    cls = getattr(scvi.model, name)
    table = small_table(request)
    cls.setup_anndata(table, **setup_arguments(name, request))
    torch.manual_seed(0)  # of the heads that the model has no use for: they are drawn afresh
    model = cls(table, **init_arguments(name, config, request["genes"]))
    load_tensors(model.module, read_tensors(request["tensors"]), config, torch)
    model.module.eval()
    set_attributes(model, request)
    model.save(request["out"], overwrite=True, save_anndata=False)
    cls.load(request["out"], adata=small_table(request), accelerator="cpu")  # it must open where it was made


def need_scvi(request, answer):
    """scvi-tools and torch, on the processor alone."""
    version = package_version("scvi-tools")
    if version is None:
        raise lacks("scvi-tools")
    try:
        import scvi
        import torch
    except ImportError as e:
        raise Unfit(f"scvi-tools {version} at {sys.executable} cannot be imported ({one_line(e)}): mend that installation") from e
    if not (1, 2) <= release(version) <= (1, 4):
        answer["notes"].append(f"scvi-tools {version} is not among the versions that cellvi was tried with (1.2 to 1.4): what it writes was opened once by itself, no more")
    torch.set_num_threads(request["threads"])
    scvi.settings.verbosity = 40  # errors alone
    return scvi, torch


def check_exportable(name, request):
    """Refuses what the class of scvi-tools cannot be told."""
    config, problems = request["model"], []
    if name not in CLASSES:
        raise Refusal(f"scvi-tools has no model {name}")
    if name != "SCVI":
        has = {"categorical covariates": request["categorical"], "continuous covariates": request["continuous"], "a size factor": request["size_factor"]}
        problems += [f"{what}, which {name} of scvi-tools does not take" for what, there in has.items() if there]
    if name == "LinearSCVI" and config.get("use_batch_norm", "both") not in ("both", "encoder"):
        problems.append("an encoder without batch normalization, which LinearSCVI of scvi-tools always has")
    if name == "LinearSCVI" and config.get("dispersion") == "gene-label":
        problems.append("dispersion gene-label, which LinearSCVI of scvi-tools has no labels for")
    if problems:
        raise Refusal("the model has " + "; ".join(problems))


def setup_arguments(name, request):
    """The arguments of setup_anndata."""
    arguments = {"layer": request["layer"] or None, "batch_key": request["batch"]["key"] or None, "labels_key": request["labels"]["key"] or None}
    if name == "SCVI":
        arguments["size_factor_key"] = request["size_factor"] or None
        arguments["categorical_covariate_keys"] = [c["key"] for c in request["categorical"]] or None
        arguments["continuous_covariate_keys"] = request["continuous"] or None
    return arguments


def init_arguments(name, config, genes):
    """The arguments of the class; those of its module only where they are not what they are anyway."""
    arguments = {k: config.get(k, v) for k, v in INIT[name].items()}
    arguments.update({k: config[k] for k, v in MODULE[name].items() if config.get(k, v) != v})
    if name == "LinearSCVI":
        if config.get("use_batch_norm", "both") == "encoder":
            arguments["use_batch_norm"] = False  # of the decoder
    if config.get("batch_representation") == "embedding":
        arguments["batch_embedding_kwargs"] = {"embedding_dim": config.get("batch_embedding_dim", EMBEDDING_DIM)}
    return arguments


def small_table(request):
    """An AnnData with the model's genes, and every level three times (with fewer scvi-tools warns)."""
    import anndata
    import pandas as pd
    import scipy.sparse as sp

    columns = [c for c in (request["batch"], request["labels"], *request["categorical"]) if c["key"]]
    rows = 3 * max([1] + [len(c["levels"]) for c in columns])
    obs = pd.DataFrame(index=[f"cell{i}" for i in range(rows)])
    for c in columns:
        levels = typed(c)
        obs[c["key"]] = pd.Categorical.from_codes(np.arange(rows) % len(levels), categories=levels)
    for key in request["continuous"] + ([request["size_factor"]] if request["size_factor"] else []):
        obs[key] = np.ones(rows, np.float32)
    genes = len(request["genes"])
    at = np.arange(rows)
    counts = sp.csr_matrix((np.ones(rows, np.float32), (at, at % genes)), shape=(rows, genes))
    table = anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=request["genes"]))
    if request["layer"]:
        table.layers[request["layer"]] = counts.copy()
    return table


def typed(column):
    """The levels as values of the obs column's own type."""
    make = {"string": str, "integer": int, "float": float, "boolean": lambda t: {"True": True, "False": False}[t]}[column["kind"]]
    try:
        return [make(level) for level in column["levels"]]
    except (ValueError, KeyError) as e:
        raise Refusal(f"the levels of {column['key']} are not all of type {column['kind']} ({one_line(e)})") from e


def unused(name, config):
    """Prefixes of the tensors that scvi-tools keeps for this model and never looks at, or makes of its options (AUTOZI's priors)."""
    prefixes = ["alpha_prior_logit", "beta_prior_logit"]
    if config.get("dispersion", "gene") != "gene-cell":
        prefixes += ["decoder.px_r_decoder."]
    if config.get("gene_likelihood") == "poisson" and name != "AUTOZI":
        prefixes += ["px_r", "decoder.px_r_decoder."]
    if config.get("gene_likelihood") != "zinb" and name != "AUTOZI":
        prefixes += ["decoder.px_dropout_decoder.", "decoder.px_dropout_regressor."]
    if config.get("use_size_factor_key") or config.get("use_observed_lib_size", INIT[name]["use_observed_lib_size"]):
        prefixes += ["l_encoder."]
    return tuple(prefixes)


def load_tensors(module, tensors, config, torch):
    """Puts the tensors over the module's; what the model uses must be there, and nothing else."""
    name = config.get("model", "SCVI")
    state = module.state_dict()
    unknown = sorted(set(tensors) - set(state))
    missing = sorted(k for k in state if k not in tensors and not k.startswith(unused(name, config)) and not k.endswith("num_batches_tracked"))
    if unknown or missing:
        raise Refusal(f"the tensors are not those of scvi-tools' {name} with these options: "
                      + "; ".join(f"{what} {', '.join(names[:5])}" for what, names in (("unknown", unknown), ("missing", missing)) if names))
    for key, values in tensors.items():
        if tuple(state[key].shape) != values.shape:
            raise Refusal(f"tensor {key} has shape {list(values.shape)}, scvi-tools' {name} with these options has {list(state[key].shape)}")
        state[key] = torch.from_numpy(values.copy()).to(state[key].dtype)
    module.load_state_dict(state)


def set_attributes(model, request):
    """What scvi-tools saves beside the weights: that it is trained, the history, the split, the registry's numbers."""
    import pandas as pd

    model.is_trained_ = True
    history, epochs = {}, pd.Index(request["history"].get("epoch", []), name="epoch")
    names = NAMES if release(package_version("scvi-tools")) >= (1, 4) else {}
    for name, values in request["history"].items():
        values = np.array([math.nan if v is None else v for v in values], float)
        if name != "epoch" and not np.isnan(values).all():
            history[names.get(name, name)] = pd.DataFrame({names.get(name, name): values}, index=epochs)
    model.history_ = history
    for part in ("train", "validation"):
        if request[part] is not None:
            setattr(model, part + "_indices_", np.array(request[part], np.int64))
    if request["train"] is not None:
        model.test_indices_ = np.array([], np.int64)
    if hasattr(model, "run_name_"):
        model.run_name_ = "cellvi"  # not the time of day
    registry = model.registry_
    registry["_scvi_uuid"] = str(uuid.uuid5(uuid.NAMESPACE_OID, "cellvi"))  # the same files for the same model
    if request["cells"]:
        x = registry["field_registries"]["X"]
        x["state_registry"]["n_obs"] = x["summary_stats"]["n_cells"] = request["cells"]
