#!/usr/bin/env bash
# Builds the container image and holds it to what workflow engines ask of one.
# usage: test-image.sh [--results FILE]      FILE: a page with the sizes and what was checked
#
# With a Docker engine it builds as `make image` does, from a registry's images.
# Without one it takes buildah, podman and runc, which it installs from Debian, and
# makes the two images that the Dockerfile starts from itself: of Debian's packages
# (slimmed as bookworm-slim is) and this machine's Go. It needs root then. What it
# keeps for the next time lies in CELLVI_IMAGE_CACHE (/var/tmp/cellvi-image).
# CELLVI_DEBIAN_MIRROR names another mirror than mmdebstrap's own default.
#
# One line is printed for each check; the first that fails ends it.
set -euo pipefail
cd "$(dirname "$0")/.."

results=
while [ $# -gt 0 ]; do
	case $1 in
	--results) results=${2:?--results needs a file}; shift 2 ;;
	*) echo "usage: test-image.sh [--results FILE]" >&2; exit 64 ;;
	esac
done

cache=${CELLVI_IMAGE_CACHE:-/var/tmp/cellvi-image}
image=cellvi:test
shared=${CELLVI_SHARED:-../shared}
most_bytes=150000000    # as it lies on a disk
most_compressed=60000000 # as it is pulled
began=$(date +%s)
work=$(mktemp -d)
names=cellvi-test-$$
lines=()

# said prints a check that passed, and keeps it for the page.
said() {
	printf 'ok   %s\n' "$*"
	lines+=("$*")
}
# note prints what is no check of cellvi's.
note() {
	printf '     %s\n' "$*"
	lines+=("$*")
}
fail() {
	printf 'FAIL %s\n' "$*" >&2
	exit 1
}
# step says what takes a while.
step() { printf '== %s\n' "$*"; }

tidy() {
	engine rm -f "$names" >/dev/null 2>&1 || true
	rm -rf "$work"
}

# engine is docker or podman; CNI, which this does without, is not news.
engine() {
	if [ "$kind" = docker ]; then
		docker "$@"
	else
		podman --log-level error "$@"
	fi
}

# sandbox runs the image with nothing but what the arguments give it.
sandbox() {
	engine run --rm --network none --read-only "${no_tmpfs[@]}" --cap-drop ALL --security-opt no-new-privileges "$@"
}

quiet() { "$@" 2> >(grep -v 'CNI config' >&2); }

# ---- the image ------------------------------------------------------------

prepare_podman() {
	scripts/setup.sh buildah podman runc mmdebstrap
	mkdir -p "$cache/mod" "$cache/go-build"
	cat >"$cache/containers.conf" <<-CONF
		[containers]
		default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
		netns = "host"
		[engine]
		cgroup_manager = "cgroupfs"
		runtime = "runc"
		events_logger = "file"
	CONF
	cat >"$cache/storage.conf" <<-CONF
		[storage]
		driver = "overlay"
		graphroot = "$cache/storage"
		runroot = "$cache/run"
	CONF
	export CONTAINERS_CONF=$cache/containers.conf CONTAINERS_STORAGE_CONF=$cache/storage.conf BUILDAH_ISOLATION=chroot
	# each build of a changed tree leaves its layers
	if [ "$(du -sxm "$cache/storage" 2>/dev/null | cut -f1)" -gt 8000 ] 2>/dev/null; then
		step "the kept images have grown over 8 GB: beginning anew"
		quiet buildah rmi -a -f >/dev/null
	fi
}

# base_debian makes an image of Debian as bookworm-slim is one: minbase without
# documentation, manuals and translations.
base_debian() {
	local name=$1 container leave_out=() folder
	quiet buildah inspect --type image "$name" >/dev/null 2>&1 && return
	step "Debian's image, of its packages"
	if [ ! -s "$cache/debian.tar" ]; then
		for folder in man info doc locale lintian groff linda; do
			leave_out+=(--dpkgopt="path-exclude=/usr/share/$folder/*")
		done
		mmdebstrap -q --variant=minbase --include=usr-is-merged --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
			"${leave_out[@]}" --dpkgopt='path-include=/usr/share/doc/*/copyright' \
			bookworm "$cache/debian.tar.part" ${CELLVI_DEBIAN_MIRROR:+"$CELLVI_DEBIAN_MIRROR"} >"$cache/debian.log" 2>&1 ||
			{ tail -20 "$cache/debian.log" >&2; fail "mmdebstrap could not make Debian's image"; }
		mv "$cache/debian.tar.part" "$cache/debian.tar"
	fi
	container=$(quiet buildah from scratch)
	quiet buildah add -q "$container" "$cache/debian.tar" / >/dev/null
	quiet buildah config --env "$path" --cmd bash "$container"
	quiet buildah commit -q --rm "$container" "$name" >/dev/null
}

# base_go makes an image as golang's is: Debian, a C compiler, this machine's Go,
# and the certificates that this machine trusts.
base_go() {
	local name=$1 debian=$2 certificates=/etc/ssl/certs/ca-certificates.crt container
	quiet buildah inspect --type image "$name" >/dev/null 2>&1 && return
	step "Go's image, of this machine's Go"
	container=$(quiet buildah from --pull-never "$debian")
	quiet buildah run "$container" -- sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends ca-certificates gcc libc6-dev pkg-config' >"$cache/go.log" 2>&1 ||
		{ tail -20 "$cache/go.log" >&2; fail "Go's image could not be made"; }
	quiet buildah add -q "$container" "$(go env GOROOT)" /usr/local/go >/dev/null
	[ ! -s $certificates ] || quiet buildah add -q "$container" $certificates $certificates >/dev/null
	quiet buildah config --env "$path:/usr/local/go/bin:/go/bin" --env GOPATH=/go --env GOTOOLCHAIN=local --workingdir /go "$container"
	quiet buildah commit -q --rm "$container" "$name" >/dev/null
}

build_image() {
	local go_version
	step "the image"
	if [ "$kind" = docker ]; then
		docker build -t "$image" .
		return
	fi
	path=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	go_version=$(go env GOVERSION | sed -E 's/^go([0-9]+\.[0-9]+).*/\1/')
	base_debian docker.io/library/debian:bookworm-slim
	base_go "docker.io/library/golang:$go_version-bookworm" docker.io/library/debian:bookworm-slim
	quiet buildah build --pull-never --layers -q --build-arg GO_VERSION="$go_version" \
		-v "$cache/mod:/go/pkg/mod" -v "$cache/go-build:/go/cache" -t "$image" . >"$cache/build.log" 2>&1 ||
		{ tail -40 "$cache/build.log" >&2; fail "the image could not be built"; }
}

# ---- the checks -----------------------------------------------------------

megabytes() { awk -v n="$1" 'BEGIN { printf "%.1f MB", n / 1e6 }'; }

check_size() {
	local size compressed binary
	size=$(engine image inspect "$image" --format '{{.Size}}')
	compressed=$(engine save "$image" | gzip -6 | wc -c)
	binary=$(engine run --rm --network none "$image" stat -c %s /usr/local/bin/cellvi)
	[ "$size" -le $most_bytes ] || fail "the image has $size bytes, uncompressed: more than $most_bytes"
	[ "$compressed" -le $most_compressed ] || fail "the image has $compressed bytes, compressed: more than $most_compressed"
	said "size: $size bytes ($(megabytes "$size")) uncompressed, of them cellvi $binary ($(megabytes "$binary")); $compressed bytes ($(megabytes "$compressed")) compressed by gzip, as it is pulled"
}

check_config() {
	local entry user version label
	entry=$(engine image inspect "$image" --format '{{len .Config.Entrypoint}}')
	user=$(engine image inspect "$image" --format '{{.Config.User}}')
	[ "$entry" = 0 ] || fail "the image has an ENTRYPOINT: workflow engines would run cellvi on their script"
	[ -z "$user" ] || fail "the image has USER $user: workflow engines' folders belong to others"
	version=$(sandbox "$image" bash -c 'cellvi --version')
	label=$(engine image inspect "$image" --format '{{index .Config.Labels "org.opencontainers.image.version"}}')
	[ "$version" = "$(bin_version)" ] && [ "$version" = "$label" ] ||
		fail "versions differ: the image's cellvi $version, its label $label, the tree's $(bin_version)"
	for name in title description licenses; do
		[ -n "$(engine image inspect "$image" --format "{{index .Config.Labels \"org.opencontainers.image.$name\"}}")" ] ||
			fail "the label org.opencontainers.image.$name is missing"
	done
	said "no ENTRYPOINT, no USER; bash -c 'cellvi --version' says $version, as the label does; title, description and licences are labelled"
}

bin_version() { "$work/cellvi" --version; }

# The commands are those of the scripts that Nextflow, Snakemake and nf-core's
# modules wrap a task in.
check_userland() {
	# expanded in the container
	# shellcheck disable=SC2016
	sandbox "$image" bash -euc '
		for c in awk basename bash cat chmod cp cut date df dirname du env find flock free grep gzip head hostname id ln ls \
			md5sum mkdir mkfifo mktemp mv nproc ps pwd readlink realpath rm rmdir sed seq sh sha256sum sleep sort split stat tail tar \
			tee timeout touch tr uname uniq wc which xargs; do
			command -v "$c" >/dev/null || { echo "no $c"; exit 1; }
		done
		for f in /usr/bin/* /usr/sbin/* /usr/local/bin/*; do
			if ldd "$f" 2>/dev/null | grep "not found"; then echo "$f does not start"; exit 1; fi
		done
		ps -o pid= -o comm= >/dev/null' || fail "the image's commands are not whole"
	said "bash, ps and the other commands of task scripts are there, and no program misses a library"
}

check_licences() {
	local module n=0
	sandbox "$image" bash -c 'cd /usr/share/licenses/cellvi && find . -type f -size +0 | sort' >"$work/licences"
	for module in LICENSE OpenBLAS HDF5 libdeflate libaec zlib Go/LICENSE; do
		grep -qx "./$module" "$work/licences" || fail "/usr/share/licenses/cellvi/$module is missing"
	done
	while read -r module; do
		grep -qi "^./$module/[^/]*$" "$work/licences" || fail "no licence of $module in /usr/share/licenses/cellvi"
		n=$((n + 1))
	done < <(go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}' . | sort -u)
	said "the licences of OpenBLAS, HDF5, libdeflate, libaec, zlib, Go and $n Go modules are in /usr/share/licenses"
}

# sums lists the outputs' checksums. Durations are in report.html and run.json.
sums() { (cd "$1" && find . -type f ! -name run.json ! -name report.html -print0 | sort -z | xargs -0 sha256sum); }

# same holds the outputs in a folder to those of the host's binary. The briefs for
# MultiQC may name a run by its folder or its input's: both are data and results here.
same() {
	sums "$1" >"$work/got"
	sums "$2" >"$work/want"
	[ -s "$work/want" ] || fail "$2 is empty"
	diff "$work/want" "$work/got" >&2 || fail "$3: other bytes than the host's binary writes"
	for f in run.json report.html; do
		[ -s "$1/$f" ] || fail "$3: $f is missing"
	done
}

arguments=(--batch-key batch --labels-key label --max-epochs 6 --n-top-genes 200 --seed 3)

check_runs() {
	local user out
	mkdir -p "$work/data"
	chmod 777 "$work/data"
	sandbox --user 12345:6789 -v "$work/data:/data" "$image" cellvi simulate --output /data/cells.h5ad --gzip 4 --cells 1500 --genes 400 2>"$work/log" ||
		{ cat "$work/log" >&2; fail "cellvi simulate in the container"; }
	"$work/cellvi" simulate --output "$work/host.h5ad" --gzip 4 --cells 1500 --genes 400 2>/dev/null
	cmp "$work/data/cells.h5ad" "$work/host.h5ad" >&2 || fail "cellvi simulate: other bytes than the host's binary writes"
	said "cellvi simulate writes the same .h5ad as the host's binary"
	"$work/cellvi" run --input "$work/data/cells.h5ad" --outdir "$work/host/results" "${arguments[@]}" 2>/dev/null
	for user in 0:0 12345:6789; do
		out=$work/out-${user%:*}
		mkdir "$out"
		chmod 777 "$out"
		sandbox --user "$user" -v "$work/data:/data:ro" -v "$out:/out" "$image" env -u HOME \
			cellvi run --input /data/cells.h5ad --outdir /out/results "${arguments[@]}" 2>"$work/log" ||
			{ cat "$work/log" >&2; fail "cellvi run as $user"; }
		same "$out/results" "$work/host/results" "cellvi run as $user"
		[ "$(stat -c %u:%g "$out/results/latent.parquet")" = "$user" ] || fail "the outputs are not $user's"
		[ "$(ls -A "$out")" = results ] || fail "cellvi run as $user left $(ls -A "$out") in the output's folder"
		said "cellvi run as $user: no network, capabilities, new privileges, HOME, /tmp or TMPDIR; root and input read-only; $(wc -l <"$work/want") files, the same bytes as the host's binary"
	done
}

# The writable root shows what would have been written.
check_writes() {
	local changed
	mkdir "$work/out-w"
	engine run --name "$names" --network none -v "$work/data:/data:ro" -v "$work/out-w:/out" "$image" \
		cellvi run --input /data/cells.h5ad --outdir /out/results "${arguments[@]}" 2>/dev/null
	changed=$(engine diff "$names" | grep -vE '^[AC] /(data|out|run|run/secrets|etc|dev|proc|sys|etc/mtab|etc/(hosts|hostname|resolv.conf)|run/.containerenv)$' || true)
	engine rm -f "$names" >/dev/null
	[ -z "$changed" ] || fail "cellvi run wrote outside its folder: $changed"
	said "with a root that can be written, cellvi run writes nothing outside its output folder"
}

check_pbmc() {
	local file=$shared/data/pbmc_700.h5ad
	if [ ! -s "$file" ]; then
		note "left out: $file is not there"
		return
	fi
	mkdir "$work/out-p"
	chmod 777 "$work/out-p"
	"$work/cellvi" run --input "$file" --outdir "$work/host-p/results" --labels-key bulk_labels --max-epochs 4 2>/dev/null
	sandbox --user 12345:6789 -v "$(realpath "$file"):/data/pbmc_700.h5ad:ro" -v "$work/out-p:/out" "$image" \
		cellvi run --input /data/pbmc_700.h5ad --outdir /out/results --labels-key bulk_labels --max-epochs 4 2>/dev/null ||
		fail "cellvi run on pbmc_700.h5ad"
	same "$work/out-p/results" "$work/host-p/results" "cellvi run on pbmc_700.h5ad"
	said "cellvi run on pbmc_700.h5ad: the same bytes as the host's binary"
}

# A task's script, as Nextflow calls it: in the task's folder, by bash -ue, what it
# writes beside it.
check_script() {
	mkdir "$work/task"
	chmod 777 "$work/task"
	cp "$work/data/cells.h5ad" "$work/task/"
	cat >"$work/task/.command.sh" <<-'SCRIPT'
		#!/bin/bash -ue
		started=$(date +%s%3N)
		cellvi run --input cells.h5ad --outdir results --batch-key batch --max-epochs 1 2> >(tee .command.err >&2)
		ps -e -o pid= -o ppid= -o comm= | awk '$3 == "bash" { n++ } END { exit !n }'
		cat <<-END > versions.yml
		"CELLVI":
		    cellvi: $(cellvi --version)
		END
		echo "$(($(date +%s%3N) - started)) ms" >.command.trace
	SCRIPT
	sandbox -i --user 12345:6789 -v "$work/task:$work/task" -w "$work/task" "$image" /bin/bash -ue "$work/task/.command.sh" >"$work/log" 2>&1 ||
		{ cat "$work/log" >&2; fail "a task's script"; }
	[ -s "$work/task/results/latent.parquet" ] && grep -q "cellvi: $(bin_version)" "$work/task/versions.yml" && [ -s "$work/task/.command.trace" ] ||
		fail "a task's script did not leave what it should"
	if sandbox --user 12345:6789 "$image" /bin/bash -uec 'cellvi run --input /nowhere.h5ad --outdir /out' 2>/dev/null; then
		fail "a task's script that fails exits 0"
	elif [ $? -ne 66 ]; then
		fail "a task's script that fails loses cellvi's exit code"
	fi
	said "a task's script, as Nextflow runs it (bash -ue .command.sh): outputs, versions.yml, exit code"
}

# cellvi is process 1 of its container, which no default action of a signal ends.
check_signal() {
	local code log='' until=$((SECONDS + 60))
	mkdir "$work/out-s"
	engine run -d --name "$names" --network none --read-only "${no_tmpfs[@]}" -v "$work/data:/data:ro" -v "$work/out-s:/out" "$image" \
		cellvi run --input /data/cells.h5ad --outdir /out/results --max-epochs 1000000 >/dev/null
	while [[ $log != *epoch=* ]]; do
		[ $SECONDS -lt $until ] || fail "cellvi told no epoch within 60 seconds: $log"
		sleep 0.5
		log=$(engine logs "$names" 2>&1)
	done
	engine kill -s TERM "$names" >/dev/null
	code=$(timeout 20 "${engine_command[@]}" wait "$names") || fail "cellvi as process 1 did not end within 20 seconds of SIGTERM"
	engine rm -f "$names" >/dev/null
	[ "$code" = 75 ] || fail "cellvi as process 1 exits $code on SIGTERM: it must be 75"
	[ -n "$(find "$work/out-s/results" -name 'checkpoint*')" ] || fail "SIGTERM left no checkpoint"
	said "SIGTERM to the container, where cellvi is process 1: exit code 75, the checkpoint is kept"
}

# limited tells how many threads and megabytes cellvi works with under limits.
limited() {
	sandbox --user 12345:6789 -v "$work/data:/data:ro" -v "$work/out-l:/out" "$@" "$image" \
		cellvi run --force --input /data/cells.h5ad --outdir /out/results "${arguments[@]}" 2>"$work/log" ||
		{ cat "$work/log" >&2; fail "cellvi run with $*"; }
	same "$work/out-l/results" "$work/host/results" "cellvi run with $*"
	sed -nE 's/.* ([0-9]+) threads?, a memory budget of ([0-9]+) MB.*/\1 \2/p' "$work/log"
}

check_limits() {
	local cores said_so
	cores=$(nproc)
	mkdir "$work/out-l"
	chmod 777 "$work/out-l"
	if ! sandbox --memory 300m --cpus 1 "$image" true 2>"$work/log"; then
		note "left out: this machine gives containers no limits ($(tail -1 "$work/log"))"
		return
	fi
	[ "$(limited --memory 300m --cpus 1)" = "1 235" ] || fail "--memory 300m --cpus 1: cellvi works with $(limited --memory 300m --cpus 1), not 1 thread and 235 MB"
	[ "$(limited --memory 300m --cpus 0.5)" = "1 235" ] || fail "--cpus 0.5: not 1 thread"
	if [ "$cores" -ge 2 ]; then
		said_so=$(limited --memory 3g --cpus 1.5)
		[ "$said_so" = "2 1000" ] || fail "--memory 3g --cpus 1.5: cellvi works with $said_so, not 2 threads and 1000 MB"
		said_so=$(limited --cpuset-cpus 0)
		[ "${said_so% *}" = 1 ] || fail "--cpuset-cpus 0: cellvi works with $said_so, not 1 thread"
	fi
	said "limits: --cpus 1 and 0.5 give 1 thread, 1.5 two, --cpuset-cpus one; --memory 300m a budget of 235 MB, which a whole run keeps to; the same bytes"
}

# ---- the page -------------------------------------------------------------

page() {
	local from line
	from="Built and run by docker, from a registry's images."
	[ "$kind" = docker ] || from="Built by buildah and run by podman with runc. No registry is asked: Debian's base image is made of its packages by mmdebstrap, \
without documentation and translations as bookworm-slim is, and Go's of the machine's Go. The sizes are therefore those of this base, not of the registry's."
	{
		echo "# The container image, $(date +%F)"
		echo
		echo "Reproduce: \`make test-image\`. It took $(($(date +%s) - began)) seconds here (the first time longer: bases and packages are kept)."
		echo
		echo "Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, Linux $(uname -r), $(go env GOVERSION). cellvi $(bin_version)."
		echo
		echo "$from"
		echo
		echo "Targets: 150 MB, better 60 MB. Uncompressed the image keeps to the first, compressed to the second."
		echo
		for line in "${lines[@]}"; do echo "- $line"; done
		echo
		echo "What takes the room, uncompressed:"
		echo
		echo "| folder | MB |"
		echo "|---|--:|"
		sandbox "$image" bash -c 'cd / && du -xb --max-depth=0 usr/local/bin/cellvi usr/lib usr/bin usr/sbin usr/share var etc | sort -rn' |
			awk '{ printf "| /%s | %.1f |\n", $2, $1 / 1e6 }'
	} >"$results"
	echo "== $results"
}

# ---- the order of things --------------------------------------------------

kind=podman
if command -v docker >/dev/null && timeout 10 docker info >/dev/null 2>&1; then
	kind=docker
fi
no_tmpfs=()
engine_command=(docker)
if [ "$kind" = podman ]; then
	no_tmpfs=(--read-only-tmpfs=false) # podman gives a read-only root a /tmp, docker does not
	engine_command=(podman --log-level error)
	prepare_podman
else
	scripts/setup.sh
fi
trap tidy EXIT
build_image
step "the host's binary, of the same tree"
go build -trimpath -buildvcs=false -ldflags "-s -w" -o "$work/cellvi" .
step "checks"
check_size
check_config
check_userland
check_licences
check_runs
check_pbmc
check_writes
check_script
check_signal
check_limits
[ -z "$results" ] || page
echo "== the image passed: $(($(date +%s) - began)) seconds"
