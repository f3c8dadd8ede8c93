#!/usr/bin/env bash
# Runs MultiQC over two runs of cellvi, as strictly as MultiQC can be, and looks for both in its report.
# usage: test-multiqc.sh
#
# CELLVI names the program (default bin/cellvi). MultiQC is installed under
# bench/.cache, in the version that workflows/snakemake/test/multiqc.txt has.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
cellvi=$(realpath "${CELLVI:-bin/cellvi}")

fail() {
	echo "test-multiqc: $1" >&2
	exit 1
}

python=$("$root/scripts/venv.sh" "$root/workflows/snakemake/test/multiqc.txt" "$root/bench/.cache/venv-multiqc")
multiqc=${python%/python}/multiqc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Titles of the kind that MultiQC cuts: it takes "_counts" and all after it for a file's ending.
for title in "First run" "pbmc_counts"; do
	"$cellvi" simulate --cells 500 --genes 80 --seed "${#title}" --output cells.h5ad 2>log || fail "$(cat log)"
	"$cellvi" run --input cells.h5ad --batch-key batch --labels-key label --max-epochs 5 --no-reconstruct \
		--outdir "runs/${title// /_}" --title "$title" 2>log || fail "$(cat log)"
done

"$multiqc" . --strict --outdir report >log 2>&1 || fail "multiqc --strict: $(cat log)"
grep -q "MultiQC complete" log || fail "$(cat log)"
if grep -v "Strict mode" log | grep -iE "warning|unrecognized|error"; then
	fail "MultiQC warned"
fi
[ -s report/multiqc_report.html ] || fail "there is no report"

# Every file of ours is a section, and every section has both runs.
python3 - "$work" <<'END'
import json, pathlib, sys

work = pathlib.Path(sys.argv[1])
data = json.loads((work / "report/multiqc_data/multiqc_data.json").read_text())
html = (work / "report/multiqc_report.html").read_text()
ids = set()
for file in work.glob("runs/*/*_mqc.json"):
    section = json.loads(file.read_text())
    if section.get("plot_type") != "generalstats":
        ids.add(section["id"])
if not ids:
    sys.exit("test-multiqc: no run has a *_mqc.json with a section")
for section in sorted(ids):
    if section not in html:
        sys.exit(f"test-multiqc: the report has no section {section}")
raw = json.dumps(data.get("report_saved_raw_data", {}))
for run in ("First run", "pbmc"):
    if run not in raw:
        sys.exit(f"test-multiqc: the run {run} is missing from the report's data")
print("sections:", ", ".join(sorted(ids)))
END
lines() { cut -f 1 report/multiqc_data/multiqc_cellvi*elbo*.txt | grep -c "$1" || true; }
[ "$(lines 'First run')" -eq "$(lines pbmc)" ] || fail "curves of a run were merged: $(head -50 report/multiqc_data/multiqc_cellvi*elbo*.txt)"
echo "multiqc: passed"
