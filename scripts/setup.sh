#!/bin/sh
# Installs the system packages that building cellvi needs, those that are missing.
# usage: setup.sh [PACKAGE...]      further packages to have, such as python3-venv
#
# With everything there it does nothing and needs no rights. It knows Debian and
# Ubuntu; elsewhere it tries to compile against the libraries and says what is
# missing.
set -eu

packages="gcc libc6-dev pkg-config libhdf5-dev libdeflate-dev libopenblas-dev $*"

missing() {
	for package in $packages; do
		dpkg -s "$package" 2>/dev/null | grep -q '^Status: .* installed$' || printf '%s ' "$package"
	done
}

# compiles tells whether a C program finds both libraries, by the flags that
# the cgo files have.
compiles() {
	dir=$(mktemp -d)
	printf '#include <hdf5.h>\n#include <libdeflate.h>\nvoid openblas_set_num_threads(int);\nint main(void) { openblas_set_num_threads(1); return H5open() < 0 || !libdeflate_alloc_decompressor(); }\n' >"$dir/try.c"
	# CGO_CFLAGS and CGO_LDFLAGS hold several words each
	# shellcheck disable=SC2086
	if "${CC:-gcc}" ${CGO_CFLAGS:-} -I/usr/local/include "$dir/try.c" -o "$dir/try" ${CGO_LDFLAGS:-} -L/usr/local/lib -lhdf5 -lhdf5_hl -ldeflate -lopenblas 2>"$dir/said"; then
		rm -r "$dir"
		return 0
	fi
	cat "$dir/said" >&2
	rm -r "$dir"
	return 1
}

if ! command -v dpkg >/dev/null 2>&1; then
	if compiles; then
		exit 0
	fi
	echo "setup: cellvi is built with gcc, the C headers of HDF5, libdeflate and OpenBLAS, and pkg-config." >&2
	echo "setup: this system is not Debian or Ubuntu: install them its way; where they lie in unusual folders, name these in CGO_CFLAGS and CGO_LDFLAGS." >&2
	exit 1
fi

wanted=$(missing)
if [ -z "$wanted" ]; then
	exit 0
fi

become=""
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "setup: these packages are missing, and installing them needs root. As root, run:" >&2
		echo "    apt-get update && apt-get install -y --no-install-recommends $wanted" >&2
		exit 1
	fi
	become="sudo"
fi

echo "setup: installing $wanted"
$become apt-get -o DPkg::Lock::Timeout=300 update -qq
# $wanted is several words
# shellcheck disable=SC2086
$become env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
	install -y -qq --no-install-recommends $wanted </dev/null

still=$(missing)
if [ -n "$still" ]; then
	echo "setup: still missing after the installation: $still" >&2
	exit 1
fi
