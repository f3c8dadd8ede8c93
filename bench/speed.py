#!/usr/bin/env python3
"""Measures cellvi's speed and memory on simulated cells, side by side with scvi-tools where there is one.

usage: make bench
       speed.py [--only PART,...] [--rounds 3] [--epochs 10] [--threads 2] [--quick] [--huge] [--again] [--date YYYY-MM-DD]

With CELLVI_BENCH_PYTHON naming a Python that has scvi-tools, and CELLVI_SHARED (default ../shared) the folder with
eval/scvi_baseline.py, both programs are trained in alternation; else the comparison is left out. Data, logs and what
was measured are kept in bench/.cache/speed, so that an interrupted benchmark goes on; a part is measured again where
the program has changed, or with --again. Writes bench/results/speed-DATE.md and prints it; exit 1 where a floor of the
targets is missed. --quick is a test of this program in a few minutes: small data, no verdict, nothing in results/.
"""
import argparse
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import speedpage

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "bench/.cache/speed"
DRAWN = 1  # raise it where what cellvi simulate draws has changed, so that data are drawn again


@dataclass(frozen=True)
class Data:
    """One table of simulated counts. --library is what gives about 15% nonzero at that many genes."""

    name: str
    cells: int
    genes: int
    library: int
    gzip: int = 0

    @property
    def path(self):
        return CACHE / f"data/{self.name}-{self.cells}-{self.genes}-{DRAWN}"

    @property
    def drawn(self):
        """The file that says what drawing the table took."""
        return self.path.with_name(self.path.name + ".json")

    @property
    def command(self):
        return ["simulate", "--output", self.path, "--cells", self.cells, "--genes", self.genes, "--n-batches", 4,
                "--n-labels", 8, "--library", self.library] + (["--gzip", self.gzip] if self.gzip else [])


class H5AD(Data):
    @property
    def path(self):
        return super().path.with_suffix(".h5ad")


def tables(quick):
    """The tables by name: what is compared, large, wide, huge, and to ingest."""
    return {t.name: t for t in [
        H5AD("both", 2_000 if quick else 20_000, 2_000, 600),
        Data("million", 20_000 if quick else 1_000_000, 2_000, 600),
        Data("wide", 1_000 if quick else 100_000, 20_000, 7_500),
        Data("huge", 40_000 if quick else 5_000_000, 2_000, 600),
        H5AD("gzip", 5_000 if quick else 100_000, 2_000, 600, gzip=4),
    ]}


@dataclass
class Ran:
    """One run of a command."""

    seconds: float  # start to exit
    cpu: float  # seconds of processor, children included
    peak: int  # bytes resident at most, of its largest process
    text: str  # what it said


def run(name, command, cores=None, env=None):
    """Runs a command, its words in a log; a failure is one line that names the log. cores pins it to so many."""
    log = CACHE / f"log/{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(c) for c in command]
    print("$", plain(command), file=sys.stderr, flush=True)
    free = sorted(os.sched_getaffinity(0))
    if cores:
        os.sched_setaffinity(0, free[:cores])  # the child inherits it
    try:
        with open(log, "wb") as to:
            start = time.perf_counter()
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=to, stderr=subprocess.STDOUT, env=env)
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - start
            child.returncode = os.waitstatus_to_exitcode(status)
    finally:
        os.sched_setaffinity(0, free)
    text = log.read_text(errors="replace")
    if child.returncode:
        said = text.strip().splitlines()[-1:] or ["it said nothing"]
        sys.exit(f"speed: {shorter(command[0])} {shorter(command[1])} failed with exit {child.returncode}: {said[0]} (all it said: {shorter(str(log))})")
    return Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, text)


def shorter(word):
    return str(word).replace(str(ROOT) + "/", "")


def plain(command):
    """A command as the page shows it: programs by name, files as seen from the repository."""
    return " ".join([Path(command[0]).name, *(shorter(c) for c in command[1:])])


class Cellvi:
    """The program under test."""

    def __init__(self, binary, threads):
        if not binary.exists():
            sys.exit(f"speed: {binary} is not there: make build")
        self.binary, self.threads, self.commands = binary, threads, []
        self.hash = hashlib.sha256(binary.read_bytes()).hexdigest()
        self.version = run("version", [binary, "--version"]).text.strip()

    def data(self, table):
        """The table's path, drawn where it is not there yet, and in the page cache."""
        if not table.path.exists():
            table.path.parent.mkdir(parents=True, exist_ok=True)
            drawn = run(f"simulate-{table.name}", [self.binary, *table.command, "--threads", self.threads])
            table.drawn.write_text(json.dumps({"seconds": drawn.seconds, "peak": drawn.peak}))
        for file in sorted(table.path.iterdir()) if table.path.is_dir() else [table.path]:
            with open(file, "rb") as f:
                while f.read(1 << 24):
                    pass
        return table.path

    def stage(self, name, out, *options, threads=None, cores=None):
        """Runs one stage into the folder out: what it took, and its entry in run.json."""
        threads = threads or self.threads
        command = [self.binary, name, "--outdir", out, "--threads", threads, "--log-format", "json", "--force", *options]
        self.commands.append(plain(command) + (f" (pinned to {cores} core)" if cores else ""))
        ran = run(f"{name}-{out.name}", command, cores=cores)
        stages = json.loads((out / "run.json").read_text())["stages"]
        return ran, next(s for s in stages if s["name"] == name)

    def prepared(self, table, out):
        """A folder with the table prepared; what ingesting an h5ad and preparing took."""
        shutil.rmtree(out, ignore_errors=True)
        path = self.data(table)
        took = {}
        if path.is_dir():
            out.mkdir(parents=True)
            (out / "store").symlink_to(path)
        else:
            took["ingest"] = self.stage("ingest", out, "--input", path)
        took["prepare"] = self.stage("prepare", out, "--batch-key", "batch")
        return took


def training(ran, entry):
    """What one training gave. rate is over the stage, loop over epochs as they were logged, validation included."""
    cells = entry["counts"]["cells_train"] * entry["counts"]["epochs"]
    lines = [json.loads(line) for line in ran.text.splitlines() if line.startswith("{")]
    epochs = [line for line in lines if "cells_per_second" in line]
    return {"rate": cells / entry["seconds"], "loop": median(e["cells_per_second"] for e in epochs), "seconds": entry["seconds"],
            "wall": ran.seconds, "peak": max(ran.peak, entry["peak_memory"]), "elbo": epochs[-1].get("elbo_validation"),
            "args": entry["args"]}


class Scvi:
    """scvi-tools, by the shared folder's program."""

    def __init__(self, python, shared):
        self.python, self.program = python, shared / "eval/scvi_baseline.py"

    @staticmethod
    def find(shared):
        """The program, or why there is none."""
        python = os.environ.get("CELLVI_BENCH_PYTHON", "")
        if not python:
            return None, "CELLVI_BENCH_PYTHON is not set"
        scvi = Scvi(python, shared)
        if not scvi.program.exists():
            return None, f"{scvi.program} is not there: set CELLVI_SHARED"
        probe = subprocess.run([python, "-c", "import importlib.metadata as m; print('scvi-tools', m.version('scvi-tools') + ', torch', "
                                "m.version('torch') + ', Python', __import__('platform').python_version())"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        if probe.returncode:
            return None, f"{python} has no scvi-tools"
        return scvi, probe.stdout.strip()

    def command(self, path, epochs, threads):
        return [self.python, self.program, path, "batch", CACHE / "scvi", "--epochs", epochs, "--warmup", epochs, "--threads", threads]

    def train(self, path, epochs, threads):
        run("scvi", self.command(path, epochs, threads), env=dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads)))
        return json.loads((CACHE / "scvi.json").read_text())

    def read(self, parquet, expression):
        """A value computed from the table t of a Parquet file."""
        code = f"import json, sys, pyarrow.parquet as p; t = p.read_table(sys.argv[1]).to_pydict(); print(json.dumps({expression}))"
        return json.loads(subprocess.run([self.python, "-c", code, parquet], check=True, stdout=subprocess.PIPE).stdout)


class Parts:
    """What can be measured: one method a part, each giving numbers that json keeps."""

    USES = {"compare": "both", "one": "both", "million": "million", "wide": "wide", "huge": "huge", "ingest": "gzip", "profile": "both"}

    def __init__(self, options, cellvi, scvi):
        self.o, self.cellvi, self.scvi = options, cellvi, scvi
        self.tables = tables(options.quick)
        self.work = CACHE / "runs"

    def compare(self):
        """Training in alternation, and embed, on one table with the same epochs, minibatch, warm-up and held-out cells."""
        table, base = self.tables["both"], self.work / "both"
        self.cellvi.prepared(table, base)
        ours, theirs, embeds = [], [], []
        for _ in range(self.o.rounds):
            ran, entry = self.cellvi.stage("train", base, "--max-epochs", self.o.epochs, "--n-epochs-kl-warmup", self.o.epochs)
            ours.append(training(ran, entry))
            embeds.append(median(self.embed(base, table.cells)["rate"] for _ in range(5)))
            if self.scvi:
                ours[-1]["elbo"] = self.scvi.read(base / "history.parquet", "t['elbo_validation'][-1]")
                theirs.append(self.scvi.train(table.path, self.o.epochs, self.o.threads))
                self.cellvi.commands.append(plain(["python", self.scvi.program.name, *self.scvi.command(table.path, self.o.epochs, self.o.threads)[2:]]))
                held_out = self.scvi.read(base / "prepared/cells.parquet", "[c for c, s in zip(t['cell_id'], t['split']) if s == 'validation']")
                if sorted(theirs[-1].pop("validation_cells")) != sorted(held_out):
                    sys.exit("speed: the two programs held out other cells: their ELBOs cannot be compared")
        return {"cells": table.cells, "genes": table.genes, "cellvi": ours, "scvi": theirs, "embed": embeds}

    def embed(self, out, cells, *options):
        ran, entry = self.cellvi.stage("embed", out, *options)
        return {"rate": cells / entry["seconds"], "seconds": entry["seconds"], "peak": max(ran.peak, entry["peak_memory"])}

    def one(self):
        """Training on one core, pinned to it: the steps alone, as --profile times them, and the whole stage."""
        out, file = self.work / "both", CACHE / "one.json"
        self.cellvi.prepared(self.tables["both"], out)
        steps, stages = [], []
        for _ in range(self.o.rounds):
            ran, entry = self.cellvi.stage("train", out, "--max-epochs", self.o.epochs, "--profile", file, threads=1, cores=1)
            profile = json.loads(file.read_text())
            steps.append(profile["cells"] / profile["seconds"])
            stages.append(training(ran, entry)["rate"])
        return {"rates": steps, "stages": stages}

    def large(self, name, epochs, *options):
        """All stages over a store, and the highest memory of any."""
        table, out = self.tables[name], self.work / name
        path = self.cellvi.data(table)
        shutil.rmtree(out, ignore_errors=True)
        took = {"prepare": self.cellvi.stage("prepare", out, "--store", path, "--batch-key", "batch", *options)}
        took["train"] = self.cellvi.stage("train", out, "--store", path, "--max-epochs", epochs, *options)
        took["embed"] = self.cellvi.stage("embed", out, "--store", path, *options)
        took["report"] = self.cellvi.stage("report", out, *options)
        facts = {s: {"seconds": e["seconds"], "wall": r.seconds, "peak": max(r.peak, e["peak_memory"])} for s, (r, e) in took.items()}
        result = {"cells": table.cells, "genes": table.genes, "epochs": epochs, "stages": facts, "train": training(*took["train"]),
                  "embed_rate": table.cells / facts["embed"]["seconds"], "bytes": (path / "cells.arrow").stat().st_size,
                  "report_bytes": (out / "report.html").stat().st_size, "options": [str(x) for x in options]}
        shutil.rmtree(out)
        return result

    def million(self):
        """The table of a million cells, within 1 GB."""
        return self.large("million", 2 if self.o.quick else 8, "--memory", "1GB")

    def wide(self):
        """The table of 20,000 genes."""
        return self.large("wide", 1)

    def huge(self):
        """The table of five million cells, within the default memory."""
        return self.large("huge", 1)

    def start(self):
        """From the start of cellvi --version to its exit."""
        times = []
        for _ in range(20):
            begun = time.perf_counter()
            subprocess.run([self.cellvi.binary, "--version"], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - begun)
        return {"seconds": median(times), "bytes": self.cellvi.binary.stat().st_size}

    def ingest(self):
        """Reading a gzip h5ad: pinned to one core, and free."""
        table, out = self.tables["gzip"], self.work / "gzip"
        path = self.cellvi.data(table)
        result = {"cells": table.cells, "genes": table.genes, "file": path.stat().st_size}
        for kind, limits in [("one core", {"threads": 1, "cores": 1}), (f"{self.o.threads} threads", {})]:
            got = []
            for _ in range(self.o.rounds):
                shutil.rmtree(out, ignore_errors=True)
                got.append(self.cellvi.stage("ingest", out, "--input", path, **limits))
            seconds, nonzeros = median(e["seconds"] for _, e in got), got[0][1]["counts"]["nonzeros"]
            result[kind] = {"cells_s": table.cells / seconds, "mb_s": nonzeros * 8 / 1e6 / seconds,  # float32 and int32 in the file
                            "busy": median(r.cpu / r.seconds for r, _ in got), "peak": max(r.peak for r, _ in got)}
        result["bytes_per_nonzero"] = (out / "store/cells.arrow").stat().st_size / nonzeros
        shutil.rmtree(out)
        return result

    def profile(self):
        """Where a step's time goes, by cellvi train --profile."""
        out, file = self.work / "both", CACHE / "profile.json"
        self.cellvi.prepared(self.tables["both"], out)
        file.unlink(missing_ok=True)
        self.cellvi.stage("train", out, "--max-epochs", max(2, self.o.epochs // 3), "--profile", file)
        return json.loads(file.read_text())


def measure(parts, names, again):
    """Every part's numbers: kept ones where the program and the settings are the same."""
    o, results = parts.o, {}
    settings = f"{o.rounds}-{o.epochs}-{o.threads}{'-quick' if o.quick else ''}{'-scvi' if parts.scvi else ''}"
    kept = {name: CACHE / f"measured/{name}-{parts.cellvi.hash[:16]}-{settings}.json" for name in names}
    missing = [name for name in names if again or not kept[name].exists()]
    for table in sorted({Parts.USES[name] for name in missing if name in Parts.USES}):
        parts.cellvi.data(parts.tables[table])
    os.sync()  # what was drawn is not to be written while something is measured
    for name in names:
        if name in missing:
            print(f"== {name}", file=sys.stderr)
            parts.cellvi.commands.clear()
            got = {"load": os.getloadavg()[0], "made": datetime.datetime.now().isoformat(timespec="minutes"), **getattr(parts, name)()}
            got["commands"] = list(dict.fromkeys(parts.cellvi.commands))
            kept[name].parent.mkdir(parents=True, exist_ok=True)
            kept[name].write_text(json.dumps(got))
        results[name] = json.loads(kept[name].read_text())
    return results


def described(table):
    """How a table was drawn, and what that took."""
    words = ["cellvi", *(c.name if isinstance(c, Path) else str(c) for c in table.command)]
    took = json.loads(table.drawn.read_text()) if table.drawn.exists() else {}
    return {"command": " ".join(words), **took}


NAMES = ["compare", "one", "million", "wide", "start", "ingest", "profile", "huge"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--only", help="parts to measure, of " + ", ".join(NAMES))
    p.add_argument("--rounds", type=int, default=3, help="of the alternation, and of what is measured several times")
    p.add_argument("--epochs", type=int, default=10, help="of the comparison, and of its KL warm-up")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--quick", action="store_true", help="small data, 1 round, 2 epochs: a test of this program")
    p.add_argument("--huge", action="store_true", help="5,000,000 cells too (6 GB of disk)")
    p.add_argument("--again", action="store_true", help="measure again what was measured")
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/speed-DATE.md")
    o = p.parse_args()
    if o.quick:
        o.rounds, o.epochs = 1, 2
    o.parts = o.only.split(",") if o.only else [n for n in NAMES if n != "huge" or o.huge]
    if unknown := set(o.parts) - set(NAMES):
        p.error(f"--only {','.join(sorted(unknown))}: parts are {', '.join(NAMES)}")
    return o


def main():
    o = arguments()
    load = os.getloadavg()
    cellvi = Cellvi(o.cellvi.resolve(), o.threads)
    scvi, what = Scvi.find(o.shared.resolve())
    if not scvi:
        print(f"speed: no comparison with scvi-tools: {what}", file=sys.stderr)
    results = measure(Parts(o, cellvi, scvi), o.parts, o.again)
    text, met = speedpage.page(results, {
        "date": o.date, "version": cellvi.version, "hash": cellvi.hash[:12], "machine": speedpage.measured_on(), "threads": o.threads,
        "epochs": o.epochs, "rounds": o.rounds, "scvi": what if scvi else "", "no_scvi": "" if scvi else what,
        "load": load, "quick": o.quick, "data": [described(t) for t in tables(o.quick).values() if t.path.exists()]})
    print(text)
    out = o.out or (None if o.quick or o.only else ROOT / f"bench/results/speed-{o.date}.md")
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text)
    sys.exit(0 if met or o.quick else 1)


if __name__ == "__main__":
    main()
