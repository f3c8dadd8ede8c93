"""Turns a model of cellvi into a folder that scvi-tools loads, and a model that scvi-tools saved into one of cellvi.

usage: bridge.py export|import REQUEST.json ANSWER.json

cellvi runs it (cellvi export, cellvi import) with the Python of --python, which needs what scvi-tools itself needs and
nothing else. It can be run by hand too. REQUEST.json says what to read and where to write:

  export  {"threads", "out": folder, "tensors": model.safetensors, "model": {cellvi's configuration}, "genes": [name],
           "batch": C, "labels": C, "categorical": [C], "continuous": [key], "size_factor": key or "",
           "layer": name or "", "history": {name: [number or null]}, "cells": number or 0,
           "train": [row] or null, "validation": [row] or null}
          C is {"key": obs column or "", "levels": [text], "kind": "string", "integer", "float" or "boolean"}
  import  {"threads", "file": model.pt, "tensors": model.safetensors to write}

ANSWER.json holds {"error": line, "cause": "python", "input" or "failure"} or the result, and in both cases
{"notes": [line], "versions": {package: version}}.
The result of an import has the same names as the request of an export.
"""
import json
import sys
import traceback

from bridge_needs import TESTED, Refusal, lacks, one_line, package_version


def main():
    command, path = sys.argv[1], sys.argv[3]
    with open(sys.argv[2], encoding="utf-8") as f:
        request = json.load(f)
    versions = {p: package_version(p) for p in ("scvi-tools", "torch", "anndata", "numpy", "pandas")}
    answer = {"notes": [], "versions": {"python": sys.version.split()[0], **{p: v for p, v in versions.items() if v}}}
    try:
        work(command)(request, answer)
    except Refusal as e:
        answer["error"], answer["cause"] = str(e), e.cause
    except Exception as e:
        traceback.print_exc()
        answer["cause"] = "failure"
        answer["error"] = f"scvi-tools {versions['scvi-tools']} failed ({type(e).__name__}: {one_line(e)}); cellvi is tested with {TESTED}"
    with open(path, "w", encoding="utf-8") as f:
        json.dump(answer, f)


def work(command):
    """The function that does the command; its packages are imported here, where their want can be told."""
    try:
        import numpy  # noqa: F401 (the modules below need it)
    except ImportError as e:
        raise lacks("numpy") from e
    if command == "export":
        from bridge_to import export

        return export
    from bridge_from import import_

    return import_


if __name__ == "__main__":
    main()
