"""What the script needs of its Python, and how it says that something is not as it should be."""
import importlib.metadata
import sys

TESTED = "1.4.2"  # cellvi's tests run with this one; they passed with 1.2.2 and 1.3.3 too


class Refusal(Exception):
    """Something for the user, in one line: the input is at fault."""

    cause = "input"


class Unfit(Refusal):
    """The Python is at fault."""

    cause = "python"


def lacks(package):
    return Unfit(f"Python {sys.version.split()[0]} at {sys.executable} has no {package}: install scvi-tools there ({TESTED} is tested, 1.2 and later known to do), "
                 "or name another Python with --python or CELLVI_PYTHON")


def package_version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def release(version):
    """The first two numbers of a version."""
    parts = version.split(".")
    return tuple(int(p) if p.isdigit() else 0 for p in parts[:2])


def one_line(e):
    return " ".join(str(e).split())[:300]
