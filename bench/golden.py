"""Writes reference values of every part of the model, computed by scvi-tools itself.

For each variant a folder with config.json and the tensors of one minibatch: evaluation,
gradients and running statistics in training with dropout off, and parameters after 1
and 10 Adam steps, every source of randomness frozen. `make golden` writes them and
holds cellvi to them by TestGolden, which reads every folder under CELLVI_SHARED/golden.

usage: python golden.py COUNTS.h5ad OUT [variant ...]
needs: scvi-tools 1.4, safetensors; COUNTS with obs batch, label, cov_cat, cov_num, size_factor
"""
import json
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import anndata
import numpy as np
import scvi
import torch
import torch.distributions.normal as normal
from safetensors.torch import load_file, save_file
from scvi.module import _autozivae

COVARIATES = dict(categorical_covariate_keys=["cov_cat"], continuous_covariate_keys=["cov_num"])
FACTOR = dict(size_factor_key="size_factor")

# Name: (class, arguments of the class, keys beside batch and label).
VARIANTS = {
    "normal": ("SCVI", dict(gene_likelihood="normal"), {}),
    "normal-gene-batch": ("SCVI", dict(gene_likelihood="normal", dispersion="gene-batch"), {}),
    "zinb-gene-label": ("SCVI", dict(gene_likelihood="zinb", dispersion="gene-label"), {}),
    "zinb-gene-batch-covariates": ("SCVI", dict(gene_likelihood="zinb", dispersion="gene-batch"), COVARIATES),
    "nb-gene-cell": ("SCVI", dict(gene_likelihood="nb", dispersion="gene-cell", n_layers=2), {}),
    "embedding": ("SCVI", dict(gene_likelihood="nb", batch_representation="embedding"), COVARIATES),
    "embedding-encoded": ("SCVI", dict(gene_likelihood="nb", batch_representation="embedding", encode_covariates=True,
                                       use_observed_lib_size=False), COVARIATES),
    "latent-library-covariates": ("SCVI", dict(gene_likelihood="zinb", use_observed_lib_size=False, encode_covariates=True,
                                               n_layers=2), COVARIATES),
    "size-factor-zinb": ("SCVI", dict(gene_likelihood="zinb"), FACTOR),
    "size-factor-gene-cell": ("SCVI", dict(gene_likelihood="nb", dispersion="gene-cell"), FACTOR),
    "poisson-logistic-normal": ("SCVI", dict(gene_likelihood="poisson", latent_distribution="ln", n_latent=5), {}),
    "both-norms": ("SCVI", dict(gene_likelihood="nb", use_layer_norm="both", n_layers=2, n_hidden=40), {}),
    "norms-apart": ("SCVI", dict(gene_likelihood="nb", use_batch_norm="decoder", use_layer_norm="encoder"), {}),
    "no-norm": ("SCVI", dict(gene_likelihood="nb", use_batch_norm="none"), {}),
    "raw-counts": ("SCVI", dict(gene_likelihood="nb", log_variational=False), {}),
    "linear-zinb": ("LinearSCVI", dict(gene_likelihood="zinb", dispersion="gene-batch"), {}),
    "linear-without-norm": ("LinearSCVI", dict(bias=True, use_batch_norm=False), {}),
    "linear-bias": ("LinearSCVI", dict(bias=True, use_observed_lib_size=True, latent_distribution="ln"), {}),
    "three-covariates": ("SCVI", dict(gene_likelihood="zinb", encode_covariates=True),
                         dict(categorical_covariate_keys=["cov_cat", "tech"], continuous_covariate_keys=["cov_num", "size_factor"])),
    "linear-poisson": ("LinearSCVI", dict(gene_likelihood="poisson", n_layers=2), {}),
    "autozi": ("AUTOZI", dict(), {}),
    "autozi-batch": ("AUTOZI", dict(zero_inflation="gene-batch"), {}),
    "autozi-label": ("AUTOZI", dict(zero_inflation="gene-label", dispersion="gene-batch"), {}),
}
CELLS, SEED, WEIGHT = 96, 20260, 0.7
DRAW, GAMMA = normal._standard_normal, _autozivae.Gamma


class Pathwise(torch.autograd.Function):
    """A gamma draw that is given, with the derivative that PyTorch has of it."""

    @staticmethod
    def forward(ctx, shape, draw):
        ctx.save_for_backward(shape, draw)
        return draw.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad * torch._standard_gamma_grad(*ctx.saved_tensors), None


class FrozenGamma:
    """Stands for torch's Gamma in AUTOZI, which draws twice: the same two draws each time."""

    draws = {}
    calls = 0

    def __init__(self, shape, rate):
        self.shape = shape

    def rsample(self):
        name = ("gamma_x", "gamma_y")[FrozenGamma.calls % 2]
        FrozenGamma.calls += 1
        if name not in self.draws:
            with torch.inference_mode(False):
                self.draws[name] = torch.distributions.Gamma(self.shape.detach().clone(), 1).sample()
        return Pathwise.apply(self.shape, self.draws[name])


def freeze(noises):
    """Makes torch's normal draws these, chosen by their shape."""

    def draw(shape, dtype=None, device=None):
        return next(n for n in noises if tuple(n.shape) == tuple(shape))

    normal._standard_normal = draw
    _autozivae.Gamma, FrozenGamma.draws, FrozenGamma.calls = FrozenGamma, {}, 0


def thaw():
    normal._standard_normal, _autozivae.Gamma = DRAW, GAMMA


def save(path, tensors):
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, path)


def fitted(cls, kwargs, keys, counts):
    """A model trained a little, so that nothing is at its initial value."""
    thaw()
    scvi.settings.seed = SEED
    data = counts.copy()
    cls = getattr(scvi.model, cls)
    cls.setup_anndata(data, **keys)
    model = cls(data, **kwargs)
    model.train(max_epochs=3, accelerator="cpu", enable_progress_bar=False, batch_size=64, plan_kwargs=dict(lr=5e-3), logger=False)
    return model


def minibatch(model):
    rows = np.sort(np.random.RandomState(SEED).permutation(model.adata.n_obs)[:CELLS])
    return next(iter(model._make_data_loader(adata=model.adata, indices=rows, batch_size=CELLS, shuffle=False)))


def evaluation(module, t):
    module.eval()
    with torch.inference_mode():
        inference, generative, loss = module(t, loss_kwargs=dict(kl_weight=1.0))
    px, qz = generative["px"], inference["qz"]
    out = {"qz_m": qz.loc, "qz_v": qz.scale**2, "z": inference["z"], "library": inference["library"], "log_prob": px.log_prob(t["X"]),
           "reconstruction_loss": loss.reconstruction_loss["reconstruction_loss"],
           "kl_z": loss.kl_local["kl_divergence_z"], "kl_l": loss.kl_local["kl_divergence_l"]}
    if inference.get("ql") is not None:
        out |= {"ql_m": inference["ql"].loc, "ql_v": inference["ql"].scale**2}
    if isinstance(px, scvi.distributions.Normal):
        out |= {"px_rate": px.loc, "px_r": px.scale.expand(CELLS, -1), "px_scale": px.normal_mu}
    elif isinstance(px, scvi.distributions.Poisson):
        out |= {"px_rate": px.rate, "px_scale": px.scale}
    else:
        out |= {"px_rate": px.mu, "px_r": px.theta.expand(CELLS, -1), "px_scale": px.scale}
    if hasattr(px, "zi_logits"):
        out["px_dropout"] = px.zi_logits
    return {k: v.float() for k, v in out.items()}


def training(module, t):
    module.train()
    module.zero_grad()
    loss = module(t, loss_kwargs=dict(kl_weight=WEIGHT))[2].loss
    loss.backward()
    out = {"loss": loss.reshape(1)}
    out |= {f"grad.{k}": p.grad for k, p in module.named_parameters() if p.grad is not None}
    return out | {f"buffer.{k}": b.float() for k, b in module.named_buffers() if "running" in k}


def adam(module, t, initial):
    """What ten steps of the reference's optimizer make of the parameters."""
    module.load_state_dict(initial)
    steps = torch.optim.Adam([p for p in module.parameters() if p.requires_grad], lr=1e-3, eps=0.01, weight_decay=1e-6)
    out = {}
    for step in range(1, 11):
        steps.zero_grad()
        loss = module(t, loss_kwargs=dict(kl_weight=WEIGHT))[2].loss
        loss.backward()
        out[f"loss.{step}"] = loss.detach().reshape(1).clone()
        steps.step()
        if step in (1, 10):
            out |= {f"step{step}.{k}": v.detach().clone() for k, v in module.state_dict().items()}
    return out


def configuration(name, kwargs, keys, module):
    return {"model": name, **kwargs, "setup": keys, "n_input": module.n_input, "n_batch": module.n_batch, "n_labels": module.n_labels,
            "n_latent": module.n_latent, "n_hidden": module.n_hidden, "kl_weight_train": WEIGHT, "scvi_tools": scvi.__version__,
            "torch": torch.__version__, "seed": SEED, "parameters": {k: list(v.shape) for k, v in module.state_dict().items()}}


def write(variant, counts, out):
    cls, kwargs, more = VARIANTS[variant]
    keys = dict(batch_key="batch", labels_key="label", **more)
    model = fitted(cls, kwargs, keys, counts)
    module, t = model.module.to("cpu"), minibatch(model)
    noise = torch.Generator().manual_seed(SEED)
    noises = [torch.randn((CELLS, module.n_latent), generator=noise), torch.randn((CELLS, 1), generator=noise)]
    freeze(noises)
    for layer in module.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    out.mkdir(parents=True, exist_ok=True)
    save(out / "initial.safetensors", module.state_dict())
    initial = load_file(out / "initial.safetensors")
    save(out / "eval.safetensors", evaluation(module, t))
    save(out / "train.safetensors", training(module, t))
    save(out / "adam.safetensors", adam(module, t, initial))
    names = {"X": "x", "batch": "batch_index", "labels": "labels", "extra_categorical_covs": "cat_covs",
             "extra_continuous_covs": "cont_covs", "size_factor": "size_factor"}
    cells = {names[k]: v if v.is_floating_point() else v.to(torch.int64) for k, v in t.items() if k in names and v is not None}
    save(out / "minibatch.safetensors", cells | {"eps_z": noises[0], "eps_l": noises[1]} | FrozenGamma.draws)
    (out / "config.json").write_text(json.dumps(configuration(cls, kwargs, keys, module), indent=1))
    print(f"{variant}: written", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    counts = anndata.read_h5ad(sys.argv[1])
    for variant in sys.argv[3:] or VARIANTS:
        write(variant, counts, Path(sys.argv[2]) / variant)
