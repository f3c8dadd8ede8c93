#!/bin/sh
# Formatting and vet.
# usage: lint.sh
set -eu
cd "$(dirname "$0")/.."
go=${GO:-go}

unformatted=$(find . -name '*.go' -not -path './.*' -exec "$("$go" env GOROOT)/bin/gofmt" -l {} +)
if [ -n "$unformatted" ]; then
	echo "these files are not as gofmt writes them; run gofmt -w on them:" >&2
	echo "$unformatted" >&2
	exit 1
fi
"$go" vet ./...
