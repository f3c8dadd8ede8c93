"""Snakemake wrapper for cellvi embed."""

__author__ = "The cellvi authors"
__copyright__ = "Copyright 2026, the cellvi authors"
__license__ = "Apache-2.0"

from os import path
from shlex import quote
from shutil import move
from tempfile import TemporaryDirectory

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
part = snakemake.params.get("part", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)

inputs = " ".join(
    f"--{name} {quote(snakemake.input[name])}"
    for name in ("store", "prepared", "model")
)
if "h5ad" in snakemake.input.keys():
    inputs += f" --from {quote(snakemake.input.h5ad)}"
if part:
    inputs += f" --part {quote(part)}"

made = {
    "latent": "latent.parquet",
    "refined": "refined.parquet",
    "h5ad": "latent.h5ad",
    "record": "run.json",
}
keep = [(made[name], file) for name, file in snakemake.output.items()]

# Beside the outputs, so that they take their places by renaming.
folder = path.dirname(path.abspath(snakemake.output.latent))
with TemporaryDirectory(prefix=".cellvi-", dir=folder) as outdir:
    if "h5ad" in snakemake.output.keys():
        inputs += f" --write-h5ad {quote(path.join(outdir, made['h5ad']))}"
    shell(
        "cellvi embed"
        " --threads {snakemake.threads}"
        " {inputs}"
        " --outdir {outdir:q}"
        " {extra}"
        " {log}"
    )
    for name, file in keep:
        move(path.join(outdir, name), file)
