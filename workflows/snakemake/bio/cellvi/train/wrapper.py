"""Snakemake wrapper for cellvi train."""

__author__ = "The cellvi authors"
__copyright__ = "Copyright 2026, the cellvi authors"
__license__ = "Apache-2.0"

from contextlib import suppress
from os import path, rmdir
from shlex import quote
from shutil import move
from tempfile import TemporaryDirectory

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
# A retry adds to the log: why the try before it failed stays there.
log = snakemake.log_fmt_shell(stdout=True, stderr=True, append=True)

inputs = f"--store {quote(snakemake.input.store)}"
inputs += f" --prepared {quote(snakemake.input.prepared)}"
if "init_model" in snakemake.input.keys():
    inputs += f" --init-model {quote(snakemake.input.init_model)}"

# No output, so Snakemake leaves it alone when a job fails, and a retry goes on from it.
checkpoint = snakemake.params.get(
    "checkpoint_dir", f"{snakemake.output.model}.checkpoint"
)

made = {
    "model": "model",
    "history": "history.parquet",
    "genes": "genes.parquet",
    "record": "run.json",
}
keep = [(made[name], file) for name, file in snakemake.output.items()]

# Beside the outputs, so that they take their places by renaming.
folder = path.dirname(path.abspath(snakemake.output.model))
with TemporaryDirectory(prefix=".cellvi-", dir=folder) as outdir:
    shell(
        "cellvi train"
        " --threads {snakemake.threads}"
        " {inputs}"
        " --outdir {outdir:q}"
        " --checkpoint-dir {checkpoint:q}"
        " {extra}"
        " {log}"
    )
    for name, file in keep:
        move(path.join(outdir, name), file)

with suppress(OSError):
    rmdir(checkpoint)
