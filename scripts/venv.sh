#!/bin/sh
# Makes the Python that the tests compare with, in .venv-test, and prints its path.
# usage: venv.sh
#
# CELLVI_PYTHON names another Python that has the packages of
# testdata/requirements.txt; then that one is printed and nothing is made.
set -eu
cd "$(dirname "$0")/.."

if [ -n "${CELLVI_PYTHON:-}" ]; then
	echo "$CELLVI_PYTHON"
	exit 0
fi

venv="$PWD/.venv-test"
wanted=testdata/requirements.txt
if ! cmp -s "$wanted" "$venv/installed.txt"; then
	rm -rf "$venv"
	python3 -m venv "$venv" >&2
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted" >&2
	cp "$wanted" "$venv/installed.txt"
fi
echo "$venv/bin/python"
