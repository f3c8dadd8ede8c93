"""The page of a speed benchmark: the figures against their targets, and what they were taken from."""
import os
import platform
from dataclasses import dataclass
from statistics import median

from page import machine, mean, table


@dataclass(frozen=True)
class Target:
    """One row of the table "Speed" of the project's targets. Without a figure of its kind, a limit is None."""

    what: str
    floor: float | None
    stretch: float | None
    show: str  # how a value is written
    less: bool = False  # whether less is better

    def shown(self, value):
        """The value with its unit."""
        scale = 1e-6 if self.show.endswith(" MB") else 1e3 if self.show.endswith(" ms") else 1
        return self.show.format(value * scale)

    def limit(self, value):
        return "—" if value is None else ("≤ " if self.less else "≥ ") + self.shown(value)

    def reaches(self, value, limit):
        return limit is not None and (value <= limit if self.less else value >= limit)

    def verdict(self, value):
        if self.reaches(value, self.stretch):
            return "stretch"
        if self.floor is None:
            return "below the stretch"
        return "floor" if self.reaches(value, self.floor) else MISSED


MISSED = "**misses the floor**"

# The values of shared/design/targets.md, table "Speed", and of the issue that asks for the profile. The image's size
# is measured where images are built.
TARGETS = {
    "train_ratio": Target("training, times scvi-tools' cells/s (medians)", 8, 20, "{:.1f}×"),
    "elbo_ratio": Target("held-out ELBO, of scvi-tools' (a loss: its own standard deviation is 0.14%)", 1.003, 1.0, "{:.4f}", less=True),
    "one_core": Target("training on one core, float32", 30_000, 45_000, "{:,.0f} cells/s"),
    "embed_ratio": Target("embed, times scvi-tools' cells/s", 4, 10, "{:.1f}×"),
    "million_s": Target("training 1 M cells × 2,000 genes × 8 epochs", 150, 100, "{:.0f} s", less=True),
    "million_peak": Target("peak resident at 1 M cells with --memory 1GB, highest of all stages", 1e9, 300e6, "{:,.0f} MB", less=True),
    "huge_peak": Target("peak resident at 5 M cells, default --memory, highest of all stages", 1.1e9, 300e6, "{:,.0f} MB", less=True),
    "start": Target("cellvi --version, start to exit", 0.050, 0.010, "{:.1f} ms", less=True),
    "ingest": Target("ingest of a gzip h5ad on one core, uncompressed data", 330, None, "{:,.0f} MB/s"),
    "ingest_busy": Target("ingest of a gzip h5ad, cores busy of 2", None, 1.7, "{:.2f}"),
    "bytes": Target("store, bytes per nonzero", 3, 1.9, "{:.2f}", less=True),
    "profile": Target("profile: its parts' sum, off the steps' time", 0.05, None, "{:.1%}", less=True),
}


def figures(results):
    """The targets' figures, as far as they were measured."""
    f = {}
    if compare := results.get("compare"):
        if compare["scvi"]:
            f["train_ratio"] = median(ours(compare)) / median(theirs(compare))
            f["elbo_ratio"] = mean(c["elbo"] for c in compare["cellvi"]) / mean(s["validation_elbo"] for s in compare["scvi"])
            f["embed_ratio"] = median(compare["embed"]) / median(their_embed(compare))
    if one := results.get("one"):
        f["one_core"] = median(one["rates"])
    if million := results.get("million"):
        f["million_s"], f["million_peak"] = million["train"]["seconds"], peak(million)
    if huge := results.get("huge"):
        f["huge_peak"] = peak(huge)
    if start := results.get("start"):
        f["start"] = start["seconds"]
    if ingest := results.get("ingest"):
        f["ingest"], f["bytes"] = ingest["one core"]["mb_s"], ingest["bytes_per_nonzero"]
        f["ingest_busy"] = ingest.get("2 threads", ingest["one core"])["busy"]
    if profile := results.get("profile"):
        f["profile"] = abs(sum(p["seconds"] for p in profile["parts"]) / profile["seconds"] - 1)
    return f


def ours(compare):
    return [c["rate"] for c in compare["cellvi"]]


def theirs(compare):
    return [s["train_cells_per_s"] for s in compare["scvi"]]


def their_embed(compare):
    return [s["cells"] / s["embed_s"] for s in compare["scvi"]]


def peak(large):
    return max(s["peak"] for s in large["stages"].values())


def target_table(got, quick):
    """One row a target, and whether every floor is met that was measured."""
    rows, met = [], True
    for name, t in TARGETS.items():
        limits = [t.limit(t.floor), t.limit(t.stretch)]
        if name not in got:
            rows.append([t.what, "not measured", *limits, ""])
            continue
        verdict = t.verdict(got[name])
        met &= verdict != MISSED
        rows.append([t.what, f"**{t.shown(got[name])}**", *limits, "small data" if quick else verdict])
    return table(["what", "measured", "floor", "stretch", "reached"], rows), met


def compare_part(c, about):
    """Both programs round by round."""
    rows = []
    for i, (own, embed) in enumerate(zip(c["cellvi"], c["embed"])):
        row = [str(i + 1), f"{own['rate']:,.0f}", f"{own['loop']:,.0f}", f"{own['peak'] / 1e6:,.0f}", number(own["elbo"]), f"{embed:,.0f}"]
        if c["scvi"]:
            s = c["scvi"][i]
            row += [f"{s['train_cells_per_s']:,.0f}", f"{s['peak_rss_mb'] * 1.048576:,.0f}", number(s["validation_elbo"]), f"{s['cells'] / s['embed_s']:,.0f}",
                    f"{own['rate'] / s['train_cells_per_s']:.1f}×"]
        rows.append(row)
    head = ["round", "cellvi: training cells/s", "in the epochs", "peak MB", "held-out ELBO", "embed cells/s"]
    head += ["scvi-tools: training cells/s", "peak MB", "held-out ELBO", "embed cells/s", "training, ratio"] if c["scvi"] else []
    theirs_text = "scvi-tools' are over its train call, without validation. The cells held out are the same: checked by name." if c["scvi"] else \
        f"scvi-tools is left out: {about['no_scvi']}."
    return f"""## Training and embed, {c['cells']:,} cells × {c['genes']:,} genes, {about['epochs']} epochs

In alternation, {about['threads']} threads, minibatch 128, KL weight rising over {about['epochs']} epochs. cellvi's training cells/s are over the whole stage
by run.json: reading the store, validation every epoch, writing and hashing included ("in the epochs": training and
validation alone). {theirs_text}
The ELBO is a loss per held-out cell at KL weight 1. cellvi's embed is the median of five runs of the stage, reading and
writing included, the store in the page cache; scvi-tools' is get_latent_representation on data in memory.

{table(head, rows)}
"""


def number(value):
    return "—" if value is None else f"{value:.2f}"


def large_part(title, g):
    rows = [[name, f"{s['seconds']:,.1f}", f"{s['wall']:,.1f}", f"{s['peak'] / 1e6:,.0f}"] for name, s in g["stages"].items()]
    rows.append(["all", f"{sum(s['seconds'] for s in g['stages'].values()):,.1f}", f"{sum(s['wall'] for s in g['stages'].values()):,.1f}", f"{peak(g) / 1e6:,.0f}"])
    return f"""## {title}: {g['cells']:,} cells × {g['genes']:,} genes, {g['epochs']} epoch{'s' if g['epochs'] > 1 else ''}{', ' + ' '.join(g['options']) if g['options'] else ''}

Store of {g['bytes'] / 1e6:,.0f} MB, in the page cache. Training: {g['train']['rate']:,.0f} cells/s over the stage, {g['train']['loop']:,.0f} in the epochs;
embed: {g['embed_rate']:,.0f} cells/s; report.html: {g['report_bytes'] / 1e6:.2f} MB. Seconds by run.json; wall is the command's, with the
hashing of its inputs.

{table(["stage", "seconds", "wall", "peak MB"], rows)}
"""


def ingest_part(g):
    rows = [[k, f"{v['mb_s']:,.0f}", f"{v['cells_s']:,.0f}", f"{v['busy']:.2f}", f"{v['peak'] / 1e6:,.0f}"] for k, v in g.items() if isinstance(v, dict)]
    return f"""## Ingest: {g['cells']:,} cells × {g['genes']:,} genes, gzip h5ad of {g['file'] / 1e6:,.0f} MB

MB/s are of uncompressed counts, 8 bytes each as in the file. "One core" is pinned to it, HDF5's process included.

{table(["", "MB/s", "cells/s", "cores busy", "peak MB (largest process)"], rows)}
"""


def profile_part(p):
    rows = [[x["name"], f"{x['seconds']:.3f}", f"{x['seconds'] / p['seconds']:.1%}", f"{x['seconds'] / p['cells'] * 1e6:.2f}"] for x in p["parts"]]
    total = sum(x["seconds"] for x in p["parts"])
    rows.append(["**sum**", f"{total:.3f}", f"{total / p['seconds']:.1%}", f"{total / p['cells'] * 1e6:.2f}"])
    return f"""## Profile of the steps (cellvi train --profile)

{p['steps']:,} steps, {p['cells']:,} cells, {p['seconds']:.3f} s.

{table(["part", "seconds", "of the steps' time", "µs per cell"], rows)}
"""


def measured_on():
    """The machine, its memory and its system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{machine()}, {memory / 1e9:.0f} GB, {platform.system()} {platform.release()}"


def page(results, about):
    """The page, and whether every floor that was measured is met."""
    got = figures(results)
    targets, met = target_table(got, about["quick"])
    load = ", ".join(f"{x:.2f}" for x in about["load"])
    parts = []
    if "compare" in results:
        parts.append(compare_part(results["compare"], about))
    if one := results.get("one"):
        parts.append(f"## One core\n\n{', '.join(f'{r:,.0f}' for r in one['rates'])} cells/s in the steps, as --profile times them; "
                     f"{', '.join(f'{r:,.0f}' for r in one['stages'])} over the stage, with validation every epoch. Pinned to one core, --threads 1.\n")
    for name, title in [("million", "A million cells"), ("wide", "Many genes"), ("huge", "Five million cells")]:
        if name in results:
            parts.append(large_part(title, results[name]))
    if "ingest" in results:
        parts.append(ingest_part(results["ingest"]))
    if "profile" in results:
        parts.append(profile_part(results["profile"]))
    if start := results.get("start"):
        parts.append(f"## Start\n\n`cellvi --version`: {start['seconds'] * 1e3:.1f} ms, the median of 20; the program has {start['bytes'] / 1e6:.1f} MB.\n")
    drawn = table(["command", "seconds", "peak MB"], [[f"`{d['command']}`", f"{d['seconds']:.1f}" if "seconds" in d else "", f"{d['peak'] / 1e6:,.0f}" if "peak" in d else ""]
                                                     for d in about["data"]])
    commands = "\n".join(f"    {c}" for c in dict.fromkeys(c for r in results.values() for c in r.get("commands", [])))
    loads = ", ".join(f"{name} {r['load']:.2f} ({r['made']})" for name, r in results.items())
    text = f"""# Speed, {about['date']}{" (--quick: small data, no verdict)" if about["quick"] else ""}

cellvi {about['version']} (SHA-256 {about['hash']}), {about['threads']} threads{'; ' + about['scvi'] if about['scvi'] else ''}.
{about['machine']}. Load average at the start: {load}; before each part: {loads}.
Made by `make bench`; how: bench/README.md.

{targets}

{chr(10).join(parts)}
## Commands

{commands}

## Data

{drawn}
"""
    return text, met
