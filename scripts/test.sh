#!/bin/sh
# The whole test suite.
# usage: test.sh      after make build
#
# CELLVI_PYTHON_TESTS says what becomes of the tests that read cellvi's files
# with pandas, polars, pyarrow and anndata: auto (the default) leaves them out,
# saying so, where no Python for them can be made; required fails then; no
# leaves them out.
set -eu
cd "$(dirname "$0")/.."
go=${GO:-go}

step() { printf '\n== %s\n' "$*"; }

# python finds or makes the Python of the tests.
python() {
	if [ -z "${CELLVI_PYTHON:-}" ] && command -v dpkg >/dev/null 2>&1; then
		scripts/setup.sh python3 python3-venv >&2 || return 1
	fi
	scripts/venv.sh
}

step "formatting and vet"
scripts/lint.sh

step "Python to compare with"
if [ "${CELLVI_PYTHON_TESTS:-auto}" = no ]; then
	echo "left out: CELLVI_PYTHON_TESTS=no"
elif found=$(python); then
	export CELLVI_PYTHON="$found"
	echo "$CELLVI_PYTHON"
elif [ "${CELLVI_PYTHON_TESTS:-auto}" = required ]; then
	echo "no Python with the packages of testdata/requirements.txt" >&2
	exit 1
else
	echo "LEFT OUT: no Python with the packages of testdata/requirements.txt could be made; the tests that need it are skipped"
fi

step "go test ./..."
"$go" test ./...

step "without cgo: no HDF5, no OpenBLAS"
CGO_ENABLED=0 "$go" build ./...
CGO_ENABLED=0 "$go" test ./model/... ./pipeline/...

if [ -n "${CELLVI_PYTHON:-}" ]; then
	step "the demo's outputs in Python"
	scripts/test-python.sh
fi

step "make test: everything passed"
