#!/usr/bin/env python3
"""Carries models between cellvi and scvi-tools, both ways, and compares what the two programs make of the same cells.

usage: CELLVI_BENCH_PYTHON bench/roundtrip.py [--only nb,zinb] [--epochs N] [--threads N] [--date YYYY-MM-DD] [--out FILE]

It needs a Python that has scvi-tools, and ../shared or CELLVI_SHARED. For each variant of the model: cellvi trains and
exports, scvi-tools loads, and both put all cells through it; then scvi-tools trains and saves, cellvi imports, and both do
again. Compared are the latent, the expected shares (normalized expression) at the posterior mean, and the ELBO there. Then
each program trains on what the other gave it. Writes bench/results/roundtrip-DATE.md; exit 1 where a figure misses.
"""
import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path

warnings.filterwarnings("ignore")
import anndata as ad
import numpy as np
import pandas as pd
import scvi
import torch
import torch.distributions.normal as normal

from page import machine, table

ROOT = Path(__file__).resolve().parent.parent
LATENT_LIMIT = 1e-5  # largest difference, in units of the latent's root mean square
LIMIT = 1e-4  # of shares and ELBO, relative, the largest


@dataclass(frozen=True)
class Variant:
    """A model as both programs are told of it. setup has the names of setup_anndata, model those of the class."""

    name: str
    file: str = "golden/golden_counts.h5ad"
    kind: str = "SCVI"
    setup: dict = field(default_factory=dict)
    model: dict = field(default_factory=dict)


BATCH = {"batch_key": "batch", "labels_key": "label"}
PBMC = {"batch_key": "phase", "labels_key": "bulk_labels"}
COVARIATES = {**BATCH, "categorical_covariate_keys": ["cov_cat", "tech"], "continuous_covariate_keys": ["cov_num"]}
PBMC_COUNTS = "data/pbmc_700.h5ad"
VARIANTS = [
    Variant("nb", PBMC_COUNTS, setup=PBMC, model={"gene_likelihood": "nb"}),
    Variant("nb, no batch", PBMC_COUNTS, model={"gene_likelihood": "nb"}),
    Variant("nb, two layers", setup=BATCH, model={"gene_likelihood": "nb", "n_layers": 2, "n_hidden": 64, "n_latent": 6}),
    Variant("zinb", PBMC_COUNTS, setup=PBMC, model={"gene_likelihood": "zinb"}),
    Variant("zinb, two categorical covariates, one continuous", setup=COVARIATES, model={"gene_likelihood": "zinb"}),
    Variant("nb, covariates encoded, two layers", setup=COVARIATES, model={"gene_likelihood": "nb", "encode_covariates": True, "n_layers": 2}),
    Variant("nb, covariates in the first layer alone", setup=COVARIATES,
            model={"gene_likelihood": "nb", "deeply_inject_covariates": False, "n_layers": 2}),
    Variant("linear", setup=BATCH, kind="LinearSCVI", model={"gene_likelihood": "nb"}),
    Variant("linear, zinb, bias, observed library", setup=BATCH, kind="LinearSCVI",
            model={"gene_likelihood": "zinb", "bias": True, "use_observed_lib_size": True}),
    Variant("nb, latent library", setup=BATCH, model={"gene_likelihood": "nb", "use_observed_lib_size": False}),
    Variant("poisson", setup=BATCH, model={"gene_likelihood": "poisson"}),
    Variant("normal", setup=BATCH, model={"gene_likelihood": "normal"}),
    Variant("nb, gene-batch", setup=BATCH, model={"gene_likelihood": "nb", "dispersion": "gene-batch"}),
    Variant("nb, gene-label", setup=BATCH, model={"gene_likelihood": "nb", "dispersion": "gene-label"}),
    Variant("zinb, gene-cell", setup=BATCH, model={"gene_likelihood": "zinb", "dispersion": "gene-cell"}),
    Variant("nb, size factor", setup={**BATCH, "size_factor_key": "size_factor"}, model={"gene_likelihood": "nb"}),
    Variant("nb, batch embedded", setup=BATCH, model={"gene_likelihood": "nb", "batch_representation": "embedding", "encode_covariates": True}),
    Variant("nb, logistic normal", setup=BATCH, model={"gene_likelihood": "nb", "latent_distribution": "ln"}),
    Variant("nb, layer norm", setup=BATCH, model={"gene_likelihood": "nb", "use_batch_norm": "none", "use_layer_norm": "both"}),
    Variant("AUTOZI", setup=BATCH, kind="AUTOZI"),
]
QUERIED = ("nb", "nb, two layers", "zinb, two categorical covariates, one continuous", "nb, latent library")


@dataclass
class Numbers:
    """What a program makes of all cells with a model: latent (N, L), shares (N, G), ELBO per cell (N)."""

    latent: np.ndarray
    shares: np.ndarray
    elbo: np.ndarray


class Cellvi:
    """The program under test, over one table of counts."""

    def __init__(self, o, variant, counts, out):
        self.o, self.variant, self.counts, self.out = o, variant, counts, out

    def run(self, *command):
        command = [str(c) for c in (self.o.cellvi, *command, "--outdir", self.out, "--threads", self.o.threads, "--log-level", "warn")]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[1:3])}: exit code {done.returncode}: {done.stderr.strip()[-500:]}")

    def prepare(self):
        self.run("ingest", "--input", self.counts)
        self.run("prepare", *flags(self.variant.setup))

    def train(self, epochs, *more):
        kind = [] if self.variant.kind == "SCVI" else ["--model-class", self.variant.kind]
        self.run("train", "--max-epochs", epochs, "--seed", 1, *kind, *flags(self.variant.model), *more)

    def export(self, folder):
        self.run("export", "--to", "scvi-tools", folder, "--python", sys.executable, "--split-indices")

    def take(self, folder):
        self.run("import", folder, "--python", sys.executable)

    def numbers(self):
        self.run("embed")
        self.run("reconstruct", "--reconstruct", "px_scale")
        latent = pd.read_parquet(self.out / "latent.parquet")
        if self.variant.model.get("latent_distribution") == "ln":  # embed writes its mean on the simplex; before it, it is exact
            self.run("posterior", "latent")
            latent = pd.read_parquet(self.out / "posterior/latent/latent.parquet").iloc[:, :latent.shape[1]]
        return Numbers(latent.to_numpy(),
                       pd.read_parquet(self.out / "reconstruction/px_scale.parquet").to_numpy(), self.elbo())

    def elbo(self):
        """Per cell, at the posterior mean."""
        self.run("posterior", "elbo", "--samples", 0)
        return pd.read_parquet(self.out / "posterior/elbo.parquet")["elbo"].to_numpy()

    def losses(self):
        """The reconstruction loss of each epoch, per training cell."""
        return list(pd.read_parquet(self.out / "history.parquet")["reconstruction_loss_train"])


def flags(options):
    """Python's keyword arguments as cellvi's flags: the names are the same."""
    given = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        for v in value if isinstance(value, list) else [value]:
            given.append(f"{flag}={str(v).lower() if isinstance(v, bool) else v}")
    return given


def without_noise(shape, dtype=None, device=None):
    return torch.zeros(shape, dtype=dtype)


def scvi_numbers(model, adata):
    """scvi-tools' numbers, every draw at its mean."""
    model.module.eval()
    shares, elbo, latent = [], [], []
    original, normal._standard_normal = normal._standard_normal, without_noise
    if hasattr(model.module, "sample_from_beta_distribution"):  # AUTOZI's delta
        model.module.sample_from_beta_distribution = lambda alpha, beta: alpha / (alpha + beta)
    try:
        with torch.inference_mode():
            for t in model._make_data_loader(adata=adata, batch_size=128):
                inference, generative, loss = model.module(t, loss_kwargs={"kl_weight": 1.0})
                latent.append(inference["qz"].loc.numpy())
                px = generative["px"]
                shares.append(px.scale.numpy() if hasattr(px, "scale") and model.module.gene_likelihood != "normal" else normal_shares(model, t, inference))
                local = sum(loss.kl_local.values())
                elbo.append(-(loss.reconstruction_loss["reconstruction_loss"] + local).numpy())
    finally:
        normal._standard_normal = original
        vars(model.module).pop("sample_from_beta_distribution", None)
    return Numbers(np.concatenate(latent), np.concatenate(shares), np.concatenate(elbo))


def normal_shares(model, tensors, inference):
    """A normal's scale is its standard deviation: the shares are its mean over the library size."""
    inputs = model.module._get_generative_input(tensors, inference)
    return (model.module.generative(**inputs)["px"].loc / torch.exp(inference["library"])).numpy()


def differences(ours, theirs):
    """The largest differences: latent in units of its root mean square; shares and ELBO relative."""
    if ours.latent.shape != theirs.latent.shape or ours.shares.shape != theirs.shares.shape:
        raise RuntimeError(f"shapes {ours.latent.shape}, {ours.shares.shape} and {theirs.latent.shape}, {theirs.shares.shape}")
    latent = np.abs(ours.latent - theirs.latent).max() / np.sqrt(np.mean(theirs.latent**2))
    shares = (np.abs(ours.shares - theirs.shares) / theirs.shares).max()
    return latent, shares, (np.abs(ours.elbo - theirs.elbo) / np.abs(theirs.elbo)).max()


def setup(variant, adata):
    cls = getattr(scvi.model, variant.kind)
    cls.setup_anndata(adata, **variant.setup)
    return cls


def train(model, epochs):
    scvi.settings.seed = 1
    model.train(max_epochs=epochs, accelerator="cpu", enable_progress_bar=False, logger=None)


def there(o, variant, counts, folder):
    """cellvi trains, scvi-tools loads: differences, and the losses of the epochs, three of them there."""
    ours = Cellvi(o, variant, counts, folder / "cellvi")
    ours.prepare()
    ours.train(o.epochs)
    ours.export(folder / "exported")
    adata = ad.read_h5ad(counts)
    model = getattr(scvi.model, variant.kind).load(str(folder / "exported"), adata, accelerator="cpu")
    off = differences(ours.numbers(), scvi_numbers(model, adata))
    train(model, 3)
    return off, list(model.history["reconstruction_loss_train"].iloc[:, 0])


def back(o, variant, counts, folder):
    """scvi-tools trains, cellvi imports: differences, and the losses of the epochs, three of them there."""
    adata = ad.read_h5ad(counts)
    cls = setup(variant, adata)
    scvi.settings.seed = 1  # of the first weights
    model = cls(adata, **variant.model)
    train(model, o.epochs)
    model.save(str(folder / "saved"))
    ours = Cellvi(o, variant, counts, folder / "imported")
    ours.take(folder / "saved")
    ours.prepare()
    off = differences(ours.numbers(), scvi_numbers(model, adata))
    before = ours.losses()
    shutil.copytree(ours.out / "model", folder / "start")
    ours.train(3, "--init-model", folder / "start")
    return off, before + ours.losses()


def queried(o, variant):
    """The row of a variant of which each program queries what the other trained: without training, so that both must give
    the new cells the same latent. The last batch is held out."""
    row, met = [variant.name], True
    with tempfile.TemporaryDirectory(prefix="cellvi-roundtrip-") as folder:
        folder, whole, key = Path(folder), ad.read_h5ad(o.shared / variant.file), variant.setup["batch_key"]
        new = (whole.obs[key] == whole.obs[key].cat.categories[-1]).to_numpy()
        for name, rows in (("known", ~new), ("new", new)):
            whole[rows].copy().write_h5ad(folder / f"{name}.h5ad")
        ours = Cellvi(o, variant, folder / "known.h5ad", folder / "cellvi")
        ours.prepare()
        ours.train(3)
        ours.export(folder / "exported")
        adata = ad.read_h5ad(folder / "known.h5ad")
        theirs = setup(variant, adata)(adata, **variant.model)
        train(theirs, 3)
        theirs.save(str(folder / "saved"))
        Cellvi(o, variant, None, folder / "imported").take(folder / "saved")
        for trained, saved in (("cellvi", "exported"), ("imported", "saved")):
            query = Cellvi(o, variant, None, folder / f"{trained} query")
            query.run("query", folder / trained / "model", folder / "new.h5ad", "--epochs", 0)
            model = getattr(scvi.model, variant.kind).load_query_data(ad.read_h5ad(folder / "new.h5ad"), str(folder / saved), accelerator="cpu")
            model.is_trained = True  # as far as it is to be: the weights are the reference's
            want = model.get_latent_representation()
            got = pd.read_parquet(query.out / "latent.parquet").to_numpy()
            off = np.abs(got - want).max() / np.sqrt(np.mean(want**2))
            met &= off <= LATENT_LIMIT
            row.append(f"{off:.1e}")
    return row + ["yes" if met else "**no**"], met


def compare(o, variant):
    """The row of a variant, and whether it meets the limits."""
    row, met = [variant.name], True
    for way in (there, back):
        with tempfile.TemporaryDirectory(prefix="cellvi-roundtrip-") as folder:
            (latent, shares, elbo), losses = way(o, variant, o.shared / variant.file, Path(folder))
        first, before, after = losses[0], losses[o.epochs - 1], losses[-1]
        # The optimizer begins anew, so that the loss rises at first (a logistic-normal latent's most, and just so for a
        # model that scvi-tools itself loads); with weights that were lost it would be where the first epoch was.
        goes_on = len(losses) == o.epochs + 3 and after < (first + before) / 2
        met &= latent <= LATENT_LIMIT and shares <= LIMIT and elbo <= LIMIT and goes_on
        row += [f"{latent:.1e}", f"{shares:.1e}", f"{elbo:.1e}", f"{first:.0f} … {before:.1f} → {after:.1f}" + ("" if goes_on else " **no**")]
    return row + ["yes" if met else "**no**"], met


def page(o, rows, queries, version):
    head = ["model", "latent", "shares", "ELBO", "trained on", "latent", "shares", "ELBO", "trained on", "met"]
    return f"""# Models carried between cellvi and scvi-tools, {o.date}

cellvi {version} and scvi-tools {scvi.__version__}, torch {torch.__version__}, on {machine()}. Made by `bench/roundtrip.py`;
{o.epochs} epochs of training each. The first four columns of figures: cellvi trained, `cellvi export`, loaded by scvi-tools.
The last four: scvi-tools trained and saved, `cellvi import`.

Each figure is the largest difference between the two programs over all cells with the same model: of the latent in units of
its root mean square (limit {LATENT_LIMIT:g}), of the expected shares at the posterior mean and of the ELBO there relative
(limit {LIMIT:g}). "Trained on": the reconstruction loss (per training cell) of the first and the last epoch in the program
that trained first, and of the third epoch after that in the other. The optimizer and the warm-up of the KL weight begin anew
there; the loss must stay in the lower half.

{table(head, rows)}

## Queried

Each program maps the cells of one more batch, which was held out, onto what the other trained (`cellvi query --epochs 0`,
`load_query_data` without training): the largest difference of their latents, as above.

{table(["model", "cellvi trained", "scvi-tools trained", "met"], queries)}
"""


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--only", default="", help="variants, by the beginnings of their names, separated by ;")
    p.add_argument("--epochs", type=int, default=20)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/roundtrip-DATE.md")
    return p.parse_args()


def every(variants, work, columns):
    """The rows of all, and whether all are met; one that fails is a row too, for the others are of interest."""
    rows, met = [], True
    for v in variants:
        try:
            row, good = work(v)
        except Exception as e:
            row, good = [v.name] + [""] * (columns - 2) + [f"**failed**: {' '.join(str(e).split())[:300]}"], False
        print(json.dumps(row, ensure_ascii=False), file=sys.stderr)
        rows.append(row)
        met &= good
    return rows, met


def main():
    o = arguments()
    o.cellvi, o.shared = o.cellvi.resolve(), o.shared.resolve()
    torch.set_num_threads(o.threads)
    scvi.settings.verbosity = 40
    version = subprocess.run([o.cellvi, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    chosen = [v for v in VARIANTS if not o.only or any(v.name.startswith(name) for name in o.only.split(";"))]
    rows, met = every(chosen, lambda v: compare(o, v), 10)
    queries, mapped = every([v for v in chosen if v.kind == "SCVI" and v.name in QUERIED], lambda v: queried(o, v), 4)
    text = page(o, rows, queries, version)
    out = o.out or ROOT / f"bench/results/roundtrip-{o.date}.md"
    out.write_text(text)
    print(text)
    sys.exit(0 if met and mapped else 1)


if __name__ == "__main__":
    main()
