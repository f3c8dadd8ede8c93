#!/usr/bin/env python3
"""Runs a component's tests as viash would, where there is no viash.

usage: harness.py config.vsh.yaml

Holds the config to the fields that viash documents, makes of it an executable
that parses arguments and sets par_* and meta_* for the script, and runs the
test resources with it. Several values become an array, as of viash 0.10, and
once more a text with ";" between, as before.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

# The fields of viash 0.9's configuration that a component may have.
COMPONENT = {
    *("name", "namespace", "label", "summary", "description", "version", "license"),
    *("authors", "keywords", "links", "references", "info", "status", "usage"),
    *("requirements", "scope", "argument_groups", "arguments", "dependencies"),
    *("repositories", "resources", "test_resources", "engines", "runners"),
}
ARGUMENT = {
    *("name", "type", "alternatives", "label", "summary", "description", "info"),
    *("example", "default", "required", "multiple", "multiple_sep", "direction"),
}
OF_TYPE = {
    "file": {"must_exist", "create_parent"},
    "string": {"choices"},
    "integer": {"choices", "min", "max"},
    "double": {"min", "max"},
    "boolean": set(),
    "boolean_true": set(),
    "boolean_false": set(),
}
VALUES = {"integer": int, "double": (int, float), "boolean": bool}


def check(ok, text):
    """Ends with a line of text where something is not as viash has it."""
    if not ok:
        sys.exit(f"{sys.argv[1]}: {text}")


def check_argument(arg, seen):
    """Holds an argument to what viash documents of its type."""
    name = arg.get("name", "")
    check(name.startswith("--") and name not in seen, f"argument {name}: bad name")
    check(arg.get("type") in OF_TYPE, f"{name}: unknown type {arg.get('type')}")
    unknown = set(arg) - ARGUMENT - OF_TYPE[arg["type"]]
    check(not unknown, f"{name}: unknown fields {unknown}")
    check(not (arg.get("required") and "default" in arg), f"{name}: required, default")
    wanted = VALUES.get(arg["type"], str)
    for field in ("default", "min", "max"):
        value = arg.get(field)
        check(
            value is None or isinstance(value, wanted),
            f"{name}: {field} {value} is no {arg['type']}",
        )
    if "choices" in arg and "default" in arg:
        check(arg["default"] in arg["choices"], f"{name}: the default is no choice")


def arguments(config):
    """All arguments by name, checked."""
    args = {}
    for group in config["argument_groups"]:
        check(set(group) <= {"name", "description", "arguments", "label"}, "a group")
        for arg in group["arguments"]:
            check_argument(arg, args)
            args[arg["name"]] = arg
    return args


def check_config(config, folder):
    """Holds the rest of the config to what viash documents."""
    check(not set(config) - COMPONENT, f"unknown: {set(config) - COMPONENT}")
    for kind in ("resources", "test_resources"):
        for r in config[kind]:
            check(set(r) <= {"type", "path", "text", "dest", "is_executable"}, r)
            check((folder / r["path"]).is_file(), f"{r['path']} is missing")
    check(config["resources"][0]["type"].endswith("_script"), "the first resource")
    for engine in config["engines"]:
        check(engine["type"] in ("docker", "native"), f"engine {engine}")
    for runner in config["runners"]:
        check(runner["type"] in ("executable", "nextflow"), f"runner {runner}")


PARSER = r"""#!/usr/bin/env python3
import os, shlex, subprocess, sys
ARGS, SCRIPT, FOLDER, ARRAYS = {args!r}, {script!r}, {folder!r}, {arrays!r}
long = {{n: a for a in ARGS.values() for n in [a["name"], *a.get("alternatives", [])]}}
values = {{}}
for a in ARGS.values():
    if a["type"] in ("boolean_true", "boolean_false"):
        values[a["name"]] = [str(a["type"] == "boolean_false").lower()]
    elif a.get("default") is not None:
        values[a["name"]] = [str(a["default"]).lower() if isinstance(a["default"], bool) else str(a["default"])]
words = sys.argv[1:]
given = set()
while words:
    name, has, value = words.pop(0).partition("=")
    if name not in long:
        sys.exit(f"[error] {{name}} is not a valid parameter.")
    a = long[name]
    name = a["name"]
    if a["type"] in ("boolean_true", "boolean_false"):
        values[name] = [str(a["type"] == "boolean_true").lower()]
        continue
    value = value if has else words.pop(0)
    if a.get("choices") and value not in a["choices"]:
        sys.exit(f"[error] {{name}} specified value of {{value}} is not in the list of allowed values.")
    if name in given and not a.get("multiple"):
        sys.exit(f"[error] Bad arguments for option {{name}}")
    new = value.split(";") if a.get("multiple") else [value]
    values[name] = values[name] + new if name in given else new
    given.add(name)
for a in ARGS.values():
    if a.get("required") and a["name"] not in values:
        sys.exit(f"[error] {{a['name']}} is a required argument.")
    if a["type"] == "file" and a.get("direction") != "output" and not os.path.exists(values[a["name"]][0]):
        sys.exit(f"[error] Input file {{values[a['name']][0]}} does not exist.")
lines = [f"meta_name=cellvi", "meta_resources_dir=" + shlex.quote(FOLDER), "meta_temp_dir=/tmp"]
for a in ARGS.values():
    if a["name"] in values:
        v = values[a["name"]]
        if a.get("multiple") and ARRAYS:
            text = "(" + " ".join(map(shlex.quote, v)) + ")"
        else:
            text = shlex.quote(";".join(v))
        lines.append("par_" + a["name"].lstrip("-") + "=" + text)
lines.append(SCRIPT)
sys.exit(subprocess.run(["bash", "-c", "\n".join(lines)]).returncode)
"""


def without_placeholder(script):
    """The script without what stands between VIASH START and VIASH END."""
    before, _, rest = script.partition("## VIASH START\n")
    return before + rest.partition("## VIASH END\n")[2]


def main():
    path = Path(sys.argv[1]).resolve()
    config = yaml.safe_load(path.read_text())
    check_config(config, path.parent)
    args = arguments(config)
    script = without_placeholder(
        (path.parent / config["resources"][0]["path"]).read_text()
    )
    with tempfile.TemporaryDirectory() as folder:
        for arrays in (True, False):
            program = Path(folder) / config["name"]
            program.write_text(
                PARSER.format(args=args, script=script, folder=folder, arrays=arrays)
            )
            program.chmod(0o755)
            for r in config["test_resources"]:
                test = without_placeholder((path.parent / r["path"]).read_text())
                test = f"meta_executable={program}\n{test}"
                code = subprocess.run(["bash", "-c", test]).returncode
                check(code == 0, f"{r['path']}: exit code {code}")


if __name__ == "__main__":
    main()
