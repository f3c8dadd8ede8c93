#!/usr/bin/env bash
# Runs workflows/snakemake and workflows/viash: Snakemake 9 and 7 over real counts, whole and scattered,
# killed and gone on, and the bytes of what they make.
# usage: test-snakemake.sh [FOLDER]     FOLDER gets snakemake.json (default bench/.cache/workflows)
#
# CELLVI names the program (default bin/cellvi); SNAKEMAKES chooses of "snakemake9 snakemake7" (default both);
# CELLVI_SHARED is the folder with data/kang_pbmc_8patients.h5ad (default ../shared; cells are simulated where it
# has none). Python packages go to bench/.cache, pinned by workflows/snakemake/test/*.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
flow=$root/workflows/snakemake
results=$(realpath -m "${1:-bench/.cache/workflows}")
kang=$(realpath -m "${CELLVI_SHARED:-../shared}")/data/kang_pbmc_8patients.h5ad
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$results" "$work/bin"
cp "${CELLVI:-bin/cellvi}" "$work/bin/cellvi"
export PATH=$work/bin:$PATH
export XDG_CACHE_HOME=$work/cache # Snakemake keeps sources there

passed() { echo "snakemake: passed: $1 ($((SECONDS - since)) s)"; since=$SECONDS; }
since=0

fail() {
	echo "test-snakemake: $1" >&2
	[ ! -f "${2:-}" ] || tail -n 40 "$2" >&2
	exit 1
}

# venv gives the folder of a Python environment of what a list has.
venv() { # name
	dirname "$(dirname "$("$root/scripts/venv.sh" "$flow/test/$1.txt" "$root/bench/.cache/venv-$1")")"
}

# patients makes a cells store of each patient, in the folders that nextflow's test makes too.
patients() {
	if [ -f "$kang" ]; then
		input=kang_pbmc_8patients
		file=$kang
		key=sample_id
		levels="101 107 1015 1016 1039 1244 1256 1488"
	else
		echo "snakemake: $kang is missing: cells are simulated"
		input=simulated
		file=$work/simulated.h5ad
		key=batch
		levels="batch_0 batch_1 batch_2"
		cellvi simulate --cells 3000 --genes 600 --output "$file" 2>log || fail "simulate" log
	fi
	for level in $levels; do
		cellvi ingest --input "$file" --keep "$key == \"$level\"" --outdir "kang/$level" 2>log || fail "ingest" log
	done
}

# config writes the configuration of a run.
config() { # outdir epochs key: value...
	cat <<-END
		inputs: [../kang/*/store]
		outdir: $1
		prepare: {batch_key: $key, n_top_genes: 500, train_size: 0.99}
		train: {max_epochs: $2, checkpoint_every: 1}
		threads: 2
	END
	printf '%s\n' "${@:3}"
}

# flows runs the workflow with a configuration.
flows() { # config flag...
	snakemake --snakefile "$flow/workflow/Snakefile" --configfile "$1" --cores 2 "${@:2}"
}

# sums lists the outputs whose bytes are promised, with their SHA-256.
sums() { # outdir
	(cd "$1" && shopt -s nullglob && find latent.parquet genes.parquet history.parquet check.* model reconstruction -type f \
		\( -name '*.parquet' -o -name 'model.*' -o -name check.json \) | LC_ALL=C sort | xargs sha256sum)
}

shows() { # what outdir
	grep -q "Can the posterior be trusted?" "$2/report.html" || fail "$1: the report does not show the check"
}

same_bytes() { # what outdir
	sums "$2" >"$2.sums"
	diff "$work/command.sums" "$2.sums" || fail "$1: bytes differ from those of cellvi run"
}

nothing() { # config
	flows "$1" >log 2>&1 || fail "second run" log
	grep -q "Nothing to be done" log || fail "a second run has something to do" log
}

# planned lists the rules that a dry run would run, several times once.
planned() { # config
	flows "$1" --dry-run --quiet rules >log 2>&1 || flows "$1" --dry-run >log 2>&1 || fail "dry run" log
	awk '/^job /{ on = 1; next } on && /^(total|$)/{ exit } on && !/^-/{ print $1 }' log | LC_ALL=C sort | tr '\n' ' '
}

lint() {
	snakemake --snakefile "$flow/workflow/Snakefile" --configfile whole.yaml --lint >log 2>&1 || fail "lint" log
	snakemake --snakefile "$flow/workflow/Snakefile" --configfile scattered.yaml --lint >log 2>&1 || fail "lint, scattered" log
}

wrappers() {
	local w
	rm -rf wrappers
	mkdir -p wrappers/master
	cp -r "$flow/bio" wrappers/master/bio
	for w in run ingest prepare train embed reconstruct gather check report query; do
		cd "$here/wrappers/master/bio/cellvi/$w/test"
		snakemake --lint >log 2>&1 || fail "wrapper $w: lint" log
		snakemake --cores 2 --wrapper-prefix "file://$here/wrappers/" >log 2>&1 || fail "wrapper $w" log
		[ -z "$(find . -name '.cellvi-*')" ] || fail "wrapper $w left a folder behind"
	done
	cd "$here"
}

# refined: posteriors fitted part by part, and the check of these, have the bytes of one process.
refined() {
	cellvi simulate --cells 400 --genes 60 --output few.h5ad 2>log || fail "simulate" log
	cellvi run --input few.h5ad --max-epochs 2 --seed 5 --refine diag --refine-max-steps 5 --check --no-reconstruct \
		--outdir few 2>log || fail "cellvi run" log
	cat >refined.yaml <<-END
		inputs: [few.h5ad]
		outdir: refined
		scatter: true
		parts: 2
		train: {max_epochs: 2}
		embed: {refine: diag, refine_max_steps: 5}
		seed: 5
		check: true
		reconstruction: false
	END
	flows refined.yaml >log 2>&1 || fail "refined" log
	for file in latent.parquet refined.parquet check.parquet check.json; do
		cmp "refined/$file" "few/$file" || fail "refined: the bytes of $file differ from those of cellvi run"
	done
}

# trainer prints the process of cellvi below a process.
trainer() { # pid
	local child
	for child in $(pgrep -P "$1"); do
		if [ "$(cat "/proc/$child/comm" 2>/dev/null)" = cellvi ]; then
			echo "$child"
		else
			trainer "$child"
		fi
	done
}

# until_checkpoint starts a run in a group of processes of its own and waits for it to have saved training.
until_checkpoint() { # config outdir
	setsid snakemake --snakefile "$flow/workflow/Snakefile" --configfile "$1" --cores 2 >killed.log 2>&1 &
	pid=$!
	for _ in $(seq 1200); do
		[ ! -f "$2/checkpoint/checkpoint.safetensors" ] || return 0
		kill -0 "$pid" 2>/dev/null || fail "ended before it was killed" killed.log
		sleep 0.05
	done
	fail "no checkpoint" killed.log
}

gone_on() { # outdir
	grep -q "going on from" "$1/logs/train.log" || fail "training began anew" "$1/logs/train.log"
	cmp "$1/model/model.safetensors" long_command/model/model.safetensors || fail "$1: the model's bytes differ"
	cmp "$1/history.parquet" long_command/history.parquet || fail "$1: the history's bytes differ"
	[ ! -e "$1/checkpoint" ] || fail "$1: the checkpoint is still there"
}

# interrupted: a SIGTERM to cellvi is exit code 75, and the retry goes on.
interrupted() {
	config terminated "$long" "scatter: true" "reconstruction: false" >terminated.yaml
	until_checkpoint terminated.yaml terminated
	kill -TERM "$(trainer "$pid")"
	wait "$pid" || fail "the retry failed" killed.log
	grep -q "exit status 75" killed.log || fail "75 did not reach Snakemake" killed.log
	gone_on terminated
}

# killed: all processes die, and leave no half outputs; the next run goes on, once unlocked.
killed() {
	config dead "$long" "scatter: true" "reconstruction: false" >dead.yaml
	until_checkpoint dead.yaml dead
	kill -KILL -- "-$pid"
	wait "$pid" 2>/dev/null || true
	flows dead.yaml --unlock >log 2>&1 || fail "unlock" log
	[ ! -e dead/model ] || fail "half a model was left"
	flows dead.yaml --rerun-incomplete >log 2>&1 || fail "the next run failed" log
	gone_on dead
}

exit_codes() {
	config refused 3 "scatter: true" "retries: 0" | sed "s/batch_key: $key/batch_key: no_such/" >refused.yaml
	if flows refused.yaml >log 2>&1; then fail "a column that is not there was not refused"; fi
	grep -q "exit status 65" log || fail "65 did not reach Snakemake" log
	[ ! -e refused/prepared ] || fail "a failed job left an output"
}

changes() {
	config scattered 4 "scatter: true" "check: true" "multiqc: true" >changed.yaml
	local rules
	rules=$(planned changed.yaml)
	[ "$rules" = "all check embed gather_latent gather_reconstruction multiqc reconstruct report train " ] || fail "other epochs rerun: $rules"
	config scattered 3 "scatter: true" "check: true" "multiqc: true" "title: other" >changed.yaml
	rules=$(planned changed.yaml)
	[ "$rules" = "all multiqc report " ] || fail "another title reruns: $rules"
}

# with_version does it all with one Snakemake.
with_version() { # name
	local old=$PATH start
	PATH=$(venv "$1")/bin:$PATH
	version=$(snakemake --version)
	here=$work/$1
	mkdir "$here"
	cd "$here"
	config whole 3 "check: true" >whole.yaml
	config scattered 3 "scatter: true" "check: true" "multiqc: true" >scattered.yaml
	since=$SECONDS
	lint
	passed "$version: lint"
	start=$SECONDS
	flows whole.yaml >log 2>&1 || fail "whole" log
	whole=$((SECONDS - start))
	same_bytes "$version, whole" whole
	shows "$version, whole" whole
	nothing whole.yaml
	passed "$version: in one job; a second run does nothing"
	start=$SECONDS
	flows scattered.yaml >log 2>&1 || fail "scattered" log
	scattered=$((SECONDS - start))
	same_bytes "$version, scattered" scattered
	shows "$version, scattered" scattered
	[ -s scattered/multiqc.html ] || fail "there is no report of MultiQC"
	nothing scattered.yaml
	passed "$version: scattered, MultiQC; a second run does nothing"
	changes
	passed "$version: a changed option reruns what depends on it"
	if [ "$1" = snakemake9 ]; then
		refined
		passed "$version: posteriors refined in parts, and checked"
	fi
	exit_codes
	passed "$version: exit codes"
	ln -s "$work/long_command" long_command
	interrupted
	passed "$version: SIGTERM to cellvi, retried from the checkpoint"
	killed
	passed "$version: SIGKILL to all, --rerun-incomplete, from the checkpoint"
	wrappers
	passed "$version: the wrappers' own tests"
	cd "$work"
	PATH=$old
	versions="$versions $1:$version:$whole:$scattered"
}

# summary writes snakemake.json.
summary() {
	python3 - "$results/snakemake.json" "$input" "$(cellvi --version)" $versions <<-'END'
		import json, sys

		out, data, cellvi, *versions = sys.argv[1:]


		def sums(path):
		    rows = [line.split() for line in open(path)]
		    return {name: digest for digest, name in rows}


		entries = []
		for text in versions:
		    folder, version, run, scattered = text.split(":")
		    seconds = {"run": int(run), "scattered": int(scattered)}
		    entry = {"version": version, "seconds": seconds}
		    entry["run"] = sums(f"{folder}/whole.sums")
		    entry["scattered"] = sums(f"{folder}/scattered.sums")
		    entries.append(entry)
		made = {"engine": "snakemake", "input": data, "cellvi": cellvi}
		made["command"] = sums("command.sums")
		made["versions"] = entries
		with open(out, "w") as f:
		    json.dump(made, f, indent=2)
	END
	echo "snakemake: $results/snakemake.json"
}

echo "snakemake: installing Snakemake and MultiQC where missing"
nine=$(venv snakemake9)
venv snakemake7 >/dev/null
ln -s "$(venv multiqc)/bin/multiqc" "$work/bin/multiqc"
"$nine/bin/snakefmt" --check "$flow" 2>"$work/log" || fail "snakefmt" "$work/log"
"$nine/bin/black" --quiet --check "$flow/bio" "$root/workflows/viash" || fail "black would reformat wrappers"
passed "snakefmt, black"

cd "$work"
patients
stores=()
for store in kang/*/store; do stores+=(--input "$store"); done
options=(--batch-key "$key" --n-top-genes 500 --train-size 0.99 --threads 2 --seed 0)
long=40 # epochs, enough to be killed on the way
cellvi run "${stores[@]}" "${options[@]}" --max-epochs 3 --check --outdir command 2>log || fail "cellvi run" log
cellvi run "${stores[@]}" "${options[@]}" --max-epochs $long --no-reconstruct --outdir long_command 2>log || fail "cellvi run" log
sums command >command.sums
passed "cellvi run, to compare with"

versions=""
for name in ${SNAKEMAKES:-snakemake9 snakemake7}; do
	with_version "$name"
done
summary

"$nine/bin/python" "$root/workflows/viash/harness.py" "$root/workflows/viash/cellvi/config.vsh.yaml" >log 2>&1 || fail "viash" log
passed "viash's component, in the harness"
"$root/scripts/test-multiqc.sh" >log 2>&1 || fail "multiqc" log
passed "MultiQC over two runs"
