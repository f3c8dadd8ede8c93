"""What the pages of results are made of."""
import os
import platform
from pathlib import Path


def machine():
    """The processor's name and how many cores this process may use."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {len(os.sched_getaffinity(0))} cores"


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def table(head, rows):
    """Markdown; head and rows are of text."""
    line = "| " + " | ".join(head) + " |"
    return "\n".join([line, "|" + "---|" * len(head)] + ["| " + " | ".join(r) + " |" for r in rows])
