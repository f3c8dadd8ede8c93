"""Fits of real counts by `cellvi run` with some flags, and their figures on the same held-out cells: for warmup.py and objectives.py.

Fits and figures are kept in bench/.cache/fits, by the program, the flags and the seed, so that an interrupted comparison goes on.
"""
import hashlib
import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from page import mean
from quality import CACHE, DATA, ROOT, Data, Reference, sha256

MOUSE = Data("mouse", "mouse_10k.h5ad", "", "", 50)  # without batches and labels: no scIB scores
ALL = DATA | {"mouse": MOUSE}
__all__ = ["ALL", "DRAWS", "ROOT", "Figures", "Fits", "spread"]
DRAWS = 128  # of each held-out cell's posterior, for its ELBO and its importance-weighted bound


@dataclass
class Figures:
    """What one fit is worth."""

    elbo: float  # nats per held-out cell at KL weight 1, mean over DRAWS draws; higher is better
    bound: float  # importance-weighted bound of DRAWS draws, nats per held-out cell; higher is better
    seconds: float  # of the training stage
    cpu_seconds: float  # of the processor, for the whole run: less in the hand of what else the machine does
    kl_weight: float  # that the training ended with
    refined: float | None  # the bound by a posterior fitted to each cell (cellvi check --refine full): of the decoder alone, nearly log p(x)
    scores: dict  # scIB's; empty without labels


class Fits:
    """Runs of one program, each once."""

    def __init__(self, binary, shared, threads=0, score=True, check=None):
        """check: the program whose `check` measures the refined bound; None leaves that out."""
        self.check = Path(check).resolve() if check else None
        self.binary, self.reference, self.threads, self.scoring = Path(binary).resolve(), Reference(Path(shared).resolve()), threads, score
        self.hash = sha256(self.binary)
        self.version = subprocess.run([self.binary, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.cells = {}

    def figures(self, data, seed, epochs, flags):
        """The figures of a fit with these flags."""
        key = hashlib.sha256(json.dumps([self.hash, epochs, self.threads, bool(self.check), [str(f) for f in flags]]).encode()).hexdigest()[:16]
        out = CACHE / "fits" / f"{data.name}-{seed}-{key}"
        kept = out / "figures.json"
        if not kept.exists():
            out.mkdir(parents=True, exist_ok=True)
            held = self.split(data, seed, out)
            before = processor()
            self.fit(data, seed, epochs, flags, out)
            kept.write_text(json.dumps({"cpu_seconds": processor() - before} | self.measure(out, held)))
            (out / "flags.txt").write_text(" ".join(map(str, flags)) + "\n")
        facts = json.loads(kept.read_text())
        facts["scores"] = self.score(data, out / "latent.parquet") if self.scoring and data.label else {}
        return Figures(**facts)

    def split(self, data, seed, out):
        """Writes the split, and a list of the held-out cells: the reference's, or for data that it has no fits of a tenth by hash."""
        split, held = out / "split.csv", out / "held.txt"
        if data.batch:
            self.reference.write_split(data, seed, split)
            table = pd.read_csv(split, dtype=str)
        else:
            names = [str(n) for n in self.anndata(data).obs_names]
            part = ["validation" if hashlib.sha256(f"{seed}/{n}".encode()).digest()[0] < 26 else "train" for n in names]
            table = pd.DataFrame({"cell_id": names, "split": part})
            table.to_csv(split, index=False)
        held.write_text("".join(n + "\n" for n in table.cell_id[table.split == "validation"]))
        return held

    def fit(self, data, seed, epochs, flags, out):
        command = [self.binary, "run", "--input", self.reference.counts(data), "--outdir", out, "--no-reconstruct", "--max-epochs", epochs,
                   "--seed", seed, "--split", out / "split.csv", "--log-level", "warn", *flags]
        if data.batch:
            command += ["--batch-key", data.batch, "--labels-key", data.label]
        self.call(command)

    def call(self, command):
        if self.threads:
            command += ["--threads", self.threads]
        subprocess.run([str(c) for c in command], check=True)

    def measure(self, out, held):
        self.call([self.binary, "posterior", "elbo", "marginal-ll", "--outdir", out, "--n-samples", DRAWS, "--cells", held, "--log-level", "warn"])
        stages = json.loads((out / "run.json").read_text())["stages"]
        column = lambda kind, name: float(pd.read_parquet(out / f"posterior/{kind}.parquet")[name].mean())
        return {"elbo": column("elbo", "elbo"), "bound": column("marginal-ll", "marginal_ll"),
                "seconds": next(s for s in stages if s["name"] == "train")["seconds"],
                "refined": self.refined(out),
                "kl_weight": float(pd.read_parquet(out / "history.parquet")["kl_weight"].iloc[-1])}

    def refined(self, out):
        if not self.check:
            return None
        self.call([self.check, "check", "--outdir", out, "--samples", DRAWS, "--refine", "full", "--max-cells", 0, "--log-level", "error"])
        return float(pd.read_parquet(out / "check.parquet")["refined_bound"].mean())

    def anndata(self, data):
        import anndata
        if data.name not in self.cells:
            self.cells[data.name] = anndata.read_h5ad(self.reference.counts(data))
        return self.cells[data.name]

    def score(self, data, latent):
        """As quality.py's, in one process: what scib-metrics compiles serves all fits of a table."""
        kept = CACHE / "scores" / f"{data.name}-{sha256(latent)[:16]}.json"
        if not kept.exists():
            sys.path.insert(0, str(self.reference.shared / "eval"))
            from score_latent import score
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(score(pd.read_parquet(latent), self.anndata(data), data.batch, data.label)))
        return json.loads(kept.read_text())


def processor():
    """Seconds of the processor that children have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spread(values, digits):
    """The mean, and the range where there are several."""
    values = list(values)
    text = f"{mean(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):.{digits}f} … {max(values):.{digits}f})"
