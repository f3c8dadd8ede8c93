from glob import glob
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

validate(config, "../schemas/config.schema.yaml")

OUT = str(Path(config["outdir"]))
WRAPPERS = config.get("wrappers") or f"file:{Path(workflow.basedir).parent}/bio/cellvi"

# What cellvi leaves out of a path when it names an input by it.
ENDINGS = [".h5ad", ".h5", ".loom", ".csv", ".tsv", ".txt", ".parquet"] + [
    ".arrow",
    ".feather",
    ".mtx",
]


def input_files():
    """The files, patterns resolved, in the order given; a pattern's by name."""
    files = []
    for pattern in config["inputs"]:
        found = sorted(glob(pattern)) if glob(pattern) else [pattern]
        files += [f for f in found if f not in files]
    return files


def name_parts(file):
    """A path's parts from the last, without what tells no inputs apart."""
    parts = [p for p in Path(file).parts if p != Path(file).anchor]
    while len(parts) > 1 and parts[-1] in ("cells.arrow", "store"):
        parts.pop()
    stem = parts[-1].removesuffix(".gz")
    for ending in ENDINGS:
        if stem.endswith(ending) and stem != ending:
            parts[-1] = stem.removesuffix(ending)
            break
    return parts[::-1]


def sample_names(files):
    """Names of inputs as cellvi gives them: the file's, or the one folder's that differs."""
    parts = [name_parts(f) for f in files]
    for at in range(min(map(len, parts), default=0)):
        names = [p[at] for p in parts]
        if len(set(names)) == len(names):
            return names
        if len(set(names)) > 1:
            break
    raise WorkflowError(
        "scatter: the inputs' names are not all different: "
        f"{', '.join(files)}: rename files, or set scatter to false"
    )


def options(*stages, **more):
    """The options of stages as a command line."""
    given = {
        name.replace("_", "-"): value
        for stage in stages
        for name, value in config[stage].items()
    }
    given |= {name.replace("_", "-"): value for name, value in more.items()}
    words = []
    for name, value in given.items():
        for v in value if isinstance(value, list) else [value]:
            text = str(v).lower() if isinstance(v, bool) else str(v)
            words.append(f"--{name}={quote(text)}")
    return " ".join(words)


INPUTS = input_files()
MEMORY = {"memory": f"{config['memory_mb']}MB"}
SHARED = {"seed": config["seed"], "batch_size": config["batch_size"], **MEMORY}
REFINED = bool(config["embed"].get("refine"))
# What `run --check` takes from embed's options: its fits are those of --refine.
FIT = {
    name: value
    for name, value in config["embed"].items()
    if REFINED and name.startswith("refine") and not name.endswith("assess")
}
# A job may be a tenth above cellvi's budget, and Python runs beside it.
MEM_MB = config["memory_mb"] * 4 // 3 + 200


def results():
    """What the workflow makes."""
    made = [
        "latent.parquet",
        "genes.parquet",
        "history.parquet",
        "model",
        "report.html",
    ]
    if REFINED:
        made.append("refined.parquet")
    if config["check"]:
        made += ["check.json", "check.parquet"]
    if config["reconstruction"]:
        made.append("reconstruction")
    if config["multiqc"]:
        made.append("multiqc.html")
    return [f"{OUT}/{name}" for name in made]
