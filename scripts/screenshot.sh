#!/usr/bin/env bash
# Takes the pictures in docs/ from a real run: a search without its limit, which
# a check on memory catches.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-out/screenshot}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
	echo "no Chromium: scripts/setup-browser.sh installs one" >&2
	exit 4
}
bin/holdfast run search/popular-term search/every-class search/overload --without search.sql-limit --profile bench --seed 42 --out "$out" || [ $? = 1 ]
shoot() { # name, width, height
	"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 --window-size="$2,$3" \
		--screenshot="docs/$1.png" "file://$(realpath "$out")/report.html" 2>/dev/null
}
shoot report 1280 1800
echo docs/report.png
