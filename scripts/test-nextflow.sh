#!/usr/bin/env bash
# Runs workflows/nextflow: Nextflow 25.04.4 and 22.10.7 over real counts, whole and scattered, interrupted and gone on,
# and the bytes of what they make; then the tests of each module.
# usage: test-nextflow.sh [FOLDER]      FOLDER gets nextflow.json (default bench/.cache/workflows)
#
# CELLVI names the program (default bin/cellvi); CELLVI_SHARED the folder with data/kang_pbmc_8patients.h5ad (default
# ../shared; cells are simulated where it has none). Nextflow comes from Maven Central (nextflow-install.sh) and stays in
# bench/.cache. nf-test is on no package registry: workflows/nextflow/tests/nf_test.groovy runs its files instead, and
# does the linting, because `nextflow lint` needs a version of nf-lang that Maven Central does not have.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
flow=$root/workflows/nextflow
results=$(realpath -m "${1:-bench/.cache/workflows}")
kang=$(realpath -m "${CELLVI_SHARED:-../shared}")/data/kang_pbmc_8patients.h5ad
versions="25.04.4 22.10.7"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$results" "$work/bin"
cp "${CELLVI:-bin/cellvi}" "$work/bin/cellvi"
export PATH=$work/bin:$PATH
command -v ps >/dev/null || scripts/setup.sh procps # Nextflow's trace asks for it
for version in $versions; do
	scripts/nextflow-install.sh "bench/.cache/nextflow-$version" "$version"
done
cd "$work"

since=$SECONDS
passed() {
	echo "nextflow${version:+ $version}: passed: $1 ($((SECONDS - since)) s)"
	took=$((SECONDS - since))
	since=$SECONDS
}

fail() {
	echo "test-nextflow: ${version:-} $1" >&2
	[ ! -f "${2:-}" ] || tail -n 40 "$2" >&2
	exit 1
}

# patients makes a cells store of each patient, in the folders that snakemake's test makes too.
patients() {
	local file key levels level
	if [ -f "$kang" ]; then
		input=kang_pbmc_8patients file=$kang key=sample_id levels="101 107 1015 1016 1039 1244 1256 1488"
	else
		echo "nextflow: $kang is missing: cells are simulated"
		input=simulated file=$work/simulated.h5ad key=batch levels="batch_0 batch_1 batch_2"
		cellvi simulate --cells 3000 --genes 600 --output "$file" 2>log || fail "simulate" log
	fi
	for level in $levels; do
		cellvi ingest --input "$file" --keep "$key == \"$level\"" --outdir "kang/$level" 2>log || fail "ingest" log
	done
	batch_key=$key
}

# command runs cellvi itself over the same stores.
command_line() { # outdir epochs flag...
	local inputs=() path
	for path in $(printf '%s\n' kang/*/store | LC_ALL=C sort); do inputs+=(--input "$path"); done
	cellvi run "${inputs[@]}" --batch-key "$batch_key" --n-top-genes 500 --max-epochs "$2" --threads 2 --outdir "$1" "${@:3}" 2>log ||
		fail "cellvi run" log
	sums "$1" >"$1.sums"
}

# sums lists the outputs whose bytes are promised, with their SHA-256.
sums() { # outdir
	(cd "$1" && shopt -s nullglob && find latent.parquet genes.parquet history.parquet check.* model reconstruction -type f \
		\( -name '*.parquet' -o -name 'model.*' -o -name check.json \) | LC_ALL=C sort | xargs sha256sum)
}

same_bytes() { # what outdir expected
	sums "$2" >"$2.sums"
	diff "$3.sums" "$2.sums" || fail "$1: bytes differ from those of cellvi run"
	if [ -d "$2/store" ]; then
		diff -r "$3/store" "$2/store" && diff -r "$3/prepared" "$2/prepared" ||
			fail "$1: store or prepared differ from those of cellvi run"
	fi
}

nextflow() { "$root/bench/.cache/nextflow-$version/nextflow" "$@"; }

# flows runs the workflow over the stores in a folder of its own; what it says goes to NAME.log.
flows() { # name flag...
	local name=$1
	shift
	nextflow -log "$name.nextflow.log" run "$flow" --input "$work/kang/*" --batch_key "$batch_key" --n_top_genes 500 \
		-work-dir "work-${name%%.*}" -with-trace "$name.trace" --outdir "$name" "$@" >"$name.log" 2>&1
}

quiet() { # what name
	! grep -E '^(WARN|ERROR)' "$2.log" || fail "$1: warnings" "$2.log"
}

# statuses are those of a trace's tasks, each once.
statuses() { awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "status") at = i; next } { print $at }' "$1" | sort | uniq -c | xargs; }

# What whole and scattered runs have beside: a check, of few cells, for it takes its time.
checked=(--check --train_size 0.99)

shows() { # what outdir
	grep -q "Can the posterior be trusted?" "$2/report.html" || fail "$1: the report does not show the check"
}

whole() {
	flows run --max_epochs 3 "${checked[@]}" --save_store || fail "unscattered run" run.log
	quiet "unscattered run" run
	same_bytes "unscattered run" run "$work/command"
	shows "unscattered run" run
	[ "$(statuses run.trace)" = "1 COMPLETED" ] || fail "unscattered run: trace" run.trace
	passed "unscattered: the bytes of cellvi run"
	seconds_run=$took
	flows run.again --max_epochs 3 "${checked[@]}" --save_store --outdir run -resume || fail "-resume" run.again.log
	[ "$(statuses run.again.trace)" = "1 CACHED" ] || fail "-resume ran something again" run.again.trace
	passed "unscattered, -resume: every task cached"
}

scattered() {
	local tasks backwards
	flows scattered --max_epochs 3 "${checked[@]}" --save_store --scatter --parts 5 || fail "scattered run" scattered.log
	quiet "scattered run" scattered
	same_bytes "scattered run" scattered "$work/command"
	shows "scattered run" scattered
	tasks=$(statuses scattered.trace)
	[ "$tasks" = "$(($(ls "$work/kang" | wc -l) + 16)) COMPLETED" ] || fail "scattered run: tasks: $tasks" scattered.trace
	passed "scattered: the bytes of cellvi run ($tasks)"
	seconds_scattered=$took
	backwards=$(printf '%s\n' "$work"/kang/* | LC_ALL=C sort -r | paste -sd,)
	flows scattered.again --max_epochs 3 "${checked[@]}" --save_store --scatter --parts 5 --outdir scattered --input "$backwards" -resume ||
		fail "-resume" scattered.again.log
	[ "$(statuses scattered.again.trace)" = "${tasks% *} CACHED" ] || fail "-resume ran something again" scattered.again.trace
	passed "scattered, -resume, inputs named backwards: every task cached"
	flows stub --max_epochs 3 --check --scatter --parts 2 --save_store -stub || fail "stub run" stub.log
	quiet "stub run" stub
	for path in latent.parquet reconstruction model/model.json history.parquet genes.parquet check.json report.html store prepared; do
		[ -e "stub/$path" ] || fail "stub run: no $path"
	done
	passed "stub run of the scattered workflow"
}

# interrupting puts a cellvi before the real one that is sent a signal, once, when it has saved its state.
interrupting() { # signal checkpoints
	mkdir -p "wrapped-$1"
	cat >"wrapped-$1/cellvi" <<-END
		#!/usr/bin/env bash
		if [ "\$1" != run ] || [ -e "$PWD/wrapped-$1/done" ]; then exec "$work/bin/cellvi" "\$@"; fi
		touch "$PWD/wrapped-$1/done"
		"$work/bin/cellvi" "\$@" & child=\$!
		until [ -e "$PWD/$2/checkpoint.safetensors" ] || ! kill -0 \$child 2>/dev/null; do sleep 0.02; done
		kill -$1 \$child
		wait \$child
	END
	chmod +x "wrapped-$1/cellvi"
}

interrupted() { # signal exit-code
	local name=interrupted-$1
	interrupting "$1" "checkpoints-$1"
	PATH=$PWD/wrapped-$1:$PATH flows "$name" --max_epochs 12 --checkpoint_dir "checkpoints-$1" \
		--cellvi_args='--checkpoint-every 0.05' || fail "interrupted by $1" "$name.log"
	grep -q "exit status ($2) -- Execution is retried" "$name.log" || fail "interrupted by $1: not retried after $2" "$name.log"
	same_bytes "interrupted by $1" "$name" "$work/longer"
	grep -rqs "going on from" "work-$name" --include=.command.log || fail "interrupted by $1: trained from the start" "$name.log"
	passed "SIG$1 while training: exit $2, retried, gone on from the checkpoint, the bytes of cellvi run"
}

refused() {
	mkdir -p a b
	ln -sf "$root/testdata/h5ad/latest.h5ad" a/counts.h5ad
	ln -sf "$root/testdata/h5ad/latest.h5ad" b/counts.h5ad
	! flows alike --input 'a/counts.h5ad,b/counts.h5ad' || fail "inputs of the same name are not refused"
	grep -q "several inputs have the same name" alike.log || fail "inputs of the same name" alike.log
	! flows missing --input 'nowhere.h5ad' || fail "a missing input is not refused"
	! flows bad --input "$root/testdata/h5ad/oddities.h5ad" || fail "an input that cannot be read is not refused"
	grep -q "exit status (65)" bad.log || fail "bad input: not exit 65" bad.log
	! grep -q "is retried" bad.log || fail "bad input was tried again" bad.log
	passed "refused: inputs of the same name, missing, unreadable (exit 65, not tried again)"
}

budget() {
	flows budget --max_epochs 1 --n_top_genes 0 --memory 80MB --no_reconstruct || fail "over the budget" budget.log
	grep -q "exit status (137) -- Execution is retried" budget.log || fail "over the budget: not retried" budget.log
	grep -rq -- "--memory 167772160" work-budget --include=.command.sh || fail "over the budget: not with twice as much" budget.log
	passed "over the memory budget: exit 137, retried with twice as much"
}

# engine runs what is checked of one version, in a folder of its own.
engine() {
	mkdir "$work/$version"
	cd "$work/$version"
	whole
	scattered
	interrupted TERM 75
	interrupted KILL 137
	refused
	[ "$input" = simulated ] || budget
	cd "$work"
	cat >>versions.json <<-END
		    {
		      "version": "$version",
		      "seconds": {"run": $seconds_run, "scattered": $seconds_scattered},
		      "run": $(object "$version/run.sums"),
		      "scattered": $(object "$version/scattered.sums")
		    }$([ "$version" = "${versions##* }" ] || echo ,)
	END
}

# object turns lines of sha256sum into a JSON object.
object() { # file
	awk 'BEGIN { printf "{" } { printf "%s\"%s\": \"%s\"", (NR > 1 ? ", " : ""), $2, $1 } END { printf "}" }' "$1"
}

groovy() { java -XX:TieredStopAtLevel=1 -cp "$root/bench/.cache/nextflow-25.04.4/lib/*" groovy.ui.GroovyMain "$@"; }

patients
command_line command 3 "${checked[@]//_/-}"
command_line longer 12
for version in $versions; do
	engine
done
version=""
{
	echo "{"
	echo "  \"engine\": \"nextflow\", \"input\": \"$input\", \"cellvi\": \"$(cellvi --version)\","
	echo "  \"command\": $(object command.sums),"
	echo "  \"versions\": ["
	cat versions.json
	echo "  ]"
	echo "}"
} >"$results/nextflow.json"
python3 -m json.tool "$results/nextflow.json" >/dev/null || fail "nextflow.json is no JSON"
echo "nextflow: $results/nextflow.json"

find "$flow" \( -name '*.nf' -o -name '*.config' \) -print0 | xargs -0 java -cp "$root/bench/.cache/nextflow-25.04.4/lib/*" \
	groovy.ui.GroovyMain "$flow/tests/lint.groovy" || fail "lint"
passed "lint in the strict syntax of 25.04"

tests=$(find "$flow/modules" "$flow/subworkflows" -name '*.nf.test' | LC_ALL=C sort)
[ "$(wc -l <<<"$tests")" -eq "$(find "$flow/modules/cellvi" "$flow/subworkflows" -name main.nf | wc -l)" ] || fail "a module has no test"
# file names without spaces
# shellcheck disable=SC2086
groovy "$flow/tests/nf_test.groovy" "$root/bench/.cache/nextflow-25.04.4/nextflow" "$root/testdata/" "$work/modules" \
	$tests || fail "module tests"
passed "tests of modules and subworkflows, 25.04.4"
