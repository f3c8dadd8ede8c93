#!/usr/bin/env bash
# Runs workflows/ in real engines, Nextflow and Snakemake in two versions each, and compares the bytes of what they make.
# usage: test-workflows.sh [--results FILE]      FILE: a page with what was compared and how long it took
#
# What it needs beside Java 17 and Python 3 the two scripts install; see there for what they read.
set -euo pipefail
cd "$(dirname "$0")/.."

page=
while [ $# -gt 0 ]; do
	case $1 in
	--results) page=${2:?--results needs a file}; shift 2 ;;
	*) echo "usage: test-workflows.sh [--results FILE]" >&2; exit 64 ;;
	esac
done

results=bench/.cache/workflows
rm -rf "$results"
began=$SECONDS
scripts/test-nextflow.sh "$results"
scripts/test-snakemake.sh "$results"
python3 bench/workflows.py "$results" $((SECONDS - began)) $page
