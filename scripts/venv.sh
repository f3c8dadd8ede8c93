#!/bin/sh
# Makes a Python of the packages that a list has, and prints its path.
# usage: venv.sh [LIST FOLDER]
#
# Without arguments it is the Python that the tests compare with, in .venv-test, of
# testdata/requirements.txt; CELLVI_PYTHON names another that has these packages:
# then that one is printed and nothing is made.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -eq 0 ]; then
	if [ -n "${CELLVI_PYTHON:-}" ]; then
		echo "$CELLVI_PYTHON"
		exit 0
	fi
	set -- "$root/testdata/requirements.txt" "$root/.venv-test"
fi

wanted=$1
venv=$2
if ! cmp -s "$wanted" "$venv/installed.txt"; then
	python3 -c 'import ensurepip' 2>/dev/null || "$root/scripts/setup.sh" python3-venv >&2
	rm -rf "$venv"
	python3 -m venv "$venv" >&2
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted" >&2
	cp "$wanted" "$venv/installed.txt"
fi
echo "$venv/bin/python"
