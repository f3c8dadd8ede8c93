#!/usr/bin/env bash
# Takes pictures of a report by a headless Chromium: light and dark, narrow and wide, and the printed page.
# usage: shots.sh REPORT.html OUTDIR [NAME]
# Writes OUTDIR/NAME-{light,dark}-{360,800,1400}.png and NAME-print.pdf, and exits 1 where texts
# overlap or something is wider than the window. CHROMIUM names the program (default: chromium).
set -euo pipefail

page=${1:?usage: shots.sh REPORT.html OUTDIR [NAME]}
out=${2:?usage: shots.sh REPORT.html OUTDIR [NAME]}
name=${3:-report}
browser=${CHROMIUM:-chromium}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# chromium runs the browser in a profile of its own.
chromium() {
	timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" "$@" 2>>"$work/log"
}

fail=0
python3 "$here/shots.py" "$page" "$work/checked.html"
for width in 360 800 1400; do
	# A frame as wide as the picture: Chromium's own window has a least width.
	python3 "$here/shots.py" --frame "$width" "$work/checked.html" "$work/frame.html"
	chromium --window-size=1500,900 --virtual-time-budget=20000 --allow-file-access-from-files --dump-dom "file://$work/frame.html" >"$work/dom.html" ||
		{ cat "$work/log" >&2; exit 1; }
	python3 "$here/shots.py" --said "$width" "$work/dom.html" || fail=1
	height=$(sed -n 's/.*data-height="\([0-9]*\)".*/\1/p' "$work/dom.html" | head -1)
	for style in light dark; do
		scheme=$([ "$style" = dark ] && echo 0 || echo 1)
		python3 "$here/shots.py" --frame "$width" --height "$height" "$page" "$work/shot.html"
		chromium --blink-settings="preferredColorScheme=$scheme" --window-size="$width,$height" --virtual-time-budget=5000 \
			--allow-file-access-from-files --screenshot="$out/$name-$style-$width.png" "file://$work/shot.html" >/dev/null
	done
done
chromium --no-pdf-header-footer --virtual-time-budget=5000 --print-to-pdf="$out/$name-print.pdf" "file://$(realpath "$page")" >/dev/null
echo "$name: pictures in $out"
exit "$fail"
