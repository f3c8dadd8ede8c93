"""Snakemake wrapper for cellvi gather."""

__author__ = "The cellvi authors"
__copyright__ = "Copyright 2026, the cellvi authors"
__license__ = "Apache-2.0"

from os import makedirs, path, symlink
from shutil import move
from tempfile import TemporaryDirectory

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)

made = {
    "latent": "latent.parquet",
    "refined": "refined.parquet",
    "reconstruction": "reconstruction",
    "record": "run.json",
}
keep = [(made[name], file) for name, file in snakemake.output.items()]

# Beside the outputs, so that they take their places by renaming.
folder = path.dirname(path.abspath(snakemake.output[0]))
with TemporaryDirectory(prefix=".cellvi-", dir=folder) as outdir:
    # gather takes folders that look as embed and reconstruct write them: refined.parquet
    # stands beside a latent.parquet, of whichever part, for each file says which it is.
    parts = []
    for name in ("latent", "refined", "reconstruction"):
        files = snakemake.input.get(name, [])
        for i, file in enumerate([files] if isinstance(files, str) else files):
            kind = "latent" if name == "refined" else name
            part = path.join(outdir, "parts", kind, str(i))
            if part not in parts:
                parts.append(part)
            makedirs(part, exist_ok=True)
            symlink(path.abspath(file), path.join(part, made[name]))
    shell(
        "cellvi gather"
        " --threads {snakemake.threads}"
        " {parts:q}"
        " --outdir {outdir:q}"
        " {extra}"
        " {log}"
    )
    for name, file in keep:
        move(path.join(outdir, name), file)
